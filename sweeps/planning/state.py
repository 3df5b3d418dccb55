"""How far a recorded run is."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Literal

from sweeps import tracking, workspace
from sweeps.spec.remarks import remarks
from sweeps.tracking.errors import FOR_GOOD
from sweeps.tracking.record import Record

State = Literal["new", "running", "finished", "failed", "pruned"]


def state_of(record: tracking.Record, storage: str | None = None) -> tuple[State, str]:
    """The state of a recorded run, and a note where it was cut off. storage: the database of leases, if any."""
    if record.status == "FINISHED":
        adopted = [f"adopted from {record.tags.get(tracking.ADOPTED_FROM)}"] if record.link else []
        return "finished", "; ".join([*adopted, *remarks(record.metrics)])
    if tracking.PRUNED in record.tags:
        return "pruned", ""
    if record.status in ("RUNNING", "SCHEDULED") and not is_orphan(record, storage):
        return "running", "" if record.host in ("", socket.gethostname()) else f"on {record.host}"
    refused = FOR_GOOD in record.tags.get(tracking.ERROR, "")
    if workspace.is_computed(record.config_hash) and not refused:
        return "failed", "computed, and waits on this machine; the next cae run uploads it"
    if record.status == "FAILED":
        return "failed", record.tags.get(tracking.ERROR, "")
    return "failed", "interrupted; goes on with the next cae run"


def remark(metrics: Mapping[str, float]) -> str:
    """What is to be said of a finished run beside its metrics; empty where there is nothing."""
    return "; ".join(remarks(metrics))


def is_orphan(record: Record, storage: str | None = None) -> bool:
    """Whether a run is RUNNING and its process is gone.

    Of another machine's run only its lease can tell, in the database `storage` that it was run with; without one, that
    machine is taken to be alive.
    """
    from sweeps.locks.work_lock import lock_holder

    if record.status not in ("RUNNING", "SCHEDULED") or lock_holder(record.config_hash, storage) is not None:
        return False
    here = record.host in ("", socket.gethostname())
    return here or (storage is not None and tracking.LEASED in record.tags)
