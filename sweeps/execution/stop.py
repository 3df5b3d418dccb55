"""Ask the launches of a sweep to stop, or to stop one run and go on with the others."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from sweeps import tracking
from sweeps.errors import SweepError
from sweeps.execution.launches import Launch, Request, alive, ask
from sweeps.planning.state import is_orphan, state_of
from sweeps.tracking import Record

# Characters of a hash by which a run is named.
LEAST = 4
# Between two looks whether it has happened.
WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Asked:
    """What was asked of which launches. run: the one to be stopped, None for all. lines: the same in words."""

    sweep: str
    storage: str | None
    launches: tuple[Launch, ...]
    run: Record | None
    lines: tuple[str, ...]

    def happened(self) -> bool:
        """Whether it has been done by now, or ended in another way. Raises TrackingError."""
        if self.run is None or not self.launches:
            return not set(self.launches) & set(alive(self.sweep, self.storage))
        run = tracking.record_of(self.sweep, self.run.config_hash)
        return run is None or run.status not in ("RUNNING", "SCHEDULED") or is_orphan(run, self.storage)

    def wait(self) -> None:
        """Returns when it has happened. Raises TrackingError."""
        while self.launches and not self.happened():
            time.sleep(WAIT_SECONDS)


def stop(sweep: str, storage: str | None = None, cell: str | None = None, now: bool = False) -> Asked:
    """Asks every launch that runs now to stop after the epoch, or `now`; later ones know nothing of it.

    storage: the database of leases, if any. cell: the first characters of a config_hash, of the one run to stop; it
    goes on with the next launch. Raises SweepError, TrackingError.
    """
    run = _run(sweep, cell) if cell is not None else None
    if run is not None and run.status != "RUNNING":
        told = f"{_told(run)} is {state_of(run, storage)[0]}: nothing works on it"
        return Asked(sweep, storage, (), run, (f"{sweep}: {told}",))
    launches = tuple(alive(sweep, storage))
    if not launches:
        return Asked(sweep, storage, (), run, (f"{sweep}: no launch of it is running",))
    request = Request(run.config_hash if run else None, now, socket.gethostname())
    for launch in launches:
        ask(sweep, launch, request)
    return Asked(sweep, storage, launches, run, _lines(sweep, launches, run, now))


def _run(sweep: str, cell: str) -> Record:
    if len(cell) < LEAST:
        raise SweepError(f"--cell {cell}: give at least {LEAST} characters of a hash")
    found = [run for key, run in tracking.records(sweep).items() if key.startswith(cell)]
    if len(found) > 1:
        raise SweepError(f"--cell {cell}: stands for {_told(found[0])} and {_told(found[1])}; give more characters")
    if not found:
        raise SweepError(f"--cell {cell}: no run of {sweep} that was begun has this hash; cae status FILE lists them")
    return found[0]


def _lines(sweep: str, launches: tuple[Launch, ...], run: Record | None, now: bool) -> tuple[str, ...]:
    when = "now" if now else "after the epoch"
    if run is not None:
        where = f" on {run.host}" if run.host else ""
        return (f"{sweep}: {_told(run)}, RUNNING{where}, is asked to stop {when}; what else is to be done goes on",)
    return tuple(f"{sweep}: {launch.told()} is asked to stop {when}" for launch in launches)


def _told(run: Record) -> str:
    return f"{run.name} ({run.config_hash})"
