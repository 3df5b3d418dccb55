"""A process that runs cells one after the other, so that TensorFlow is imported once and a leak dies with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from types import FrameType

import psutil

from sweeps.execute import Interrupted, Outcome, Task, execute

# A worker that has grown by this much since its first cell is replaced before the next one.
LEAK_LIMIT = 1 << 30
STOP_SECONDS = 60


class Worker:
    """One process for cells, replaced when it dies or leaks."""

    def __init__(self, run: Callable[[Task], Outcome] = execute, leak_limit: int = LEAK_LIMIT) -> None:
        self._run, self._leak_limit = run, leak_limit
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._first_memory = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def run(self, task: Task, while_waiting: Callable[[], None] = lambda: None) -> Outcome:
        """The outcome of a cell; `while_waiting` is called four times a second. Interruptions pass through."""
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._connection is not None
        assert self._process is not None
        self._connection.send(task)
        while not self._connection.poll(0.25):
            if not self._process.is_alive():
                break
            while_waiting()
        return self._receive()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._run), daemon=True)
        self._process.start()
        theirs.close()
        self._first_memory = 0

    def _receive(self) -> Outcome:
        assert self._connection is not None
        assert self._process is not None
        try:
            outcome: Outcome = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(10)
            code = self._process.exitcode
            self._process = None
            return Outcome("died", f"its process died ({_death(code)}); too little memory is a common cause")
        self._first_memory = self._first_memory or outcome.memory
        if outcome.memory > self._first_memory + self._leak_limit:
            self.stop()
        return outcome

    def stop(self) -> None:
        """Asks the process to end what it does (its run is then KILLED, to be resumed) and waits; at last kills it."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join(STOP_SECONDS)
            self._process.kill()
            self._process.join()
        self._process = None


def _death(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _serve(connection: Connection, run: Callable[[Task], Outcome]) -> None:
    """The worker's life: receive a task, run it, send its outcome."""
    # Ctrl-C reaches every process of the terminal; the parent decides and sends SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
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
