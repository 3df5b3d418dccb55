"""Every run that MLflow holds of a sweep, and which of them counts."""

from __future__ import annotations

from sweeps.tracking.client import client, exists
from sweeps.tracking.errors import store_errors
from sweeps.tracking.reading import recorded
from sweeps.tracking.record import ERROR, Record, latest
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
    """The run that counts for each config_hash of a sweep: the finished one, else the latest. Empty without a store."""
    return latest(attempts(sweep))


def attempts(sweep: str) -> list[Record]:
    """Every run of a sweep in order of their start, also those that a later one replaced. Empty without a store."""
    return recorded(sweep).runs if exists() else []


def record_of(sweep: str, config_hash: str) -> Record | None:
    """The run that counts for this hash, None where there is none."""
    found = recorded(sweep, config_hash=config_hash).runs if exists() else []
    return latest(found).get(config_hash)


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
