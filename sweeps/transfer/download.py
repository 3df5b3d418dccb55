"""Face grids out of MLflow, under names a person can read."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.files import atomic_write, read_json, write_json
from sweeps.finished.lookup import find_run
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load
from sweeps.tracking import artifacts
from sweeps.transfer.filters import best, keeping, parse_where
from sweeps.transfer.names import as_folder, folder_names

# Which run each folder's pictures come from, and which they are; what is being fetched, moved into place when whole.
MANIFEST, SCRATCH = ".faces.json", ".fetching"


@dataclass(frozen=True)
class Fetched:
    """One run's grids. pictures: all of them, 0 where its artifacts are gone; new: how many were not there yet."""

    folder: Path
    pictures: int
    new: int


# --- which runs --------------------------------------------------------------------------------------------------


def chosen(file_or_run: str, where: Sequence[str] = (), top: int | None = None) -> dict[str, str]:
    """Folder name to run id: the finished runs of a sweep file that keep all of `where`, the `top` best of those; or
    one run by its id or hash.

    A run has the same name whichever others are chosen. Raises SweepError where there is none.
    """
    path = Path(file_or_run)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return of_sweep(load(path), where, top)
    if where or top:
        raise SweepError(f"{file_or_run}: --where and --top choose among the runs of a sweep file; this is one run")
    run_id, name, sweep = find_run(file_or_run)
    return {folder_names(tracking.records(sweep).values()).get(run_id, as_folder(name)): run_id}


def of_sweep(sweep: Sweep, where: Sequence[str] = (), top: int | None = None) -> dict[str, str]:
    """The same of the finished runs of a sweep. Raises SweepError."""
    records = tracking.records(sweep.name)
    if where or top:
        records = tracking.with_all_metrics(records, sweep.metrics)
    finished = [record for record in records.values() if record.status == "FINISHED"]
    if not finished:
        start = f"cae run {shlex.quote(str(sweep.file))}"
        raise SweepError(f"{sweep.file}: no run of {sweep.name} is finished in {workspace.uri()}; start: {start}")
    metrics = {name for record in finished for name in record.metrics}
    picked = keeping(finished, [parse_where(text, metrics) for text in where])
    if not picked:
        raise SweepError(f"{sweep.file}: none of the {len(finished)} finished runs keeps --where {' and '.join(where)}")
    names = folder_names(records.values())
    taken = best(picked, sweep.metric[0], top, sweep.constraints) if top else picked
    return {names[record.run_id]: record.run_id for record in taken}


# --- into a folder -----------------------------------------------------------------------------------------------


def download(runs: Mapping[str, str], folder: Path) -> Iterator[Fetched]:
    """Brings the grids of each run (folder name to run id) into its sub-folder of `folder`.

    What is there and whole is not fetched again; a picture appears under its name when it is whole. Raises SweepError.
    """
    _make(folder)
    for name, run_id in runs.items():
        known = read_json(folder / MANIFEST) or {}
        _rename(folder, known, run_id, name)
        sizes = {path.removeprefix("faces/"): size for path, size in artifacts.listing(run_id, "faces").items()}
        new = _missing(folder / name, sizes, known.get(name, {}), run_id)
        if new:
            _remove(folder / name, known.get(name, {}), run_id)
            _fetch(run_id, folder, name)
        write_json(folder / MANIFEST, known | {name: {"run_id": run_id, "pictures": sizes}})
        yield Fetched(folder / name, len(sizes), new)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)  # of a download that was killed
    except OSError as error:
        raise SweepError(f"--out {folder}: cannot be written: {error.strerror}") from None


def _rename(folder: Path, known: dict[str, Any], run_id: str, name: str) -> None:
    """Gives a run's folder its present name: it grows when runs are added that differ in more."""
    old = next((old for old, entry in known.items() if entry["run_id"] == run_id and old != name), None)
    if old is not None and (folder / old).is_dir() and not (folder / name).exists():
        (folder / old).rename(folder / name)
        known[name] = known.pop(old)


def _missing(target: Path, sizes: Mapping[str, int], entry: Mapping[str, Any], run_id: str) -> int:
    """How many of the pictures are not there, not whole or of another run."""
    if entry.get("run_id") != run_id:
        return len(sizes)
    return sum(not (target / name).is_file() or (target / name).stat().st_size != n for name, n in sizes.items())


def _remove(target: Path, entry: Mapping[str, Any], run_id: str) -> None:
    """Removes what was fetched of another run, for example one that has been deleted since."""
    if entry.get("run_id") not in (None, run_id):
        for name in entry["pictures"]:
            (target / name).unlink(missing_ok=True)


def _fetch(run_id: str, folder: Path, name: str) -> None:
    scratch, target = folder / SCRATCH, folder / name
    scratch.mkdir()
    try:
        fetched = artifacts.fetch(run_id, "faces", scratch)
        for picture in sorted(path for path in fetched.rglob("*") if path.is_file()):
            place = target / picture.relative_to(fetched)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(picture, place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# --- into one file -----------------------------------------------------------------------------------------------


def download_zip(runs: Mapping[str, str], folder: Path | None, path: Path) -> Iterator[Fetched]:
    """As `download`, into a temporary folder where there is none, and then all of it into the zip file `path`."""
    with tempfile.TemporaryDirectory(prefix="cae-faces-") as scratch:
        place = folder or Path(scratch)
        fetched: list[Path] = []
        for run in download(runs, place):
            fetched.append(run.folder)
            yield run
        known = read_json(place / MANIFEST)
        _zip(path, {f"{f.name}/{picture}": f / picture for f in fetched for picture in known[f.name]["pictures"]})


def _zip(path: Path, members: Mapping[str, Path]) -> None:
    try:
        with atomic_write(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:  # PNG files do not shrink
            for name, source in members.items():
                archive.write(source, name)
    except OSError as error:
        raise SweepError(f"--zip {path}: cannot be written: {error.strerror}") from None
