"""Where runs are recorded: MLflow's database and artifacts, opened the same way by every command."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from sweeps.collector import nothing_to_collect
from sweeps.note import SUMMARY, with_report
from sweeps.stores import TrackingError, answering, check_no_password, unreachable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# No usage statistics leave the machine unless the user says so.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# MLflow would print a link to each run that a server closes, in the middle of what we print.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A server that is down is asked again later, with the results on disk; MLflow's own seven retries hold a training up
# for four minutes, these three for 13 s.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
SWEEP, HASH, CELL, ATTEMPT, HOST = "sweep.name", "sweep.config_hash", "sweep.cell_hash", "sweep.attempt", "host"
# Why a run did not finish; the version of the scores it was measured with.
ERROR, METRICS = "sweep.error", "metrics.version"
# Of the images that a run was trained on.
DIGEST = "data.digest"
# Set where the run's process holds a lease in a database that machines share.
LEASED = "sweep.lease"
# Of a search: what Optuna chose for the run, as JSON; when and why it was stopped early.
TRIAL, PRUNED = "sweep.trial", "sweep.pruned"


def home() -> Path:
    """The folder `mlruns`, in $CAE_HOME or else the current folder. Absolute; it may not exist yet."""
    return (Path(os.environ.get("CAE_HOME") or ".") / "mlruns").expanduser().resolve()


def uri() -> str:
    """The tracking store: $MLFLOW_TRACKING_URI, else the SQLite database in `mlruns`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


def is_local() -> bool:
    """Whether runs are recorded in `mlruns` itself rather than by a server."""
    return not os.environ.get("MLFLOW_TRACKING_URI")


def exists() -> bool:
    """Whether there may be runs to read: opening a store that does not exist yet would create it, which takes 5 s."""
    return not is_local() or (home() / "mlflow.db").exists()


@cache
def _open(address: str) -> MlflowClient:
    import logging

    with nothing_to_collect():
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # tracebacks of what is told in one line
        # Not mlflow.set_tracking_uri: it writes $MLFLOW_TRACKING_URI, which is the user's to set.
        return MlflowClient(address)


def client() -> MlflowClient:
    """MLflow's client on the store; a missing database is created by one process while the others wait."""
    if not is_local():
        check_no_password(uri())
        return _open(uri())
    try:
        home().mkdir(parents=True, exist_ok=True)
        with FileLock(home() / ".create.lock"):
            opened = _open(uri())
            opened.search_experiments(max_results=1)
    except OSError as error:
        raise TrackingError(f"{home()}: cannot be written: {error}; set CAE_HOME to a writable folder") from None
    except Exception as error:
        raise unreachable(uri(), error) from None
    return opened


def answers() -> bool:
    """Whether the store can be asked now."""
    try:
        client().search_experiments(max_results=1)
    except Exception:
        return False
    return True


def experiment(name: str, description: str) -> str:
    """The id of the experiment called `name`, created if need be, with its description renewed.

    Links in it to the pages of an experiment, whichever, lead to this one; one to the sweep's report stays in it.
    """
    mlflow_client = client()
    with answering(uri()):
        found = mlflow_client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            mlflow_client.restore_experiment(found.experiment_id)
        experiment_id = found.experiment_id if found is not None else _create_experiment(mlflow_client, name)
        if found is not None:
            check_place(found.artifact_location)
        note = with_report(description, str(experiment_id), found.tags.get(SUMMARY) if found else None)
        mlflow_client.set_experiment_tag(experiment_id, "mlflow.note.content", _linked(note, str(experiment_id)))
    return str(experiment_id)


def _linked(description: str, experiment_id: str) -> str:
    """The description with its links to an experiment's pages leading to this one: ids differ between stores."""
    return re.sub(r"(?<=#/experiments/)\d+(?=/)", experiment_id, description)


def _create_experiment(mlflow_client: MlflowClient, name: str) -> str:
    """The id of a new experiment, or of the one that another process has just created."""
    from mlflow.exceptions import MlflowException

    location = (home() / "artifacts" / name).as_uri() if is_local() else None
    try:
        return str(mlflow_client.create_experiment(name, artifact_location=location))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return str(mlflow_client.get_experiment_by_name(name).experiment_id)


def find_run(run_id: str) -> Run | None:
    """The run of this id, None where there is none. Raises TrackingError."""
    from mlflow.exceptions import MlflowException

    mlflow_client = client()
    with answering(uri()):
        try:
            return mlflow_client.get_run(run_id)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            return None


def check_place(location: str) -> None:
    """Raises TrackingError where a local record keeps artifacts outside `mlruns`, because that folder was moved here.

    MLflow stores their places in full: reading would miss them, writing would put them into the folder copied from.
    """
    if is_local() and not location.startswith(f"{home().as_uri()}/"):
        raise TrackingError(
            f"{home()}: its artifacts are recorded at {location}, from where this folder was copied; "
            f"correct the record first: cae import {home()}"
        )


def close(run_id: str, status: str, reason: str) -> None:
    """Closes a run that did not finish as FAILED or KILLED, with the reason as tag and in its description.

    Raises TrackingError.
    """
    mlflow_client = client()
    with answering(uri()):
        mlflow_client.set_tag(run_id, ERROR, reason[:5000])
        mlflow_client.set_tag(run_id, "mlflow.note.content", f"**{status.lower()}**: {reason}"[:5000])
        mlflow_client.set_terminated(run_id, status=status)


@dataclass(frozen=True)
class Record:
    """One MLflow run of a sweep. status: MLflow's (RUNNING, FINISHED, FAILED, KILLED). started: seconds since 1970."""

    run_id: str
    name: str
    config_hash: str
    status: str
    attempt: int
    host: str
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    started: float = 0.0


def records(sweep: str, wanted: str = "") -> dict[str, Record]:
    """The run that counts for each config_hash of a sweep: the finished one, else the latest. Empty without a store.

    wanted: a filter in MLflow's language. Without one the cost grows with the sweep, some milliseconds a run.
    """
    return latest(attempts(sweep, wanted))


def attempts(sweep: str, wanted: str = "") -> list[Record]:
    """Every run of a sweep in order of their start, also those that a later one replaced. Empty without a store."""
    if not exists():
        return []
    mlflow_client = client()
    with answering(uri()):
        found = mlflow_client.get_experiment_by_name(sweep)
        runs = list(pages(mlflow_client, found.experiment_id, filter_string=wanted)) if found else []
    return [_record(run) for run in runs if HASH in run.data.tags]


def record_of(sweep: str, config_hash: str) -> Record | None:
    """The run that counts for this hash, None where there is none."""
    return records(sweep, f"tags.`{HASH}` = '{config_hash}'").get(config_hash)


def pages(mlflow_client: MlflowClient, experiment_id: str, **search: Any) -> Iterator[Run]:
    """MLflow's runs of an experiment in order of their start. search: more words for its `search_runs`."""
    order, token = ["attributes.start_time ASC"], None
    while True:
        page = mlflow_client.search_runs([experiment_id], order_by=order, page_token=token, **search)
        yield from page
        token = page.token
        if not token:
            return


def _record(run: Run) -> Record:
    tags = dict(run.data.tags)
    return Record(
        run_id=run.info.run_id,
        name=run.info.run_name,
        config_hash=tags[HASH],
        status=run.info.status,
        attempt=int(tags.get(ATTEMPT, "1")),
        host=tags.get(HOST, ""),
        started=run.info.start_time / 1000,
        metrics=dict(run.data.metrics),
        params=dict(run.data.params),
        tags=tags,
    )


def latest(runs: Iterable[Record]) -> dict[str, Record]:
    """Of runs in order of their start, the one that counts for each config_hash."""
    chosen: dict[str, Record] = {}
    for run in runs:
        if run.config_hash not in chosen or chosen[run.config_hash].status != "FINISHED":
            chosen[run.config_hash] = run
    return chosen


# --- work in progress on this machine ----------------------------------------------------------------------------


def work_folder(config_hash: str) -> Path:
    """Where a run keeps its files until they are recorded."""
    return home() / "work" / config_hash


def is_computed(config_hash: str) -> bool:
    """Whether all that a run measures and draws is there on this machine, to be recorded."""
    return (work_folder(config_hash) / "result.json").exists()


def run_lock(config_hash: str) -> FileLock:
    """The lock that one process holds while it works on a run; the system frees it however the process ends."""
    path = home() / "work" / f"{config_hash}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def is_held(config_hash: str) -> bool:
    """Whether some process of this machine works on the run now."""
    if not (home() / "work" / f"{config_hash}.lock").exists():
        return False
    lock = run_lock(config_hash)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def tag_values(values: dict[str, Any]) -> dict[str, str]:
    """The values as MLflow stores tags: text of at most 8,000 characters, without those that are None."""
    return {name: str(value)[:8000] for name, value in values.items() if value is not None}
