"""Deletes a sweep for good: runs, artifacts, experiment, files in `mlruns`, and Optuna's study."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import optuna
from mlflow.entities import Experiment, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from sweeps import tracking
from sweeps.activity import activity, place, told
from sweeps.definition import SweepError
from sweeps.leftovers import is_needed, remove, remove_work, size, standing, trial_keys
from sweeps.storage import shown
from sweeps.study import find_study, open_storage
from sweeps.words import counted


@dataclass(frozen=True)
class Belongings:
    """All that there is of a sweep.

    experiments: MLflow's, also one whose deletion was cut off. runs: theirs, of every status, also deleted ones. keys:
    names of runs and trials in `mlruns/work`. paths: other files and folders. trials: number in Optuna's study, None
    where there is no study.
    """

    sweep: str
    experiments: tuple[Experiment, ...]
    runs: tuple[Run, ...]
    keys: tuple[str, ...]
    paths: tuple[Path, ...]
    trials: int | None

    def __bool__(self) -> bool:
        return bool(self.experiments or self.keys or self.paths or self.trials is not None)

    @property
    def bytes(self) -> int:
        """On this machine, in `mlruns`."""
        return sum(map(size, [*self.paths, *map(tracking.work_folder, self.keys)]))


# --- look --------------------------------------------------------------------------------------------------------


def refuse_if_running(sweep: str, storage: str | None, host: str | None) -> None:
    """Raises SweepError where a cell of the sweep is running, here or on another machine than the dead `host`."""
    now = activity(sweep, tracking.attempts(sweep), storage).without(host)
    running = [told(run) for run in (*now.working, *now.away)]
    running += [f"trial {trial.number} on {place(trial)}" for trial in (*now.busy, *now.remote)]
    if running:
        more = f", and {len(running) - 1} more" if len(running) > 1 else ""
        remedy = "stop it first, or give its machine to --host if that is dead"
        raise SweepError(f"{sweep}: still running: {running[0]}{more}; {remedy}")


def belongings(sweep: str, storage: str | None) -> Belongings:
    """What `delete` would delete. Raises SweepError where the artifacts are those of another `mlruns`."""
    with _one_line():
        experiments = _experiments(sweep)
        runs = [run for found in experiments for run in _runs(found)]
        _check_place(sweep, runs)
        hashes = {run.data.tags[tracking.HASH]: None for run in runs if tracking.HASH in run.data.tags}
        own = {sweep, *(found.name for found in experiments)}
        keys = [key for key in standing(hashes) if not is_needed(key, own)]
    keys += standing([*trial_keys(sweep), f"{sweep}-search"])
    study = find_study(sweep, storage)
    trials = len(study.get_trials(deepcopy=False)) if study else None
    return Belongings(sweep, tuple(experiments), tuple(runs), tuple(keys), tuple(_paths(sweep)), trials)


def _experiments(sweep: str) -> list[Experiment]:
    if not tracking.exists():
        return []
    client = tracking.client()
    current = client.get_experiment_by_name(sweep)
    # Set aside by `delete`, and not deleted to the end: a server's rows nobody but the server can remove.
    view = ViewType.ALL if _is_database() else ViewType.ACTIVE_ONLY
    begun = client.search_experiments(view, filter_string=f"name LIKE '{sweep} deleted %'")
    return [*([current] if current else []), *begun]


def _runs(found: Experiment) -> Iterator[Run]:
    return tracking.pages(tracking.client(), found.experiment_id, run_view_type=ViewType.ALL)


def _is_database() -> bool:
    """Whether the record is a database that this process opens itself, not a server."""
    return not tracking.uri().startswith(("http://", "https://"))


def _check_place(sweep: str, runs: list[Run]) -> None:
    """MLflow keeps absolute paths: in a copy of `mlruns` they lead to the original."""
    for run in runs if tracking.is_local() else []:
        folder = Path(url2pathname(urlparse(run.info.artifact_uri).path))
        if folder.exists() and not folder.is_relative_to(tracking.home()):
            raise SweepError(
                f"{sweep}: a run's artifacts are in {folder}, not in {tracking.home()}, which seems to be a copy; "
                "delete the sweep there, or move that folder away first"
            )


def _paths(sweep: str) -> list[Path]:
    home = tracking.home()
    found = [home / "sweeps" / f"{sweep}.json", *(home / "sweeps").glob(f".{sweep}.json.*")]
    if tracking.is_local():
        found.append(home / "artifacts" / sweep)
    return [path for path in found if path.exists()]


# --- say ---------------------------------------------------------------------------------------------------------


def summary(found: Belongings, storage: str | None) -> Iterator[str]:
    """What would go, in lines: runs by state, trials, megabytes, and where they are."""
    states = Counter(run.info.status for run in found.runs).most_common()
    by_state = ", ".join(f"{count} {state}" for state, count in states)
    if found.runs:
        yield f"{counted(len(found.runs), 'run')} ({by_state}) with all artifacts, in {_uri()}"
    elif found.experiments:
        yield f"an experiment without runs, in {_uri()}"
    if found.trials is not None:
        yield f"{counted(found.trials, 'trial')} of Optuna's study, in {shown(storage)}"
    if found.keys or found.paths:
        yield f"{found.bytes / 1e6:.1f} MB in {tracking.home()}"


def _uri() -> str:
    return shown(tracking.uri())


def delete(found: Belongings, storage: str | None) -> list[str]:
    """Deletes them, and says in lines what it could not. Cut off at any moment, the next call goes on.

    Raises TrackingError.
    """
    with _one_line():
        for experiment in found.experiments:
            _set_aside(experiment, found.sweep)
        if found.trials is not None:
            optuna.delete_study(study_name=found.sweep, storage=open_storage(storage))
        for key in found.keys:
            remove_work(key, storage)
        left = _delete_recorded(found) if found.experiments else []
        for path in found.paths:
            remove(path)
    return left


def _set_aside(experiment: Experiment, sweep: str) -> None:
    """Gives the experiment another name, so that a `cae run` from now on cannot bring half of it back."""
    client = tracking.client()
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    if experiment.name == sweep:
        client.rename_experiment(experiment.experiment_id, f"{sweep} deleted {experiment.experiment_id}")


def _delete_recorded(found: Belongings) -> list[str]:
    client = tracking.client()
    left = [] if _is_database() else [*_delete_artifacts(found.runs), *_left_on_server(found)]
    ids = [experiment.experiment_id for experiment in found.experiments]
    first = found.runs[0] if found.runs else client.create_run(ids[0])
    for experiment_id in ids:
        client.delete_experiment(experiment_id)
    if _is_database():
        _collect(ids, first.info.run_id)
    return left


def _delete_artifacts(runs: Sequence[Run]) -> Iterator[str]:
    """Through the server where it passes them on, directly where they lie on a shared disk or in a bucket."""
    for done, run in enumerate(runs):
        try:
            get_artifact_repository(run.info.artifact_uri, tracking.uri()).delete_artifacts()
        except Exception as error:  # each kind of store has errors of its own
            reason = str(error).splitlines()[0]
            yield f"the artifacts of {counted(len(runs) - done, 'run')} could not be deleted from here: {reason}"
            return


def _left_on_server(found: Belongings) -> Iterator[str]:
    if found.runs:
        ids = ",".join(experiment.experiment_id for experiment in found.experiments)
        # Without --run-ids it would take every deleted run of the server; the others of the experiments it adds itself.
        yield (
            f"the server keeps {counted(len(found.runs), 'run')} in its database, as deleted, "
            f"until someone there calls MLFLOW_TRACKING_URI={_uri()} mlflow gc --backend-store-uri ITS_DATABASE "
            f"--experiment-ids {ids} --run-ids {found.runs[0].info.run_id}"
        )


def _collect(experiment_ids: list[str], run_id: str) -> None:
    """MLflow's own deletion from the database. run_id: any one of the runs; without, it takes every deleted run."""
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", tracking.uri()]
    command += ["--experiment-ids", ",".join(experiment_ids), "--run-ids", run_id]
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking.uri()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise tracking.TrackingError(f"mlflow gc on {_uri()} failed: {reason}; the same command tries again")


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (MlflowException, optuna.exceptions.OptunaError) as error:
        reason = str(error).splitlines()[0]
        raise tracking.TrackingError(f"{_uri()}: {reason}; the same command finishes the deletion") from error
