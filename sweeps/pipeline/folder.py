"""The finished epochs of a run, in its folder."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.files import read_json, write_json

if TYPE_CHECKING:
    from cae.training import Epoch


def append_history(folder: Path, epoch: Epoch) -> None:
    """Adds a finished epoch and the time in milliseconds to `history.json`, in place of the same epoch before."""
    row = asdict(epoch) | {"timestamp": int(time.time() * 1000)}
    write_json(folder / "history.json", [*(r for r in read_history(folder) if r["epoch"] < epoch.epoch), row])


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The finished epochs in order."""
    return list(read_json(folder / "history.json") or [])
