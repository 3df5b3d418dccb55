"""What a folder to work in begins with: the sweep files of the experiments, and one with every key explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sweeps.files import atomic_write

# A file of that name: written because it was missing, written over another, the same already, or another and kept.
State = Literal["written", "replaced", "there", "kept"]


@dataclass(frozen=True)
class Started:
    """One file of a new folder, and what became of it."""

    path: Path
    state: State


def start(folder: Path, replace: bool = False) -> list[Started]:
    """Writes what is missing of `contents` into `folder`, and what differs where `replace` says so.

    Raises OSError where the folder cannot be made or written.
    """
    return [_placed(folder / name, content, replace) for name, content in contents()]


def contents() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file: experiments/README.md and the sweep files there, then sweep.yaml."""
    found = [file for file in files("sweeps").joinpath("experiments").iterdir() if file.is_file()]
    for file in sorted(found, key=lambda file: file.name):
        yield f"experiments/{file.name}", file.read_bytes()
    yield "sweep.yaml", files("sweeps.transfer").joinpath("sweep.yaml").read_bytes()


def _placed(path: Path, content: bytes, replace: bool) -> Started:
    before = path.read_bytes() if path.exists() else None
    if before == content:
        return Started(path, "there")
    if before is not None and not replace:
        return Started(path, "kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content)
    return Started(path, "written" if before is None else "replaced")
