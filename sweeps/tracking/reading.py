"""What the store has of a sweep: read from its tables or over HTTP, or else by MLflow itself, with the same answer."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sweeps.tracking import database, server_api
from sweeps.tracking.client import client, exists, pages
from sweeps.tracking.errors import LeaveToMlflow, check_address, store_errors
from sweeps.tracking.record import HASH, Record, Recorded, of_a_sweep
from sweeps.tracking.settings import is_on
from sweeps.workspace import is_local, uri

if TYPE_CHECKING:
    from mlflow.entities import Run

# Values of mlflow.entities.ViewType, without the import.
ACTIVE_ONLY, DELETED_ONLY = 1, 2


def recorded(sweep: str, deleted: bool = False, config_hash: str = "") -> Recorded:
    """The runs of a sweep, those in MLflow's trash or the others; config_hash: those of this hash alone.

    Costs less than a millisecond a run, and MLflow's import only where the store is of a version or kind that is not
    known here. Raises TrackingError.
    """
    if not is_local():
        check_address(uri())
    with suppress(LeaveToMlflow):
        return quickly(sweep, deleted, config_hash)
    with store_errors(uri()):
        return by_mlflow(sweep, deleted, config_hash)


def quickly(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The same without MLflow. Raises LeaveToMlflow."""
    return _source().read(sweep, deleted, config_hash)


def _source() -> Any:
    """The module that asks a store of this kind. Raises LeaveToMlflow."""
    if is_on("ENABLE_WORKSPACES") or is_on("WORKSPACE"):
        raise LeaveToMlflow("only MLflow knows of workspaces")
    scheme = urlsplit(uri()).scheme.split("+")[0]
    if scheme in ("http", "https"):
        return server_api
    if scheme in ("sqlite", "postgresql"):
        return database
    raise LeaveToMlflow("another kind of store")


def examples(data: str, sweep: str | None = None, most: int = 100) -> list[Record]:
    """The newest finished runs on the data set `data`, of a sweep or of all of the store; at most so many.

    Costs the same however many runs there are. Raises TrackingError.
    """
    if not exists():
        return []
    with suppress(LeaveToMlflow):
        return _source().examples(data, sweep, most)
    with store_errors(uri()):
        found = [e for e in client().search_experiments() if sweep in (None, e.name)]
        wanted = f"attributes.status = 'FINISHED' and params.`data.name` = '{data}'"
        newest = {"order_by": ["attributes.start_time DESC"], "max_results": most}
        runs = client().search_runs([e.experiment_id for e in found], wanted, **newest) if found else []
    return [record for record in map(_record, runs) if record]


def stored_bytes(record: Record) -> int | None:
    """What the artifacts of a run take; None where that is not found out quickly."""
    place = urlsplit(record.place)
    if place.scheme in ("", "file") and not place.netloc:
        folder = Path(url2pathname(place.path))
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) or None
    with suppress(LeaveToMlflow):
        return sum(server_api.sizes(record.run_id)) or None
    return None


def by_mlflow(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The same, asked of MLflow. Raises what MLflow raises."""
    mlflow_client = client()
    found = mlflow_client.get_experiment_by_name(sweep)
    if found is None:
        return Recorded([])
    search: dict[str, Any] = {"run_view_type": DELETED_ONLY if deleted else ACTIVE_ONLY}
    search["filter_string"] = f"tags.`{HASH}` = '{config_hash}'" if config_hash else ""
    runs = [_record(run) for run in pages(mlflow_client, found.experiment_id, **search)]
    return Recorded([run for run in runs if run], found.lifecycle_stage)


def _record(run: Run) -> Record | None:
    info, data = run.info, run.data
    values = (dict(data.metrics), dict(data.params), dict(data.tags))
    return of_a_sweep(info.run_id, info.run_name or "", info.status, info.start_time, info.artifact_uri, *values)
