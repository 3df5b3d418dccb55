"""Runs that the record calls RUNNING although nobody works on them any more."""

from __future__ import annotations

from sweeps import tracking
from sweeps.planning.state import is_orphan
from sweeps.tracking import Record

PROCESS_DEAD = "its process died; the next cae run goes on from its last finished epoch"


def close_orphans(sweep: str, storage: str | None = None) -> list[Record]:
    """Closes the orphans of a sweep as KILLED and returns them: killed too hard to say so themselves."""
    orphans = [record for record in tracking.records(sweep).values() if is_orphan(record, storage)]
    for record in orphans:
        tracking.close(record.run_id, "KILLED", PROCESS_DEAD)
    return orphans


def close_dead(sweep: str, config_hash: str, reason: str) -> None:
    """Closes the run of a process that just died as FAILED, an attempt that counts."""
    record = tracking.record_of(sweep, config_hash)
    if record is not None and record.status == "RUNNING":
        tracking.close(record.run_id, "FAILED", reason)
