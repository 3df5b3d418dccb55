"""Every run that MLflow holds of a sweep, and which of them counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from sweeps.tracking.client import client, exists
from sweeps.tracking.errors import store_errors
from sweeps.tracking.reading import finished_by_id, finished_elsewhere, recorded
from sweeps.tracking.record import ADOPTED, ERROR, OF_ONE_SWEEP, Record, latest
from sweeps.workspace import uri


def close(run_id: str, status: str, reason: str) -> None:
    """Closes a run that did not finish as FAILED or KILLED, with the reason as tag and in its description.

    Raises TrackingError.
    """
    mlflow_client = client()
    with store_errors(uri()):
        mlflow_client.set_tag(run_id, ERROR, reason[:5000])
        mlflow_client.set_tag(run_id, "mlflow.note.content", f"**{status.lower()}**: {reason}"[:5000])
        mlflow_client.set_terminated(run_id, status=status)


def records(sweep: str) -> dict[str, Record]:
    """The run that counts for each config_hash of a sweep: the finished one, else the latest. Empty without a store.

    Of a run that was adopted, that which another sweep has of it, as its own: id, numbers, place of its artifacts.
    """
    return latest(_with_originals(attempts(sweep)))


def attempts(sweep: str) -> list[Record]:
    """Every run of a sweep in order of their start, also those that a later one replaced. Empty without a store."""
    return recorded(sweep).runs if exists() else []


def record_of(sweep: str, config_hash: str) -> Record | None:
    """The run that counts for this hash, None where there is none."""
    found = recorded(sweep, config_hash=config_hash).runs if exists() else []
    return latest(_with_originals(found)).get(config_hash)


def others(sweep: str, digests: Collection[str], hashes: Collection[str] = ()) -> dict[str, Record]:
    """By config_hash the latest run that another sweep has finished on the images of these digests. Empty without a
    store. hashes: where given, those of these alone. Raises TrackingError."""
    found = finished_elsewhere(sweep, digests, hashes) if exists() else []
    return {run.config_hash: run for run in found}


def _with_originals(runs: list[Record]) -> Iterator[Record]:
    """Each run, an adopted one as its original is. One whose original is gone does not count: it has no artifacts."""
    ids = {run.tags[ADOPTED] for run in runs if _is_adopted(run)}
    originals = {run.run_id: run for run in finished_by_id(ids)} if ids else {}
    for run in runs:
        if not _is_adopted(run):
            yield run
        elif run.tags[ADOPTED] in originals:
            yield _linked(run, originals[run.tags[ADOPTED]])


def _is_adopted(run: Record) -> bool:
    return run.status == "FINISHED" and ADOPTED in run.tags


def _linked(run: Record, original: Record) -> Record:
    kept = {key: value for key, value in original.tags.items() if key not in OF_ONE_SWEEP}
    tags = kept | {key: run.tags[key] for key in OF_ONE_SWEEP if key in run.tags}
    # What this sweep alone makes by formula stands with its own run.
    return replace(original, name=run.name, metrics=run.metrics | original.metrics, tags=tags, link=run.run_id)


def trash(sweep: str) -> str | None:
    """What of a sweep lies in MLflow's trash, in words; None where nothing does, or nothing can be asked."""
    if not exists():
        return None
    found = recorded(sweep, deleted=True)
    runs = len(found.runs)
    what = f"{runs} run{'s' * (runs != 1)} of {sweep}"
    if found.stage == "deleted":
        return f"the experiment with {what} lies in MLflow's trash and does not count: restore it there, or begin anew"
    return f"{what} in MLflow's trash: deleted, so not counted" if runs else None
