"""Runs that the record calls RUNNING although nobody works on them any more."""

from __future__ import annotations

import socket

from sweeps import holds, tracking
from sweeps.tracking import Record

DIED = "its process died; the next cae run goes on from its last finished epoch"


def is_orphan(record: Record, storage: str | None = None) -> bool:
    """Whether a run is RUNNING and its process is gone.

    Of another machine's run only its lease can tell, in the database `storage` that it was run with; without one, that
    machine is taken to be alive.
    """
    if record.status not in ("RUNNING", "SCHEDULED") or holds.holder(record.config_hash, storage) is not None:
        return False
    here = record.host in ("", socket.gethostname())
    return here or (storage is not None and tracking.LEASED in record.tags)


def close_orphans(sweep: str, storage: str | None = None) -> list[Record]:
    """Closes the orphans of a sweep as KILLED and returns them: killed too hard to say so themselves."""
    orphans = [record for record in tracking.records(sweep).values() if is_orphan(record, storage)]
    for record in orphans:
        tracking.close(record.run_id, "KILLED", DIED)
    return orphans


def close_dead(sweep: str, config_hash: str, reason: str) -> None:
    """Closes the run of a process that just died as FAILED, an attempt that counts."""
    record = tracking.record_of(sweep, config_hash)
    if record is not None and record.status == "RUNNING":
        tracking.close(record.run_id, "FAILED", reason)
