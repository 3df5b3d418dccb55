"""A process that runs cells one after the other, so that TensorFlow is imported once and a leak dies with it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import FrameType, ModuleType

import psutil

from sweeps.execution.callbacks import Interrupted, stop_after_epoch
from sweeps.execution.execute import execute
from sweeps.execution.placement import Placement
from sweeps.execution.task import Outcome, Task

# A worker that has grown by this much since its first cell is replaced before the next one.
LEAK_LIMIT = 1 << 30
STOP_SECONDS = 60
POLL_SECONDS = 0.02


class Worker:
    """One process for cells, replaced when it dies or leaks."""

    def __init__(
        self,
        place: Placement = Placement(),
        run: Callable[[Task], Outcome] = execute,
        leak_limit: int = LEAK_LIMIT,
    ) -> None:
        self._place, self._run, self._leak_limit = place, run, leak_limit
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._first_memory = 0
        self._asked_to_end: float | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def run(self, task: Task) -> Outcome:
        """The outcome of a cell. A process that dies of it is an outcome too."""
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(task)
            while not self._connection.poll():
                await asyncio.sleep(POLL_SECONDS)
                self._end_if_late()
            outcome: Outcome = self._connection.recv()
        except (EOFError, OSError):
            return self._died()
        self._first_memory = self._first_memory or outcome.memory
        if outcome.memory > self._first_memory + self._leak_limit:
            self.stop()
        return outcome

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._place, self._run), daemon=True)
        with _signals_held_back(), _main_left_out():
            self._process.start()
        theirs.close()
        self._first_memory, self._asked_to_end = 0, None

    def _died(self) -> Outcome:
        assert self._process is not None
        self._process.join(10)
        code, asked = self._process.exitcode, self._asked_to_end is not None
        self._process = None
        if asked:
            return Outcome("killed", "interrupted")
        return Outcome("died", f"its process died ({_death(code)}); too little memory is a common cause")

    def finish_epoch(self) -> None:
        """Asks the process to end its training with the epoch it is in. Its outcome is `killed` then."""
        self._signal(signal.SIGINT)

    def interrupt(self) -> None:
        """Asks the process to end what it does now; kills it when that takes too long. Its outcome is `killed`."""
        self._signal(signal.SIGTERM)
        self._asked_to_end = self._asked_to_end or time.monotonic()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def _end_if_late(self) -> None:
        late = self._asked_to_end is not None and time.monotonic() - self._asked_to_end > STOP_SECONDS
        if late and self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """Ends an idle process."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join(STOP_SECONDS)
            self._process.kill()
            self._process.join()
        self._process = None


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """A process that is started here gets them when it is ready for them."""
    resource_tracker.ensure_running()  # it would let them through again
    signals = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _main_left_out() -> Iterator[None]:
    """A process that is started here does not run the launching script again, which need not guard its main part."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _death(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _serve(connection: Connection, place: Placement, run: Callable[[Task], Outcome]) -> None:
    """The worker's life: receive a task, run it, send its outcome."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    os.environ.update(place.environment)
    if place.cores:
        os.sched_setaffinity(0, place.cores)
    # Ctrl-C reaches every process of the terminal; the parent sends it on, too.
    signal.signal(signal.SIGINT, lambda number, frame: stop_after_epoch.set())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        while True:
            outcome = run(connection.recv())
            connection.send(replace(outcome, memory=psutil.Process().memory_info().rss))
            if outcome.state == "killed":
                return
    except (EOFError, BrokenPipeError, Interrupted):
        return


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second request must not cut off the closing of the run
    raise Interrupted


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
