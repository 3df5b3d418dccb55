"""What the terminal shows: progress of a sweep while it runs, and tables of its cells."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from sweeps.execute import Outcome
from sweeps.files import read_json
from sweeps.plan import Cell, shown_values, varied
from sweeps.tracking import work_folder

HEADLINES = {
    "marginals": "mnd/marginal_gaussianity",
    "contours": "mnd/contour_agreement",
    "radii": "mnd/radius_agreement",
    "off-origin": "mnd/off_origin_distance",
    "MSE": "reconstruction/mse",
}
STYLES = {"finished": "green", "running": "cyan", "failed": "red", "pruned": "yellow", "new": "dim"}


def console(stderr: bool = False) -> Console:
    """Colours and bars on a terminal, plain lines of any length elsewhere; NO_COLOR is respected."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr, soft_wrap=not stream.isatty(), width=None if stream.isatty() else 160, highlight=False
    )


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: 3:05, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def show_cells(out: Console, cells: Sequence[Cell], with_metrics: bool = False) -> None:
    """A table of cells: number, hash, the fields that vary, state, and where wanted the headlines."""
    names = varied([cell.config for cell in cells])
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("cell", "hash", *(name.split(".")[1] for name in names), "state"):
        table.add_column(column, no_wrap=True, justify="right" if column == "cell" else "left")
    for column in HEADLINES if with_metrics else ():
        table.add_column(column, no_wrap=True, justify="right")
    for number, cell in enumerate(cells, start=1):
        shown = shown_values(cell.config, names).values()
        state = f"[{STYLES[cell.state]}]{cell.state}[/]"
        numbers = [_number(cell, metric) for metric in HEADLINES.values()] if with_metrics else []
        table.add_row(str(number), cell.config_hash or "-", *shown, state, *numbers)
    out.print(table)
    for note in dict.fromkeys(cell.note for cell in cells if cell.note):
        affected = [str(n) for n, cell in enumerate(cells, start=1) if cell.note == note]
        which = "every cell" if len(affected) == len(cells) else f"cell {', '.join(affected)}"
        out.print(f"{which}: {note}", style="yellow", markup=False)


def _number(cell: Cell, metric: str) -> str:
    value, null = cell.metrics.get(metric), cell.metrics.get(f"{metric}_null")
    if value is None:
        return "-"
    if metric.startswith("reconstruction/"):
        return f"{value:.4f}"
    if null is None or metric.endswith("off_origin_distance"):
        return f"{value:.3f}"
    return f"{value:.3f} [dim]/ {null:.3f}[/]"


def show_legend(out: Console) -> None:
    """What the headline columns mean, in two lines."""
    out.print(
        "marginals, contours, radii: agreement with a normal distribution in 1, 2 and all dimensions, 1 is perfect; "
        "behind the slash, what a true normal cloud of that size scores.\n"
        "off-origin: distance of the center from the origin, in sizes of the cloud. MSE: held-out reconstruction.",
        style="dim",
    )


def show_running(out: Console, cell: Cell) -> None:
    """One line on a cell that some process of this machine works on."""
    state = read_json(work_folder(cell.config_hash or "") / "progress.json")
    if state is not None:
        out.print(f"{cell.label}  {told(state)[0]}", markup=False)


class SweepProgress:
    """Cell k of n, epoch, loss, images per second, time left: a bar on a terminal, a line an epoch elsewhere."""

    def __init__(self, out: Console, total: int) -> None:
        self._out, self._total = out, total
        columns = TextColumn("{task.description}"), BarColumn(bar_width=12), TextColumn("{task.fields[told]}")
        self._bar = Progress(*columns, console=out)
        self._live = out.is_terminal
        self._task = self._bar.add_task("", total=1.0, told="")
        self._durations: list[float] = []
        self._number, self._label, self._config_hash, self._epoch = 0, "", "", 0
        self._start, self._began = 0.0, 0.0

    def __enter__(self) -> SweepProgress:
        if self._live:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bar.update(self._task, visible=False)
            self._bar.stop()

    def begin(self, number: int, label: str, config_hash: str) -> None:
        """A cell starts."""
        self._number, self._label, self._config_hash = number, label, config_hash
        self._start, self._began, self._epoch = time.monotonic(), time.time(), 0
        self._say({}, "starting", 0.0)
        if not self._live:
            self._out.print(f"cell {number}/{self._total}  {label}  starting", markup=False)

    def poll(self) -> None:
        """Shows what the worker last wrote about its cell."""
        state = read_json(work_folder(self._config_hash) / "progress.json")
        if state is not None and state["started"] >= self._began:  # not what an earlier, killed process left behind
            self._say(state, *told(state, self._left(state)))

    def end(self, outcome: Outcome) -> None:
        """A cell ended."""
        spent = time.monotonic() - self._start
        self._durations.append(spent)
        message = f": {outcome.message}" if outcome.message else ""
        self._out.print(
            f"cell {self._number}/{self._total}  {self._label}  {outcome.state} after {duration(spent)}{message}",
            style=None if outcome.state in ("finished", "pruned") else "red",
            markup=False,
        )

    def _left(self, state: dict[str, Any]) -> float | None:
        """Seconds until the sweep ends, guessed from the speed of this training and of the cells before."""
        speed, total = state.get("speed"), state.get("total")
        if not speed or not total:
            return None
        epochs = state["epochs"] - state.get("epoch", 1)
        cell = (epochs * total + total - state.get("done", 0)) / speed
        whole = sum(self._durations) / len(self._durations) if self._durations else state["epochs"] * total / speed
        return float(cell + whole * (self._total - self._number))

    def _say(self, state: dict[str, Any], line: str, share: float) -> None:
        head = f"cell {self._number}/{self._total}  {self._label}"
        if self._live:
            self._bar.update(self._task, description=head, completed=share, told=line)
        elif state.get("finished_epochs", 0) > self._epoch:
            self._epoch = state["finished_epochs"]
            self._out.print(f"{head}  {epoch_line(state, self._left(state))}", markup=False)


def told(state: dict[str, Any], left: float | None = None) -> tuple[str, float]:
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
