"""A sweep out of the record into one zip file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.execution import last_run
from sweeps.search.study_file import write_study
from sweeps.spec.sweep import Sweep
from sweeps.tracking import artifacts, run_file
from sweeps.tracking.errors import store_errors
from sweeps.tracking.run_file import Run, recorded
from sweeps.transfer import archive
from sweeps.transfer.archive import Manifest

CLOSED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class Content:
    """Runs of a sweep in order of their start: those that have ended, and the names of those that have not."""

    closed: list[Run]
    open: list[str]


@dataclass(frozen=True)
class Moved:
    """A run that is in the archive, or in the record, with so many files. gone: it trained a network and has none."""

    name: str
    status: str
    files: int
    gone: bool = False


def content(sweep: str) -> Content:
    """What there is to export of a sweep. Raises SweepError where no run has ended."""
    runs = recorded(sweep)
    closed = [run for run in runs if run.info.status in CLOSED]
    if not closed:
        raise SweepError(f"no run of {sweep} has ended in {workspace.uri()}; there is nothing to export")
    return Content(closed, [str(run.info.run_name) for run in runs if run.info.status not in CLOSED])


def export(sweep: Sweep, runs: list[Run], storage: str | None, path: Path) -> Iterator[Moved]:
    """Writes these runs of a sweep to `path`, one after the other; the file appears when all are in it.

    storage: Optuna's database, if not that of the last `cae run`. Raises SweepError, TrackingError.
    """
    last = last_run.recall(sweep.name)
    with store_errors(workspace.uri()):
        experiment = tracking.client().get_experiment_by_name(sweep.name)
    manifest = Manifest(
        sweep=sweep.name,
        description=experiment.tags.get("mlflow.note.content", ""),
        overrides=list(last.overrides),
        runs=[run_file.original_id(run) for run in runs],
    )
    with archive.written(path, manifest) as add:
        with tempfile.TemporaryDirectory(prefix="cae-export-") as scratch:
            written, study = Path(scratch) / archive.SWEEP_FILE, Path(scratch) / archive.STUDY
            written.write_bytes(sweep.text.encode())
            add(archive.SWEEP_FILE, written)
            if sweep.is_search and write_study(sweep.name, storage or last.storage, study):
                add(archive.STUDY, study)
        for run in runs:
            yield _add_run(run, add)


def _add_run(run: Run, add: archive.Add) -> Moved:
    with tempfile.TemporaryDirectory(prefix="cae-export-") as scratch:
        files = Path(scratch) / "artifacts"
        files.mkdir()
        with store_errors(workspace.uri()):
            described, original = run_file.read_whole(run), run_file.original_of(run)
        artifacts.fetch(original.info.run_id, "", files)
        record = Path(scratch) / "run.json"
        record.write_text(described.model_dump_json(), encoding="utf-8")
        folder = f"runs/{described.run_id}"
        add(f"{folder}/run.json", record)
        found = sorted(path for path in files.rglob("*") if path.is_file())
        for path in found:
            add(f"{folder}/artifacts/{path.relative_to(files).as_posix()}", path)
    gone = described.status == "FINISHED" and tracking.HASH in run.data.tags and not found
    return Moved(described.name, described.status, len(found), gone)
