"""Workers side by side: each runs one cell after the other, until there is nothing to do or the user stops them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from rich.console import Console

from sweeps import leases, tracking
from sweeps.definition import Sweep
from sweeps.execute import Outcome, Task
from sweeps.orphans import close_dead, close_orphans
from sweeps.plan import Cell
from sweeps.progress import CellProgress, SweepProgress
from sweeps.resources import places
from sweeps.workers import Worker

POLL_SECONDS = 0.25
ASK_AGAIN_SECONDS = 5
PATIENCE_SECONDS = 1800
# How a worker's process ends a cell before its time: by itself, or because somebody else than its launch asked it to.
ENDED = ("died", "killed")

# Runs one cell, `run(number, cell, **fields of its Task)`.
RunCell = Callable[..., Awaitable[Outcome]]


class AnyWorker(Protocol):
    """A process for cells, here or on another machine."""

    async def run(self, task: Task) -> Outcome: ...

    def finish_epoch(self) -> None: ...

    def interrupt(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Means:
    """What a launch works with.

    workers: processes, None for one on this machine, or as many as a Ray cluster holds. storage: the database that
    machines share. ray: address of a Ray cluster. num_cpus, num_gpus: what each run takes of that cluster.
    """

    workers: int | None = None
    storage: str | None = None
    ray: str | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None


class Crew:
    """The workers of one launch."""

    def __init__(self, sweep: Sweep, means: Means, total: int, out: Console, description: str) -> None:
        self._sweep, self._means = sweep, means
        self._experiment_id = tracking.experiment(sweep.name, description)
        close_orphans(sweep.name, means.storage)
        self._workers = hire(sweep, means)
        self._progress = SweepProgress(out, total, len(self._workers))
        self._interrupts = 0
        self.stopping = False

    def work(self, lane: Callable[[RunCell], Coroutine[Any, Any, None]]) -> None:
        """Lets every worker go its lane: `lane(run)` runs cells with `run`, and ends soon when `stopping` is set.

        Raises KeyboardInterrupt after Ctrl-C or SIGTERM, when the running cells have been closed as KILLED.
        """
        asyncio.run(self._work(lane))
        if self._interrupts:
            with suppress(tracking.TrackingError):
                close_orphans(self._sweep.name, self._means.storage)  # of workers too busy to do so themselves
            raise KeyboardInterrupt

    async def _work(self, lane: Callable[[RunCell], Coroutine[Any, Any, None]]) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._stop_now)
        with self._progress:
            ticking = asyncio.create_task(self._tick())
            lanes = [asyncio.create_task(self._lane(worker, lane)) for worker in self._workers]
            try:
                await asyncio.gather(*lanes)
            except BaseException:
                self._stop()
                await asyncio.wait(lanes)
                raise
            finally:
                ticking.cancel()

    async def _lane(self, worker: AnyWorker, lane: Callable[[RunCell], Coroutine[Any, Any, None]]) -> None:
        try:
            await lane(partial(self._run, worker, self._progress.line()))
        finally:
            worker.stop()

    async def _tick(self) -> None:
        while True:
            self._progress.poll()
            await asyncio.sleep(POLL_SECONDS)

    async def _run(self, worker: AnyWorker, line: CellProgress, number: int, cell: Cell, **more: Any) -> Outcome:
        """The outcome of a cell, tried again where that is worth it."""
        task = replace(_task(self._sweep, self._experiment_id, cell, self._means.storage), **more)
        deaths, began = 0, time.monotonic()
        while True:
            line.begin(number, cell.label, task.config_hash)
            outcome = await worker.run(task)
            line.end(outcome)
            deaths += outcome.state in ENDED
            if outcome.state == "died":
                self._close_dead(task, outcome)
            if outcome.state == "full":
                self._finish_epochs()
            if outcome.state == "waiting":
                await self._until_it_answers(began)
            again = (
                deaths < self._sweep.max_attempts if outcome.state in ENDED else outcome.state in ("lost", "waiting")
            )
            if self.stopping or not again:
                return outcome

    def _close_dead(self, task: Task, outcome: Outcome) -> None:
        with suppress(tracking.TrackingError):  # the next attempt adopts its run then
            close_dead(task.sweep, task.config_hash, outcome.message)

    async def _until_it_answers(self, began: float) -> None:
        """Waits while the tracking store or the database is down. Raises TrackingError when that takes too long."""
        self._progress.say(f"{self._pending()}; asked again every {ASK_AGAIN_SECONDS} s", "yellow")
        while not self.stopping:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
            if await asyncio.to_thread(self._answers):
                return
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise tracking.TrackingError(f"{self._pending()}; the same command goes on when it is back")

    def _answers(self) -> bool:
        return tracking.answers() and (self._means.storage is None or leases.answers(self._means.storage))

    def _pending(self) -> str:
        count = len(list((tracking.home() / "work").glob("*/result.json")))
        waiting = "1 result waits" if count == 1 else f"{count} results wait"
        return f"{tracking.uri()} cannot be used now; {waiting} in {tracking.home() / 'work'}"

    # --- stopping ------------------------------------------------------------------------------------------------

    def _interrupt(self) -> None:
        """Ctrl-C: once finishes the epoch, twice stops now."""
        if self._interrupts:
            return self._stop_now()
        self._interrupts = 1
        self._progress.say(
            "finishing the epoch (a run past its training is finished); Ctrl-C again stops now", "yellow"
        )
        return self._finish_epochs()

    def _stop_now(self) -> None:
        self._interrupts += 1
        self._stop()

    def _stop(self) -> None:
        self.stopping = True
        for worker in self._workers:
            worker.interrupt()

    def _finish_epochs(self) -> None:
        self.stopping = True
        for worker in self._workers:
            worker.finish_epoch()


def hire(sweep: Sweep, means: Means) -> Sequence[AnyWorker]:
    """The workers that were asked for, none started yet. Raises SweepError."""
    if means.ray is None:
        return [Worker(place) for place in places(means.workers or 1)]
    from sweeps.rayworkers import hire_on_cluster

    cpus = means.num_cpus if means.num_cpus is not None else sweep.num_cpus
    gpus = means.num_gpus if means.num_gpus is not None else sweep.num_gpus
    return hire_on_cluster(means.ray, means.workers, cpus, gpus)


def _task(sweep: Sweep, experiment_id: str, cell: Cell, storage: str | None) -> Task:
    assert cell.config_hash is not None
    assert cell.cell_hash is not None
    assert cell.data_digest is not None
    hashes = cell.config_hash, cell.cell_hash, cell.data_digest
    return Task(sweep.name, experiment_id, cell.label, cell.config, *hashes, storage=storage)
