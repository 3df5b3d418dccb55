"""What the terminal shows of a sweep: tables of its cells, and what is running."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from sweeps.analysis.column import Column
from sweeps.files import read_json
from sweeps.planning.plan import SweepRun
from sweeps.spec.display import HEADLINES, shown_values, varied
from sweeps.terminal.progress import describe_progress
from sweeps.terminal.table import as_table, fits, fitting, show_lack
from sweeps.workspace import work_folder

# Which of them give way first on a narrow terminal, see `Column`; the hash of a cell before the last two.
NEEDS = {"marginals": 5, "contours": 4, "radii": 1, "off-origin": 6, "MSE": 2}
STYLES = {"finished": "green", "running": "cyan", "failed": "red", "pruned": "yellow", "new": "dim"}


def console(stderr: bool = False) -> Console:
    """Colours and bars on a terminal, plain lines of any length elsewhere. With NO_COLOR nothing is bold either."""
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    width = None if terminal else 160
    return Console(stderr=stderr, soft_wrap=not terminal, width=width, highlight=False, color_system=system)


def show_cells(out: Console, cells: Sequence[SweepRun], with_metrics: bool = False) -> None:
    """A table of cells: number, hash, the fields that vary, state, and where wanted the headlines."""
    known = _columns(cells)
    wide = [*known, *_headlines(cells, with_nulls=True)] if with_metrics else known
    narrow = [*known, *_headlines(cells, with_nulls=False)] if with_metrics else known
    if fits(out, wide):
        out.print(as_table(wide))
    else:
        shown = fitting(out, narrow)
        out.print(as_table(shown))
        show_lack(out, narrow, shown, *(["what a normal cloud scores"] if with_metrics else []))
    for note in dict.fromkeys(cell.note for cell in cells if cell.note):
        affected = [str(n) for n, cell in enumerate(cells, start=1) if cell.note == note]
        which = "every cell" if len(affected) == len(cells) else f"cell {', '.join(affected)}"
        out.print(f"{which}: {note}", style="yellow", markup=False)


def _columns(cells: Sequence[SweepRun]) -> list[Column]:
    names = varied([cell.config for cell in cells])
    shown = [shown_values(cell.config, names) for cell in cells]
    fields = [Column(name.split(".")[1], [values[name] for values in shown], right=False) for name in names]
    return [
        Column("cell", [str(number) for number in range(1, len(cells) + 1)]),
        Column("hash", [cell.config_hash or "-" for cell in cells], need=3, right=False),
        *fields,
        Column("state", [Text(cell.state, STYLES[cell.state]) for cell in cells], right=False),
    ]


def _headlines(cells: Sequence[SweepRun], with_nulls: bool) -> list[Column]:
    return [
        Column(head, [_number(cell, metric, with_nulls) for cell in cells], need=NEEDS[head])
        for head, metric in HEADLINES.items()
    ]


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


def show_next(out: Console, file: Path) -> None:
    """What to do with finished runs: a line for each command."""
    name = shlex.quote(str(file))
    for command, does in (
        (f"cae compare {name}", "what the parameters do to the headlines"),
        (f"cae ui {name}", "the runs and their charts in MLflow"),
        (f"cae faces {name} --out faces", "the face grids as files"),
    ):
        out.print(f"{command}  # {does}", markup=False, soft_wrap=True)


def show_running(out: Console, cell: SweepRun) -> None:
    """One line on a cell that some process of this machine works on."""
    state = read_json(work_folder(cell.config_hash or "") / "progress.json")
    if state is not None:
        out.print(f"{cell.label}  {describe_progress(state)[0]}", markup=False)
