"""Deletes a sweep for good: runs, artifacts, experiment, files in `mlruns`, and Optuna's study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from sweeps import tracking, workspace
from sweeps.cleanup.activity import activity, describe_run
from sweeps.cleanup.leftovers import is_needed, launch_keys, remove, remove_work, size, standing, trial_keys
from sweeps.errors import SweepError
from sweeps.locks.database import shown
from sweeps.search.study import count_trials, delete_study
from sweeps.spec.display import plural
from sweeps.tracking.adoption import forget
from sweeps.tracking.deletion import SweepRecord, adopters, delete_recorded, one_line, recorded_of, set_aside


@dataclass(frozen=True)
class SweepContents:
    """All that there is of a sweep.

    record: MLflow's part of it. keys: names of runs and trials in `mlruns/work`. paths: other files and folders.
    trials: number in Optuna's study, None where there is no study.
    """

    sweep: str
    record: SweepRecord
    keys: tuple[str, ...]
    paths: tuple[Path, ...]
    trials: int | None

    def __bool__(self) -> bool:
        return bool(self.record.experiments or self.keys or self.paths or self.trials is not None)

    @property
    def bytes(self) -> int:
        """On this machine, in `mlruns`."""
        return sum(map(size, [*self.paths, *map(workspace.work_folder, self.keys)]))


# --- look --------------------------------------------------------------------------------------------------------


def refuse_if_running(sweep: str, storage: str | None, host: str | None) -> None:
    """Raises SweepError where a cell of the sweep is running, here or on another machine than the dead `host`."""
    now = activity(sweep, tracking.attempts(sweep), storage).without(host)
    running = [describe_run(run) for run in (*now.working, *now.away)]
    running += [f"trial {trial.number} on {trial.host}" for trial in (*now.busy, *now.remote)]
    if running:
        more = f", and {len(running) - 1} more" if len(running) > 1 else ""
        remedy = "stop it first, or give its machine to --host if that is dead"
        raise SweepError(f"{sweep}: still running: {running[0]}{more}; {remedy}")


def refuse_if_adopted(found: SweepContents) -> None:
    """Raises SweepError where other sweeps have adopted runs of this one: with it their artifacts would go."""
    by = (
        [f"{name} ({plural(count, 'run')})" for name, count in adopters(found.record).items()]
        if found.record.runs
        else []
    )
    if by:
        raise SweepError(
            f"{found.sweep}: its runs are adopted by {', '.join(by)}, which would have to train them again; "
            "delete that first, or say --even-if-adopted"
        )


def sweep_contents(sweep: str, storage: str | None) -> SweepContents:
    """What `delete` would delete. Raises SweepError where the artifacts are those of another `mlruns`."""
    record = recorded_of(sweep)
    _check_place(sweep, record)
    own = {sweep, *record.names}
    with one_line():
        keys = [key for key in standing(record.hashes) if not is_needed(key, own)]
    keys += standing([*trial_keys(sweep), *launch_keys(sweep), f"{sweep}-search"])
    return SweepContents(sweep, record, tuple(keys), tuple(_paths(sweep, record)), count_trials(sweep, storage))


def _check_place(sweep: str, record: SweepRecord) -> None:
    """MLflow keeps absolute paths: in a copy of `mlruns` they lead to the original."""
    for place in record.places if workspace.is_local() else []:
        folder = _folder(place)
        if folder.exists() and not folder.is_relative_to(workspace.home()):
            raise SweepError(
                f"{sweep}: a run's artifacts are in {folder}, not in {workspace.home()}, which seems to be a copy; "
                "delete the sweep there, or move that folder away first"
            )


def _folder(place: str) -> Path:
    return Path(url2pathname(urlparse(place).path))


def _paths(sweep: str, record: SweepRecord) -> list[Path]:
    home = workspace.home()
    found = [home / "sweeps" / f"{sweep}.json", *(home / "sweeps").glob(f".{sweep}.json.*")]
    if workspace.is_local():
        found += _artifacts(sweep, record)
    return [path for path in found if path.exists()]


def _artifacts(sweep: str, record: SweepRecord) -> Iterator[Path]:
    """The folders of the sweep's experiments, also what a deletion that was cut off left of them; of one that another
    experiment has its artifacts in as well, those of the sweep's own runs alone."""
    root = workspace.home() / "artifacts"
    named = re.compile(rf"{re.escape(sweep)}(-[0-9a-f]{{8}})?")
    folders = {_folder(str(experiment.artifact_location)) for experiment in record.experiments}
    folders |= {path for path in root.glob("*") if named.fullmatch(path.name)}
    others = {_folder(place) for place in record.elsewhere if place.startswith("file:")}
    for folder in sorted(folders):
        if folder.is_relative_to(root) and folder not in others:
            yield folder
    runs = {_folder(place).parent for place in record.places}
    yield from sorted(run for run in runs if run.parent in others and run.is_relative_to(root))


# --- say ---------------------------------------------------------------------------------------------------------


def summary(found: SweepContents, storage: str | None) -> Iterator[str]:
    """What would go, in lines: runs by state, trials, megabytes, and where they are."""
    states = Counter(found.record.statuses).most_common()
    by_state = ", ".join(f"{count} {state}" for state, count in states)
    if found.record.runs:
        yield f"{plural(len(found.record.runs), 'run')} ({by_state}) with all artifacts, in {_uri()}"
    elif found.record.experiments:
        yield f"an experiment without runs, in {_uri()}"
    if found.trials is not None:
        yield f"{plural(found.trials, 'trial')} of Optuna's study, in {shown(storage)}"
    if found.keys or found.paths:
        yield f"{found.bytes / 1e6:.1f} MB in {workspace.home()}"


def _uri() -> str:
    return shown(workspace.uri())


def delete(found: SweepContents, storage: str | None) -> list[str]:
    """Deletes them, and says in lines what it could not. Cut off at any moment, the next call goes on.

    Raises TrackingError.
    """
    forget(found.sweep, found.record.originals)
    set_aside(found.record, found.sweep)
    if found.trials is not None:
        delete_study(found.sweep, storage)
    for key in found.keys:
        remove_work(key, storage)
    left = delete_recorded(found.record)
    for path in found.paths:
        remove(path)
    return left
