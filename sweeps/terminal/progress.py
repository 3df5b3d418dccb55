"""What each worker does and when the sweep ends: bars on a terminal; elsewhere a line an epoch, and a word now and then
from what takes longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from rich.table import Column

from sweeps.execution.task import Outcome
from sweeps.files import read_json
from sweeps.terminal.steps import describe_progress, duration, epoch_line
from sweeps.terminal.time_left import Size, Took, time_left
from sweeps.workspace import work_folder

# Seconds without a word after which a cell says what it does, where there is no terminal to show it all the time.
QUIET = 30
# Characters of what stands behind the bars, so that they do not move with every word.
TOLD = 36


class SweepProgress:
    """What a launch shows while it goes on: an `execution.monitor.Monitor`.

    took: sizes of cells and the seconds they took before it. sizes: of the cells to come, where they are known. most:
    the cells that it does, where that is less than those to come.
    """

    def __init__(
        self,
        out: Console,
        took: Sequence[Took] = (),
        most: int | None = None,
        sizes: Sequence[Size] = (),
    ) -> None:
        self.out, self.total, self.workers = out, 0, 1
        self.live = out.is_terminal
        columns = (
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[told]}", table_column=Column(no_wrap=True, min_width=TOLD)),
        )
        self.bars = Progress(*columns, console=out, expand=True)
        self.begun, self.launched, self._most = 0, set[int](), most
        self.busy: set[str] = set()  # cells that other processes work on
        self._before, self._took, self._sizes = list(took), list[Took](), list(sizes)
        self._lines: list[CellProgress] = []
        self._all = self.bars.add_task("", total=None, told="", visible=False)

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
        if self.live and self.total > 1:
            ended = self.begun - len(self.busy | {line.head for line in self._lines if line.at_work})
            words = f"{ended} of {self.total} cells ended"
            self.bars.update(
                self._all, total=self.total, completed=ended, visible=True, description=words, told=self.left()
            )

    def say(self, text: str, style: str | None = None) -> None:
        self.out.print(text, style=style, markup=False)

    def starts(self, number: int) -> None:
        self.begun = max(self.begun, number)
        self.launched.add(number)

    def size(self, number: int) -> Size | None:
        """Of the cell of this number, from 1 on."""
        return self._sizes[number - 1] if number <= len(self._sizes) else None

    def took(self, done: Took) -> None:
        """A cell was done from beginning to end."""
        self._took.append(done)

    def left(self) -> str:
        """How long the sweep still takes, in words; empty while that is not known."""
        if not self.total:
            return ""
        running = [(line.size, line.state) for line in self._lines if line.at_work]
        waiting = [self.size(number) for number in range(self.begun + 1, self.total + 1)]
        if self._most is not None:
            waiting = waiting[: max(self._most - len(self.launched), 0)]
        left = time_left(running, waiting, self.workers, self._known(), time.time())
        return f"{left.told()} left" if left else ""

    def _known(self) -> list[Took]:
        """What cells took, those of before only of sizes that this launch has not met yet."""
        met = {each.size for each in self._took}
        return [*self._took, *(each for each in self._before if each.size not in met)]


class CellProgress:
    """The cell that one worker is on. state: what its progress file says, only when it began while there is none."""

    def __init__(self, sweep: SweepProgress) -> None:
        self._sweep = sweep
        self._bar: TaskID = sweep.bars.add_task("", total=1.0, told="", visible=False)
        self.state: dict[str, Any] = {}
        self.size: Size | None = None
        self.head, self._config_hash, self._epoch = "", "", 0
        self._start, self._began, self._spoke = 0.0, 0.0, 0.0

    @property
    def at_work(self) -> bool:
        return bool(self._config_hash)

    def begin(self, number: int, label: str, config_hash: str) -> None:
        """A cell starts."""
        of = f"/{self._sweep.total}" if self._sweep.total else ""
        self.head, self._config_hash = f"cell {number}{of}  {label}", config_hash
        self.size = self._sweep.size(number)
        self._start, self._began, self._epoch = time.monotonic(), time.time(), 0
        self.state = {"started": self._began}
        self._sweep.starts(number)
        if self._sweep.live:
            self._show("starting", 0.0)
        elif self.head not in self._sweep.busy:
            self._say("starting")

    def poll(self) -> None:
        state = read_json(work_folder(self._config_hash) / "progress.json") if self._config_hash else None
        if state is None or state["started"] < self._began:  # left behind by an earlier, killed process
            return
        self.state = state
        if self._sweep.live:
            self._show(*describe_progress(state, time.time()))
        elif state.get("finished_epochs", 0) > self._epoch:
            self._epoch = state["finished_epochs"]
            left = self._sweep.left()
            self._say(epoch_line(state) + (f"  sweep: {left}" if left else ""))
        elif time.monotonic() - self._spoke > QUIET:
            self._say(describe_progress(state, time.time())[0])

    def end(self, outcome: Outcome) -> None:
        """A cell ended."""
        spent = time.monotonic() - self._start
        self._config_hash = ""
        self._sweep.bars.update(self._bar, visible=False)
        if outcome.state == "busy":
            if self.head not in self._sweep.busy:
                self._say("another process works on it; waiting for its end")
            return self._sweep.busy.add(self.head)
        self._sweep.busy.discard(self.head)
        if outcome.state in ("finished", "pruned") and self.state.get("first_epoch") == 1:
            self._sweep.took(Took(self.size, spent, self._after_training()))
        message = f": {outcome.message}" if outcome.message else ""
        style = None if outcome.state in ("finished", "pruned") else "red"
        return self._say(f"{outcome.state} after {duration(spent)}{message}", style)

    def _after_training(self) -> float | None:
        ended = self.state.get("epoch_ended")
        return None if ended is None else max(time.time() - ended, 0.0)

    def _say(self, text: str, style: str | None = None) -> None:
        self._spoke = time.monotonic()
        self._sweep.say(f"{self.head}  {text}", style)

    def _show(self, line: str, share: float) -> None:
        self._sweep.bars.update(self._bar, description=self.head, completed=share, told=line, visible=True)


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
