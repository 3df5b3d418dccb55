"""Workers side by side: each runs one cell after the other, until there is nothing to do or the user stops them."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sweeps import errors, tracking, workspace
from sweeps.errors import Stopped
from sweeps.execution.budget import Budget, Reason
from sweeps.execution.launches import Request, announced
from sweeps.execution.monitor import Monitor, RunMonitor
from sweeps.execution.orphans import close_dead, close_orphans
from sweeps.execution.task import LaunchOptions, Outcome, Task
from sweeps.execution.workers import AnyWorker, make_workers
from sweeps.locks import leases
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep

POLL_SECONDS = 0.25
FINISHING = "finishing the epoch (a run past its training is finished)"
# How a worker's process ends a cell before its time: by itself, or because somebody else than its launch asked it to.
ENDED = ("died", "killed")

# Runs one cell, `run(number, cell, **fields of its Task)`.
RunCell = Callable[..., Awaitable[Outcome]]


def store_answers(storage: str | None) -> bool:
    """Whether the tracking store, and the shared database where there is one, can be asked now."""
    return tracking.answers() and (storage is None or leases.answers(storage))


@dataclass(frozen=True)
class Patience:
    """With a store that is down: asked again every so many seconds, given up after so many."""

    ask_again: float = 5
    give_up: float = 1800
    answers: Callable[[str | None], bool] = store_answers


class WorkerPool:
    """The workers of one launch. total: the runs to come, 0 where that is not known."""

    def __init__(
        self,
        sweep: Sweep,
        options: LaunchOptions,
        total: int,
        monitor: Monitor,
        description: str,
        workers: Sequence[AnyWorker] | None = None,
        patience: Patience = Patience(),
    ) -> None:
        self._sweep, self._options, self._monitor, self._patience = sweep, options, monitor, patience
        self._experiment_id = tracking.experiment(sweep.name, description)
        close_orphans(sweep.name, options.storage)
        self._workers = make_workers(sweep, options) if workers is None else workers
        monitor.expect(total, len(self._workers))
        if warning := tracking.misplaced(self._experiment_id):
            monitor.say(warning, "yellow")
        self._interrupts = 0
        self._budget = Budget(sweep.max_failures, sweep.max_hours)
        self._why: Reason | None = None
        # What each worker is at, and what nobody is to do any more, by config_hash.
        self._at_work: dict[str, AnyWorker] = {}
        self._left: set[str] = set()
        self.seeds_together = options.seeds_together
        self.stopping = False

    def work(self, lane: Callable[[RunCell], Coroutine[Any, Any, None]]) -> None:
        """Lets every worker go its lane: `lane(run)` runs cells with `run`, and ends soon when `stopping` is set.

        Raises KeyboardInterrupt after Ctrl-C or SIGTERM, Stopped when its hours are over or `cae stop` asks for it:
        each when the running cells have been closed as KILLED.
        """
        self._budget.begin()
        with announced(self._sweep.name, self._options.storage) as requests:
            _run(self._work(lane, requests), self._interrupt)
            if self._interrupts or self._why:
                self._close_orphans()
        if self._interrupts:
            raise KeyboardInterrupt
        if self._why and self._why.interrupts:
            raise Stopped(self._why.words)

    def _close_orphans(self) -> None:
        """Of workers too busy to close their runs themselves."""
        with suppress(errors.TrackingError):
            close_orphans(self._sweep.name, self._options.storage)

    async def _work(
        self, lane: Callable[[RunCell], Coroutine[Any, Any, None]], requests: Callable[[], list[Request]]
    ) -> None:
        if threading.current_thread() is threading.main_thread():  # no other may ask for signals
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
            loop.add_signal_handler(signal.SIGTERM, self._stop_now)
        with self._monitor:
            ticking = asyncio.create_task(self._tick(requests))
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
            await lane(partial(self._run, worker, self._monitor.line()))
        finally:
            worker.stop()

    async def _tick(self, requests: Callable[[], list[Request]]) -> None:
        while True:
            self._monitor.poll()
            for request in requests():
                self._asked(request)
            self._end_if(self._budget.hours_over())
            await asyncio.sleep(POLL_SECONDS)

    async def _run(self, worker: AnyWorker, line: RunMonitor, number: int, cell: SweepRun, **more: Any) -> Outcome:
        """The outcome of a cell, tried again where that is worth it."""
        task = replace(_task(self._sweep, self._experiment_id, cell, self._options), **more)
        self._at_work[task.config_hash] = worker
        try:
            outcome = await self._try(worker, line, number, task)
        finally:
            del self._at_work[task.config_hash]
        if task.config_hash not in self._left:
            self._end_if(self._budget.ended(outcome))
        elif not self.stopping:
            worker.stop()  # its process still knows that it was asked to end, and would begin nothing more
            self._close_orphans()
        return outcome

    async def _try(self, worker: AnyWorker, line: RunMonitor, number: int, task: Task) -> Outcome:
        deaths, began = 0, time.monotonic()
        while task.config_hash not in self._left:
            line.begin(number, task.label, task.config_hash)
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
            if self.stopping or not again or task.config_hash in self._left:
                return outcome
        return Outcome("killed", "left, as cae stop asked for")

    def _close_dead(self, task: Task, outcome: Outcome) -> None:
        with suppress(errors.TrackingError):  # the next attempt adopts its run then
            close_dead(task.sweep, task.config_hash, outcome.message)

    async def _until_it_answers(self, began: float) -> None:
        """Waits while the tracking store or the database is down. Raises TrackingError when that takes too long."""
        self._monitor.say(f"{self._pending()}; asked again every {self._patience.ask_again:g} s", "yellow")
        while not self.stopping:
            await asyncio.sleep(self._patience.ask_again)
            if await asyncio.to_thread(self._patience.answers, self._options.storage):
                return
            if time.monotonic() - began > self._patience.give_up:
                raise errors.TrackingError(f"{self._pending()}; the same command goes on when it is back")

    def _pending(self) -> str:
        count = len(list((workspace.home() / "work").glob("*/result.json")))
        waiting = "1 result waits" if count == 1 else f"{count} results wait"
        return f"{workspace.uri()} cannot be used now; {waiting} in {workspace.home() / 'work'}"

    # --- stopping ------------------------------------------------------------------------------------------------

    def _interrupt(self) -> None:
        """Ctrl-C: once finishes the epoch, twice, or where the launch is ending anyway, stops now."""
        if self._interrupts or self._why:
            return self._stop_now()
        self._interrupts = 1
        self._monitor.say(f"{FINISHING}; Ctrl-C again stops now", "yellow")
        return self._finish_epochs()

    def _end_if(self, why: Reason | None, now: bool = False) -> None:
        """Ends as after Ctrl-C once where there is a reason, unless it is ending already; now: more is to come."""
        if why is None or self.stopping:
            return
        self._why = why
        self._monitor.say(f"{why.words}: {'now' if now else f'{FINISHING}; Ctrl-C stops now'}", "yellow")
        self._finish_epochs()

    def _asked(self, request: Request) -> None:
        """What `cae stop` asks for: all, or one cell, after its epoch or now."""
        said = f"stopped by cae stop on {request.by}"
        if request.cell is not None:
            return self._leave(request.cell, request.now, said)
        self._end_if(Reason(said), request.now)
        return self._stop() if request.now else None

    def _leave(self, config_hash: str, now: bool, said: str) -> None:
        """That cell is left to another launch, and this one goes on without it."""
        self._left.add(config_hash)
        worker = self._at_work.get(config_hash)
        if worker is not None:
            self._monitor.say(f"{config_hash} is {said}; the next cae run goes on with it", "yellow")
            (worker.interrupt if now else worker.finish_epoch)()

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


def _run(work: Coroutine[Any, Any, None], interrupt: Callable[[], None]) -> None:
    """Runs it to its end: in a thread of its own where this one has a loop already, as a notebook's has.

    interrupt: called for each KeyboardInterrupt that this thread gets meanwhile.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1, "launch") as pool:
        done = pool.submit(asyncio.run, work)
        while True:
            try:
                return done.result()
            except KeyboardInterrupt:
                if done.done():  # its own, not this thread's
                    raise
                interrupt()


def _task(sweep: Sweep, experiment_id: str, cell: SweepRun, options: LaunchOptions) -> Task:
    assert cell.config_hash is not None
    assert cell.cell_hash is not None
    assert cell.data_digest is not None
    hashes = cell.config_hash, cell.cell_hash, cell.data_digest
    task = Task(
        sweep.name,
        experiment_id,
        cell.label,
        cell.config,
        *hashes,
        asked=tuple(sweep.asked),
        formulas=sweep.metrics,
        reuse=sweep.reuse,
    )
    return replace(task, storage=options.storage, system_metrics=options.system_metrics, compute=options.compute)
