"""Cell k of n, epoch, loss, images a second, time left: a bar a worker on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from sweeps.execution.task import Outcome
from sweeps.files import read_json
from sweeps.workspace import work_folder


class SweepProgress:
    """What a launch shows while it goes on: an `execution.monitor.Monitor`."""

    def __init__(self, out: Console) -> None:
        self.out, self.total, self.workers = out, 0, 1
        self.live = out.is_terminal
        columns = TextColumn("{task.description}"), BarColumn(bar_width=12), TextColumn("{task.fields[told]}")
        self.bars = Progress(*columns, console=out)
        self.durations: list[float] = []
        self.begun = 0
        self.busy: set[str] = set()  # cells that other processes work on
        self._lines: list[CellProgress] = []

    def expect(self, total: int, workers: int) -> None:
        self.total, self.workers = total, workers

    def __enter__(self) -> SweepProgress:
        if self.live:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            for task in self.bars.task_ids:
                self.bars.update(task, visible=False)
            self.bars.stop()

    def line(self) -> CellProgress:
        """The line of one worker."""
        self._lines.append(CellProgress(self))
        return self._lines[-1]

    def poll(self) -> None:
        """Shows what the workers last wrote about their cells."""
        for line in self._lines:
            line.poll()

    def say(self, text: str, style: str | None = None) -> None:
        self.out.print(text, style=style, markup=False)


class CellProgress:
    """The cell that one worker is on."""

    def __init__(self, sweep: SweepProgress) -> None:
        self._sweep = sweep
        self._bar: TaskID = sweep.bars.add_task("", total=1.0, told="", visible=False)
        self._head, self._config_hash, self._epoch = "", "", 0
        self._start, self._began = 0.0, 0.0

    def begin(self, number: int, label: str, config_hash: str) -> None:
        """A cell starts."""
        of = f"/{self._sweep.total}" if self._sweep.total else ""
        self._head, self._config_hash = f"cell {number}{of}  {label}", config_hash
        self._start, self._began, self._epoch = time.monotonic(), time.time(), 0
        self._sweep.begun = max(self._sweep.begun, number)
        if self._sweep.live:
            self._show("starting", 0.0)
        elif self._head not in self._sweep.busy:
            self._sweep.say(f"{self._head}  starting")

    def poll(self) -> None:
        state = read_json(work_folder(self._config_hash) / "progress.json") if self._config_hash else None
        if state is None or state["started"] < self._began:  # left behind by an earlier, killed process
            return
        if self._sweep.live:
            self._show(*describe_progress(state, self._left(state)))
        elif state.get("finished_epochs", 0) > self._epoch:
            self._epoch = state["finished_epochs"]
            self._sweep.say(f"{self._head}  {epoch_line(state, self._left(state))}")

    def end(self, outcome: Outcome) -> None:
        """A cell ended."""
        spent = time.monotonic() - self._start
        self._config_hash = ""
        self._sweep.bars.update(self._bar, visible=False)
        if outcome.state == "busy":
            if self._head not in self._sweep.busy:
                self._sweep.say(f"{self._head}  another process works on it; waiting for its end")
            return self._sweep.busy.add(self._head)
        self._sweep.durations.append(spent)
        message = f": {outcome.message}" if outcome.message else ""
        style = None if outcome.state in ("finished", "pruned") else "red"
        return self._sweep.say(f"{self._head}  {outcome.state} after {duration(spent)}{message}", style)

    def _show(self, line: str, share: float) -> None:
        self._sweep.bars.update(self._bar, description=self._head, completed=share, told=line, visible=True)

    def _left(self, state: dict[str, Any]) -> float | None:
        """Seconds until the sweep ends, guessed from the speed of this training and of the cells before."""
        speed, total = state.get("speed"), state.get("total")
        if not speed or not total:
            return None
        epochs = state["epochs"] - state.get("epoch", 1)
        cell = (epochs * total + total - state.get("done", 0)) / speed
        durations = self._sweep.durations
        whole = sum(durations) / len(durations) if durations else state["epochs"] * total / speed
        rounds = math.ceil(max(0, self._sweep.total - self._sweep.begun) / self._sweep.workers)
        return float(cell + whole * rounds)


def describe_progress(state: dict[str, Any], left: float | None = None) -> tuple[str, float]:
    """One line on a worker's progress file, and the share of the training that is done (0 ... 1)."""
    epochs = state["epochs"]
    if state.get("step") not in (None, "train"):
        return state["step"], 0.0 if state["step"] == "load" else 1.0
    if "epoch" not in state:
        return "building the network", 0.0
    if state.get("finished_epochs") == state["epoch"]:
        return epoch_line(state, left), state["epoch"] / epochs
    share = (state["epoch"] - 1 + state["done"] / state["total"]) / epochs
    return f"epoch {state['epoch']}/{epochs}  loss {state['loss']:.4f}  {_pace(state, left)}", share


def epoch_line(state: dict[str, Any], left: float | None = None) -> str:
    """One line on the last finished epoch."""
    losses = f"loss {state['last_loss']:.4f}  held out {state['held_out_loss']:.4f}"
    return f"epoch {state['finished_epochs']}/{state['epochs']}  {losses}  {_pace(state, left)}"


def _pace(state: dict[str, Any], left: float | None) -> str:
    return f"{state['speed']:.0f} images/s" + ("" if left is None else f"  {duration(left)} left")


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: 3:05, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


Item = TypeVar("Item")


@contextmanager
def byte_bar(out: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows how many bytes of how many are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def item_bar(out: Console, first: str) -> Iterator[Callable[[int, int, str], None]]:
    """A function that shows how many of how many are done, and of what; `first` until it is called."""
    with _items(out) as bar:
        task = bar.add_task(first, total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)


def shown(out: Console, what: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items as they come, under a bar on a terminal."""
    with _items(out) as bar:
        yield from bar.track(items, total=total, description=what)


def _items(out: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
