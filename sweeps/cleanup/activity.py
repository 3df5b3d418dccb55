"""Who works on a sweep now, and what died while it did."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sweeps import tracking
from sweeps.errors import SweepError
from sweeps.locks.work_lock import lock_holder
from sweeps.planning.state import is_orphan
from sweeps.search.study import OpenTrial, open_trials
from sweeps.tracking import Record


@dataclass(frozen=True)
class Activity:
    """What goes on, as far as the record, the locks of this machine and the leases in a shared database tell.

    working: runs that a process is known to work on. away: RUNNING on other machines, of which nothing is known.
    orphans: RUNNING, but their process is gone. busy, remote, lost: the same of Optuna's RUNNING trials.
    """

    working: tuple[Record, ...]
    away: tuple[Record, ...]
    orphans: tuple[Record, ...]
    busy: tuple[OpenTrial, ...]
    remote: tuple[OpenTrial, ...]
    lost: tuple[OpenTrial, ...]

    def without(self, host: str | None) -> Activity:
        """The same when the machine `host` is known to be dead. Raises SweepError where others run, and it does not."""
        if host is None:
            return self
        others = {run.host for run in self.away} | {trial.host for trial in self.remote}
        if host == socket.gethostname():
            raise SweepError(f"--host {host}: this machine; leave it out, what died here is known")
        if others and host not in others:
            raise SweepError(f"--host {host}: nothing is RUNNING there; it is on {', '.join(sorted(others))}")
        dead = tuple(run for run in self.away if run.host == host)
        lost = tuple(trial for trial in self.remote if trial.host == host)
        return replace(
            self,
            away=tuple(run for run in self.away if run not in dead),
            orphans=self.orphans + dead,
            remote=tuple(trial for trial in self.remote if trial not in lost),
            lost=self.lost + lost,
        )


def activity(sweep: str, runs: Sequence[Record], storage: str | None = None) -> Activity:
    """What goes on in a sweep.

    runs: its `tracking.attempts`. storage: the database of Optuna's studies and of leases, if not the one in `mlruns`.
    """
    counting = [run for run in tracking.latest(runs).values() if run.status != "FINISHED"]
    held = {run.config_hash for run in counting if lock_holder(run.config_hash, storage)}
    running = [run for run in runs if run.status in ("RUNNING", "SCHEDULED") and run.config_hash not in held]
    trials = open_trials(sweep, storage)
    alive = [trial for trial in trials if trial.alive]
    known = [trial for trial in alive if storage is not None or trial.host == socket.gethostname()]
    return Activity(
        working=tuple(run for run in counting if run.config_hash in held),
        away=tuple(run for run in running if not is_orphan(run, storage)),
        orphans=tuple(run for run in running if is_orphan(run, storage)),
        busy=tuple(known),
        remote=tuple(trial for trial in alive if trial not in known),
        lost=tuple(trial for trial in trials if trial not in alive),
    )


def describe_run(run: Record) -> str:
    """A run in words: "activation=relu seed=0 (303c4e91395a), RUNNING on gpu-7 since 2026-11-21 19:30"."""
    since = datetime.fromtimestamp(run.started).strftime("%Y-%m-%d %H:%M")
    return f"{run.name} ({run.config_hash}), {run.status} on {run.host or 'this machine'} since {since}"
