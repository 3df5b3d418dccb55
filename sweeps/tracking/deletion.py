"""What MLflow holds of a sweep, removed for good."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlflow.entities import Experiment, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.locks.database import shown
from sweeps.spec.display import plural
from sweeps.tracking.experiment import rename


@dataclass(frozen=True)
class SweepRecord:
    """experiments: of the sweep, also one whose deletion was cut off. runs: theirs, of every status, also deleted.

    elsewhere: where the artifacts of all other experiments are, as URIs.
    """

    experiments: tuple[Experiment, ...]
    runs: tuple[Run, ...]
    elsewhere: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        return {str(found.name) for found in self.experiments}

    @property
    def hashes(self) -> list[str]:
        """The config hashes of the runs, each once."""
        return list(dict.fromkeys(r.data.tags[tracking.HASH] for r in self.runs if tracking.HASH in r.data.tags))

    @property
    def originals(self) -> list[str]:
        """The ids of the runs that this sweep has adopted."""
        return [run.data.tags[tracking.ADOPTED] for run in self.runs if tracking.ADOPTED in run.data.tags]

    @property
    def statuses(self) -> list[str]:
        return [str(run.info.status) for run in self.runs]

    @property
    def places(self) -> list[str]:
        """Where the runs' artifacts are, as URIs."""
        return [str(run.info.artifact_uri) for run in self.runs]


def recorded_of(sweep: str) -> SweepRecord:
    """What the store has of a sweep. Raises TrackingError."""
    with one_line():
        experiments = tuple(_experiments(sweep))
        ids = {found.experiment_id for found in experiments}
        others = tracking.client().search_experiments(ViewType.ALL) if tracking.exists() else []
        places = {str(other.artifact_location) for other in others if other.experiment_id not in ids}
        return SweepRecord(experiments, tuple(run for found in experiments for run in _runs(found)), frozenset(places))


def adopters(record: SweepRecord) -> dict[str, int]:
    """The other sweeps that have adopted runs of this one, and how many each. Raises TrackingError."""
    with one_line():
        client = tracking.client()
        ids, own = {run.info.run_id for run in record.runs}, {found.experiment_id for found in record.experiments}
        others = {found.experiment_id: found.name for found in client.search_experiments()}
        asked = [experiment for experiment in others if experiment not in own]
        runs = tracking.pages(client, *asked, filter_string=f"tags.`{tracking.ADOPTED}` != ''") if asked else ()
        return Counter(others[run.info.experiment_id] for run in runs if run.data.tags[tracking.ADOPTED] in ids)


def set_aside(record: SweepRecord, sweep: str) -> None:
    """Gives the experiments another name, so that a `cae run` from now on cannot bring half of it back."""
    with one_line():
        for experiment in record.experiments:
            _set_aside(experiment, sweep)


def delete_recorded(record: SweepRecord, repository: Callable[..., Any] = get_artifact_repository) -> list[str]:
    """Deletes experiments, runs and artifacts, and says in lines what it could not. Raises TrackingError.

    repository: (uri of artifacts, uri of the store) to what deletes them.
    """
    with one_line():
        return _delete_recorded(record, repository) if record.experiments else []


@contextmanager
def one_line() -> Iterator[None]:
    """MLflow's errors as TrackingError, which says that the same command goes on."""
    try:
        yield
    except MlflowException as error:
        reason = str(error).splitlines()[0]
        raise TrackingError(f"{_uri()}: {reason}; the same command finishes the deletion") from error


def _uri() -> str:
    return shown(workspace.uri())


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
    return not workspace.uri().startswith(("http://", "https://"))


def _set_aside(experiment: Experiment, sweep: str) -> None:
    client = tracking.client()
    if experiment.name == sweep:
        rename(client, experiment)
    elif experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)


def _delete_recorded(found: SweepRecord, repository: Callable[..., Any]) -> list[str]:
    client = tracking.client()
    left = [] if _is_database() else [*_delete_artifacts(found.runs, repository), *_left_on_server(found)]
    ids = [experiment.experiment_id for experiment in found.experiments]
    first = found.runs[0] if found.runs else client.create_run(ids[0])
    for experiment_id in ids:
        client.delete_experiment(experiment_id)
    if _is_database():
        _collect(ids, first.info.run_id)
    return left


def _delete_artifacts(runs: Sequence[Run], repository: Callable[..., Any]) -> Iterator[str]:
    """Through the server where it passes them on, directly where they lie on a shared disk or in a bucket."""
    for done, run in enumerate(runs):
        try:
            repository(run.info.artifact_uri, workspace.uri()).delete_artifacts()
        except Exception as error:  # each kind of store has errors of its own
            reason = str(error).splitlines()[0]
            yield f"the artifacts of {plural(len(runs) - done, 'run')} could not be deleted from here: {reason}"
            return


def _left_on_server(found: SweepRecord) -> Iterator[str]:
    if found.runs:
        ids = ",".join(experiment.experiment_id for experiment in found.experiments)
        # Without --run-ids it would take every deleted run of the server; the others of the experiments it adds itself.
        yield (
            f"the server keeps {plural(len(found.runs), 'run')} in its database, as deleted, "
            f"until someone there calls MLFLOW_TRACKING_URI={shlex.quote(_uri())} "
            f"mlflow gc --backend-store-uri ITS_DATABASE --experiment-ids {ids} --run-ids {found.runs[0].info.run_id}"
        )


def _collect(experiment_ids: list[str], run_id: str) -> None:
    """MLflow's own deletion from the database. run_id: any one of the runs; without, it takes every deleted run."""
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", workspace.uri()]
    command += ["--experiment-ids", ",".join(experiment_ids), "--run-ids", run_id]
    environment = os.environ | {"MLFLOW_TRACKING_URI": workspace.uri()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrackingError(f"mlflow gc on {_uri()} failed: {reason}; the same command tries again")
