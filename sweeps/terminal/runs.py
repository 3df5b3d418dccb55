"""What the terminal shows of a sweep: tables of its cells, and what is running."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.text import Text

from sweeps.analysis.column import Column
from sweeps.files import read_json
from sweeps.planning.plan import SweepRun
from sweeps.spec.display import HEADLINES, plural, short_name, shown_values, varied
from sweeps.spec.order import best_first
from sweeps.spec.remarks import has_learned
from sweeps.spec.sweep import Sweep
from sweeps.terminal.steps import describe_progress
from sweeps.terminal.table import show_table
from sweeps.terminal.time_left import AFTER_TRAINING, Took, size, time_left
from sweeps.workspace import work_folder

# How long a column stays on a narrow terminal, see `Column`; the four headlines always. A state that all share is told
# by the line below the table.
NEEDS = {"hash": 3, "state": 2, "the same state": 5, "MSE": 1, "field": 1, "constraint": 1}
# Characters of a hash on a narrow terminal: more where others begin so.
SHORT_HASH = 6
# Metrics that say how long each step of a run took.
SECONDS = "seconds/"
STYLES = {"finished": "green", "running": "cyan", "failed": "red", "pruned": "yellow", "new": "dim"}


def console(stderr: bool = False) -> Console:
    """Colours and bars on a terminal, plain lines of any length elsewhere. With NO_COLOR nothing is bold either."""
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    width = None if terminal else 160
    return Console(stderr=stderr, soft_wrap=not terminal, width=width, highlight=False, color_system=system)


def show_cells(
    out: Console, cells: Sequence[SweepRun], with_metrics: bool = False, ranked_by: Sweep | None = None
) -> None:
    """A table of cells: number, hash, the fields that vary, state, and where wanted the headlines.

    In file order; with `ranked_by` the finished ones first, the best on top, each with its number in the file.
    """
    numbered = list(enumerate(cells, start=1))
    best = _ranked(ranked_by, numbered) if ranked_by else []
    rows = [*best, *(pair for pair in numbered if pair not in best)]
    columns = _columns([number for number, _ in rows], [cell for _, cell in rows])
    if with_metrics:
        columns += _headlines([cell for _, cell in rows], ranked_by)
    if ranked_by and best:
        columns.insert(0, _mark(ranked_by, best[0][1], len(rows)))
    show_table(out, columns, "cae status FILE --json" if with_metrics else "--json")
    if ranked_by and best:
        first = ", the first of its metrics" if len(ranked_by.metric) > 1 else ""
        out.print(f"The best first by {ranked_by.metric[0].name}{first}.", style="dim", markup=False)
    _show_notes(out, cells)


def _ranked(sweep: Sweep, numbered: Sequence[tuple[int, SweepRun]]) -> list[tuple[int, SweepRun]]:
    numbers = {id(cell): number for number, cell in numbered}
    finished = [cell for _, cell in numbered if cell.state == "finished"]
    return [(numbers[id(cell)], cell) for cell in best_first(finished, sweep.metric[0], sweep.constraints)]


def _mark(sweep: Sweep, best: SweepRun, rows: int) -> Column:
    """A column that calls the first row the best; none is of several metrics, or where nothing was learned."""
    marked = len(sweep.metric) == 1 and has_learned(best.metrics)
    return Column("", [Text("best" if marked else "", "bold green"), *[""] * (rows - 1)], right=False)


def _show_notes(out: Console, cells: Sequence[SweepRun]) -> None:
    for note in dict.fromkeys(cell.note for cell in cells if cell.note):
        affected = [str(n) for n, cell in enumerate(cells, start=1) if cell.note == note]
        which = "every cell" if len(affected) == len(cells) else f"cell {', '.join(affected)}"
        out.print(f"{which}: {note}", style="yellow", markup=False)


def _columns(numbers: Sequence[int], cells: Sequence[SweepRun]) -> list[Column]:
    names = varied([cell.config for cell in cells])
    shown = [shown_values(cell.config, names) for cell in cells]
    states = [Text(cell.state, STYLES[cell.state]) for cell in cells]
    alike = len(cells) > 1 and len(set(map(str, states))) == 1
    return [
        Column("cell", [str(number) for number in numbers]),
        hash_column([cell.config_hash for cell in cells]),
        *(Column(n.split(".")[1], [values[n] for values in shown], NEEDS["field"], right=False) for n in names),
        Column("state", states, NEEDS["the same state" if alike else "state"], right=False),
    ]


def hash_column(hashes: Sequence[str | None]) -> Column:
    """Hashes, in a narrow place as many of their characters as tell them apart, which every command takes as well."""
    known = {key for key in hashes if key}
    length = next((n for n in range(SHORT_HASH, 12) if len({key[:n] for key in known}) == len(known)), 64)
    full = [key or "-" for key in hashes]
    short = [text[:length] for text in full]
    return Column("hash", full, NEEDS["hash"], right=False, short=() if short == full else short, full=9)


def _headlines(cells: Sequence[SweepRun], ranked_by: Sweep | None) -> list[Column]:
    asked = [*(metric.name for metric in ranked_by.metric[:1]), *ranked_by.metrics] if ranked_by else []
    others = {short_name(name): name for name in asked if name not in HEADLINES.values()}
    return [_headline(head, metric, cells) for head, metric in (others | HEADLINES).items()]


def _headline(head: str, metric: str, cells: Sequence[SweepRun]) -> Column:
    full, plain = ([_number(cell, metric, beside) for cell in cells] for beside in (True, False))
    spared = "what an untrained network and a normal cloud score"
    short = () if list(map(str, full)) == list(map(str, plain)) else plain
    return Column(head, full, NEEDS.get(head, 0), short=short, spared=spared)


def _number(cell: SweepRun, metric: str, with_null: bool) -> Text:
    value, null = cell.metrics.get(metric), cell.metrics.get(f"{metric}_null")
    if value is None:
        return Text("-")
    shown = Text(f"{value:.4f}" if metric.startswith("reconstruction/") else f"{value:.3f}")
    untrained = cell.metrics.get(f"control/untrained/{metric.removeprefix('mnd/')}")
    if with_null and untrained is not None:
        shown.append(f" ({untrained:.3f})", "dim")
    if with_null and null is not None and not metric.endswith("off_origin_distance"):
        shown.append(f" / {null:.3f}", "dim")
    return shown


def show_legend(out: Console) -> None:
    """What the headline columns mean, in two lines."""
    out.print(
        "marginals, contours, radii: agreement with a normal distribution in 1, 2 and all dimensions, 1 is perfect; "
        "in parentheses the network before its training, behind the slash a true normal cloud of that size.\n"
        "off-origin: distance of the center from the origin, in sizes of the cloud. MSE: held-out reconstruction.",
        style="dim",
    )


def show_next(out: Console, sweep: Sweep) -> None:
    """What to do with finished runs: a line for each command."""
    name = shlex.quote(str(sweep.file))
    for command, does in (
        (f"cae compare {name}", "what the parameters do to the headlines"),
        (f"cae ui {name}", "the runs and their charts in MLflow"),
        (f"cae faces {name} --out faces", "the face grids as files"),
        (f"cae sample {name} --best", "new faces from the best run"),
    ):
        out.print(f"{command}  # {does}", markup=False, soft_wrap=True)


def show_running(out: Console, cells: Sequence[SweepRun]) -> None:
    """A line on each cell that some process of this machine works on, and how long all that is left will take."""
    running = {cell.config_hash: (size(cell.config), _state(cell)) for cell in cells if cell.state == "running"}
    for cell in cells:
        if known := running.get(cell.config_hash):
            out.print(f"{cell.label}  {describe_progress(known[1], time.time())[0]}", markup=False)
    waiting = [size(cell.config) for cell in cells if cell.state in ("new", "failed")]
    left = time_left(list(running.values()), waiting, len(running), seconds_taken(cells), time.time())
    if running and left:
        todo = plural(len(waiting) + len(running), "unfinished cell")
        out.print(f"{left.told()} left for {todo}, {len(running)} at a time", markup=False)


def _state(cell: SweepRun) -> dict[str, Any]:
    return read_json(work_folder(cell.config_hash or "") / "progress.json") or {}


def seconds_taken(cells: Sequence[SweepRun]) -> list[Took]:
    """What the steps of each finished run took together, as recorded, with its size; of those that went in one go."""
    whole = [cell for cell in cells if cell.state == "finished" and cell.attempt <= 1]
    found = [Took(size(cell.config), _seconds(cell.metrics), _after_training(cell.metrics)) for cell in whole]
    return [took for took in found if took.seconds > 0]


def _after_training(metrics: Mapping[str, float]) -> float:
    return sum(metrics.get(f"{SECONDS}{step}", 0.0) for step in AFTER_TRAINING)


def _seconds(metrics: Mapping[str, float]) -> float:
    return sum(value for name, value in metrics.items() if name.startswith(SECONDS))
