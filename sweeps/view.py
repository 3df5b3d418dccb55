"""What the terminal shows of a sweep: tables of its cells, and what is running."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from sweeps.files import read_json
from sweeps.plan import Cell, shown_values, varied
from sweeps.progress import told
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
    """Colours and bars on a terminal, plain lines of any length elsewhere. With NO_COLOR nothing is bold either."""
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    width = None if terminal else 160
    return Console(stderr=stderr, soft_wrap=not terminal, width=width, highlight=False, color_system=system)


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


def show_next(out: Console, file: Path) -> None:
    """What to do with finished runs: a line for each command."""
    for command, does in (
        (f"cae compare {file}", "what the parameters do to the headlines"),
        (f"cae ui {file}", "the runs and their charts in MLflow"),
        (f"cae faces {file} --out faces", "the face grids as files"),
    ):
        out.print(f"{command}  # {does}", markup=False)


def show_running(out: Console, cell: Cell) -> None:
    """One line on a cell that some process of this machine works on."""
    state = read_json(work_folder(cell.config_hash or "") / "progress.json")
    if state is not None:
        out.print(f"{cell.label}  {told(state)[0]}", markup=False)
