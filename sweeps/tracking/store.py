"""Every run that MLflow holds of a sweep, and which of them counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cae.config import RunConfig, flatten
from sweeps.spec.display import readable
from sweeps.tracking.client import client, exists
from sweeps.tracking.errors import store_errors
from sweeps.workspace import uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

SWEEP, HASH, CELL, ATTEMPT, HOST = "sweep.name", "sweep.config_hash", "sweep.cell_hash", "sweep.attempt", "host"
# Why a run did not finish; the version of the scores it was measured with.
ERROR, METRICS = "sweep.error", "metrics.version"
# Where among its artifacts a finished run has all of its numbers, of which MLflow holds a choice.
NUMBERS = "metrics.file"
# Of the images that a run was trained on.
DIGEST = "data.digest"
# Set where the run's process holds a lease in a database that machines share.
LEASED = "sweep.lease"
# Of a search: what Optuna chose for the run, as JSON; when and why it was stopped early.
TRIAL, PRUNED = "sweep.trial", "sweep.pruned"


def close(run_id: str, status: str, reason: str) -> None:
    """Closes a run that did not finish as FAILED or KILLED, with the reason as tag and in its description.

    Raises TrackingError.
    """
    mlflow_client = client()
    with store_errors(uri()):
        mlflow_client.set_tag(run_id, ERROR, reason[:5000])
        mlflow_client.set_tag(run_id, "mlflow.note.content", f"**{status.lower()}**: {reason}"[:5000])
        mlflow_client.set_terminated(run_id, status=status)


@dataclass(frozen=True)
class Record:
    """One MLflow run of a sweep. status: MLflow's (RUNNING, FINISHED, FAILED, KILLED). started: seconds since 1970.

    metrics: those that MLflow holds; `numbers.with_all_metrics` has the others. place: of its artifacts, as URI.
    """

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
    place: str = ""


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
    with store_errors(uri()):
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
        attempt=_attempt(tags.get(ATTEMPT, "1")),
        host=tags.get(HOST, ""),
        started=run.info.start_time / 1000,
        place=run.info.artifact_uri,
        metrics=dict(run.data.metrics),
        params=dict(run.data.params),
        tags=tags,
    )


def _attempt(text: str) -> int:
    """Tags can be edited in MLflow's pages: what is no number is the first attempt."""
    return int(text) if text.isascii() and text.isdigit() else 1


def latest(runs: Iterable[Record]) -> dict[str, Record]:
    """Of runs in order of their start, the one that counts for each config_hash."""
    chosen: dict[str, Record] = {}
    for run in runs:
        if run.config_hash not in chosen or chosen[run.config_hash].status != "FINISHED":
            chosen[run.config_hash] = run
    return chosen


_DEFAULTS = {name: readable(value) for name, value in flatten(RunConfig()).items()}


def recorded_value(record: Record, name: str) -> str:
    """A field as a run's record shows it. One that is younger than the run has its default."""
    found = record.tags if name == "data.path" else record.params
    return found.get(name, _DEFAULTS[name])


def tag_values(values: dict[str, Any]) -> dict[str, str]:
    """The values as MLflow stores tags: text of at most 8,000 characters, without those that are None."""
    return {name: str(value)[:8000] for name, value in values.items() if value is not None}
