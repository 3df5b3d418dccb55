"""MLflow asked by its own client: of every kind and version of store, after an import that takes a second."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sweeps.tracking import filters
from sweeps.tracking.client import client, pages
from sweeps.tracking.record import HASH, Record, Recorded, of_a_sweep

if TYPE_CHECKING:
    from mlflow.entities import Run

# Values of mlflow.entities.ViewType, without the import.
ACTIVE_ONLY, DELETED_ONLY = 1, 2


def read(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The runs of a sweep, those deleted or the others; config_hash: those of this hash alone, "" for all.

    Raises what MLflow raises, as the others do.
    """
    mlflow_client = client()
    found = mlflow_client.get_experiment_by_name(sweep)
    if found is None:
        return Recorded([])
    search: dict[str, Any] = {"run_view_type": DELETED_ONLY if deleted else ACTIVE_ONLY}
    search["filter_string"] = f"tags.`{HASH}` = '{config_hash}'" if config_hash else ""
    return Recorded(_records([found.experiment_id], **search), found.lifecycle_stage)


def by_id(ids: Collection[str]) -> list[Record]:
    """The finished runs of these ids, of whichever sweep."""
    experiments = _experiments("")
    return [run for part in filters.parts(ids) for run in _records(experiments, filter_string=filters.by_id(part))]


def elsewhere(sweep: str, digests: Collection[str], hashes: Collection[str]) -> list[Record]:
    """The finished runs of other sweeps on the images of these digests; hashes: where wanted, those of these alone."""
    experiments = _experiments(sweep)
    asked = [filters.on_images(digest, hashes) for digest in digests]
    found = [run for words in asked for run in _records(experiments, filter_string=words)]
    return [run for run in found if not hashes or run.config_hash in hashes]


def examples(data: str, sweep: str | None, most: int) -> list[Record]:
    """The newest finished runs on the data set `data`, of a sweep or of all."""
    found = (
        _experiments("") if sweep is None else [e.experiment_id for e in [client().get_experiment_by_name(sweep)] if e]
    )
    wanted = f"attributes.status = 'FINISHED' and params.`data.name` = '{data}'"
    newest = {"order_by": ["attributes.start_time DESC"], "max_results": most}
    runs = client().search_runs(found, wanted, **newest) if found else []
    return [record for record in map(_record, runs) if record]


def _experiments(but: str) -> list[str]:
    """The ids of all experiments but the one of this name."""
    found, token = [], None
    while True:
        page = client().search_experiments(page_token=token)
        found += [experiment.experiment_id for experiment in page if experiment.name != but]
        token = page.token
        if not token:
            return found


def _records(experiments: list[str], **search: Any) -> list[Record]:
    runs = pages(client(), *experiments, **search) if experiments else ()
    return [record for run in runs if (record := _record(run)) is not None]


def _record(run: Run) -> Record | None:
    info, data = run.info, run.data
    values = (dict(data.metrics), dict(data.params), dict(data.tags))
    known = (info.run_id, info.run_name or "", info.status, info.start_time, info.artifact_uri)
    return of_a_sweep(*known, *values, experiment=str(info.experiment_id))
