"""Run what is not finished of a sweep, one cell after the other."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from rich.console import Console

from sweeps import tracking
from sweeps.definition import Sweep
from sweeps.execute import Outcome, Task
from sweeps.files import read_json, write_json
from sweeps.plan import Cell
from sweeps.view import SweepProgress
from sweeps.workers import Worker


def launch(sweep: Sweep, cells: Sequence[Cell], out: Console, description: str) -> None:
    """Runs each cell and shows how it ended. A cell that another process works on is waited for.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, when the running cell has been closed as KILLED.
    """
    waiting = deque(enumerate(cells, start=1))
    with cell_runner(sweep, len(cells), out, description) as run:
        while waiting:
            number, cell = waiting.popleft()
            if run(number, cell).state == "busy":
                waiting.append((number, cell))
                time.sleep(1)


@contextmanager
def cell_runner(sweep: Sweep, total: int, out: Console, description: str) -> Iterator[Callable[..., Outcome]]:
    """A function that runs one cell, `run(number, cell, **fields of its Task)`, and shows how it ended."""
    experiment_id = tracking.experiment(sweep.name, description)
    tracking.close_orphans(sweep.name)
    worker = Worker()
    with _sigterm_as_interrupt(), SweepProgress(out, total) as progress:

        def run(number: int, cell: Cell, **more: Any) -> Outcome:
            task = replace(_task(sweep, experiment_id, cell), **more)
            progress.begin(number, cell.label, task.config_hash)
            outcome = worker.run(task, progress.poll)
            if outcome.state != "busy":
                progress.end(outcome)
            if outcome.state == "died":
                tracking.close_orphans(sweep.name)
            return outcome

        try:
            yield run
        except KeyboardInterrupt:
            worker.stop()
            tracking.close_orphans(sweep.name)  # of a worker that was too busy to close its run itself
            raise
        finally:
            worker.stop()


def _task(sweep: Sweep, experiment_id: str, cell: Cell) -> Task:
    assert cell.config_hash is not None
    assert cell.cell_hash is not None
    assert cell.data_digest is not None
    hashes = cell.config_hash, cell.cell_hash, cell.data_digest
    return Task(sweep.name, experiment_id, cell.label, cell.config, *hashes)


def remember(sweep: str, overrides: Sequence[str]) -> None:
    """Keeps the --set words of a launch, so that `cae status` asks about what was launched."""
    write_json(tracking.home() / "sweeps" / f"{sweep}.json", {"set": list(overrides)})


def recall(sweep: str) -> tuple[str, ...]:
    """The --set words of the last launch."""
    return tuple((read_json(tracking.home() / "sweeps" / f"{sweep}.json") or {}).get("set", []))


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
