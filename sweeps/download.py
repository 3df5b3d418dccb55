"""Face grids out of MLflow, under names a person can read."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from sweeps import tracking
from sweeps.definition import SweepError
from sweeps.stores import answering
from sweeps.sweepfile import load


def download_faces(file_or_run: str, folder: Path) -> dict[str, int]:
    """Number of pictures by sub-folder: the grids of every finished run of a sweep file, or of one run by its id.

    Files already there are replaced whole. Raises SweepError where there is nothing to download.
    """
    runs = _runs(file_or_run)
    shared = _shared_words([name for _, name in runs])
    counts: dict[str, int] = {}
    for run_id, name in runs:
        target = folder / readable_name(name, shared)
        if target.name in counts:
            target = target.with_name(f"{target.name}_{run_id[:6]}")
        counts[target.name] = _fetch(run_id, target)
    return counts


def _runs(file_or_run: str) -> list[tuple[str, str]]:
    """(run id, run name) of what was asked for."""
    path = Path(file_or_run)
    if path.suffix in (".yaml", ".yml") or path.exists():
        sweep = load(path)
        finished = [r for r in tracking.records(sweep.name).values() if r.status == "FINISHED"]
        if not finished:
            raise SweepError(f"{path}: no run of {sweep.name} is finished in {tracking.uri()}; start: cae run {path}")
        return [(record.run_id, record.name) for record in finished]
    return [(file_or_run, _name_of(file_or_run))]


def _name_of(run_id: str) -> str:
    run = tracking.find_run(run_id) if tracking.exists() else None
    if run is None:
        raise SweepError(f"{run_id}: neither a sweep file nor the id of a run in {tracking.uri()}")
    return str(run.info.run_name)


def _shared_words(names: list[str]) -> set[str]:
    return set.intersection(*[set(name.split()) for name in names]) if len(names) > 1 else set()


def readable_name(name: str, shared: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """A run's name as a folder: "activation=relu seed=0" -> "activation=relu_seed=0", without what all runs share."""
    words = [word for word in name.split() if word not in shared] or name.split()
    return re.sub(r"[^A-Za-z0-9=.\-]+", "_", "_".join(words)).strip("._") or "run"


def _fetch(run_id: str, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        with answering(tracking.uri()):
            found = Path(tracking.client().download_artifacts(run_id, "faces", dst_path=scratch))
        pictures = sorted(found.glob("*.png"))
        for picture in pictures:
            copy = Path(scratch) / f".{picture.name}"
            shutil.copyfile(picture, copy)
            os.replace(copy, target / picture.name)
    return len(pictures)
