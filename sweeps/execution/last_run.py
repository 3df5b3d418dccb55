"""How a sweep was last launched, so that `cae status` asks about just that."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from sweeps import workspace
from sweeps.files import read_json, write_json


@dataclass(frozen=True)
class LastRun:
    """The --set words and the --storage of a launch."""

    overrides: tuple[str, ...] = ()
    storage: str | None = None

    def told(self) -> str:
        """The words as a user types them; empty where there are none."""
        words = [word for text in self.overrides for word in ("--set", text)]
        return shlex.join([*words, *(("--storage", self.storage) if self.storage else ())])


def remember(sweep: str, overrides: Sequence[str], storage: str | None) -> None:
    """Keeps the words of a launch. A database URL with a password is not written to disk. Raises TrackingError."""
    from sweeps.locks.database import parsed

    kept = storage if storage and parsed(storage).password is None else None
    write_json(workspace.home() / "sweeps" / f"{sweep}.json", {"set": list(overrides), "storage": kept})


def recall(sweep: str) -> LastRun:
    """The words of the last launch."""
    last = read_json(workspace.home() / "sweeps" / f"{sweep}.json") or {}
    return LastRun(tuple(last.get("set", [])), last.get("storage"))
