from __future__ import annotations

import socket
from pathlib import Path

from sweeps import tracking
from sweeps.execution.orphans import close_orphans
from sweeps.locks import file_lock
from sweeps.tracking import HASH


def test_orphans_are_closed_and_living_runs_are_not(database: Path) -> None:
    client = tracking.client()
    experiment = tracking.experiment("a", "why?")
    tags = {tracking.HOST: socket.gethostname()}
    for config_hash, extra in (("dead", {}), ("alive", {}), ("elsewhere", {tracking.HOST: "another-machine"})):
        client.create_run(experiment, tags={HASH: config_hash, **tags, **extra})
    with file_lock.run_lock("alive"):
        assert [record.config_hash for record in close_orphans("a")] == ["dead"]
    statuses = {key: record.status for key, record in tracking.records("a").items()}
    assert statuses == {"dead": "KILLED", "alive": "RUNNING", "elsewhere": "RUNNING"}
