"""Who works on a sweep now, and what died while it did."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optuna.trial import FrozenTrial, TrialState

from sweeps import tracking
from sweeps.definition import SweepError
from sweeps.study import HOST, find_study, is_alive
from sweeps.tracking import Record


@dataclass(frozen=True)
class Activity:
    """What goes on, as far as the record and the locks of this machine tell.

    here: runs that a process of this machine holds. away: RUNNING on other machines, which are taken to be alive.
    orphans: RUNNING, but their process on this machine is gone. busy, lost: Optuna's RUNNING trials of living
    processes and of dead ones.
    """

    here: tuple[Record, ...]
    away: tuple[Record, ...]
    orphans: tuple[Record, ...]
    busy: tuple[FrozenTrial, ...]
    lost: tuple[FrozenTrial, ...]

    def without(self, host: str | None) -> Activity:
        """The same when the machine `host` is known to be dead. Raises SweepError where others run, and it does not."""
        if host is None:
            return self
        others = ({run.host for run in self.away} | {place(trial) for trial in self.busy}) - {socket.gethostname()}
        if host == socket.gethostname():
            raise SweepError(f"--host {host}: this machine; leave it out, what died here is known")
        if others and host not in others:
            raise SweepError(f"--host {host}: nothing is RUNNING there; it is on {', '.join(sorted(others))}")
        dead = tuple(run for run in self.away if run.host == host)
        lost = tuple(trial for trial in self.busy if place(trial) == host)
        return Activity(
            here=self.here,
            away=tuple(run for run in self.away if run not in dead),
            orphans=self.orphans + dead,
            busy=tuple(trial for trial in self.busy if trial not in lost),
            lost=self.lost + lost,
        )


def activity(sweep: str, runs: Sequence[Record], storage: str | None = None) -> Activity:
    """What goes on in a sweep.

    runs: its `tracking.attempts`. storage: the database of Optuna's studies, if not the one in `mlruns`.
    """
    held = tuple(run for run in tracking.latest(runs).values() if run.status != "FINISHED" and _is_held(run))
    running = [run for run in runs if run.status in ("RUNNING", "SCHEDULED") and not _is_held(run)]
    study = find_study(sweep, storage)
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)) if study else []
    return Activity(
        here=held,
        away=tuple(run for run in running if not _was_here(run)),
        orphans=tuple(run for run in running if _was_here(run)),
        busy=tuple(trial for trial in trials if is_alive(sweep, trial)),
        lost=tuple(trial for trial in trials if not is_alive(sweep, trial)),
    )


def _is_held(run: Record) -> bool:
    return tracking.is_held(run.config_hash)


def _was_here(run: Record) -> bool:
    return run.host in ("", socket.gethostname())


def place(trial: FrozenTrial) -> str:
    """The machine on which a trial was begun."""
    return str(trial.user_attrs.get(HOST, socket.gethostname()))


def told(run: Record) -> str:
    """A run in words: "activation=relu seed=0 (303c4e91395a), RUNNING on gpu-7 since 2026-11-21 19:30"."""
    since = datetime.fromtimestamp(run.started).strftime("%Y-%m-%d %H:%M")
    return f"{run.name} ({run.config_hash}), {run.status} on {run.host or 'this machine'} since {since}"
