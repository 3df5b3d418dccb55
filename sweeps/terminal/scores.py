"""What the terminal shows of the scores of a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from metrics import Scores, display
from metrics.catalog import HEADLINES
from metrics.intervals import GROUPS, SMALLEST_GROUP
from metrics.moments import moments, rounding
from metrics.scores import Row
from sweeps.analysis.column import Column
from sweeps.spec.remarks import COARSE
from sweeps.terminal.table import show_table


def show_scores(out: Console, scores: Scores, shape: tuple[int, ...]) -> None:
    """The headlines with intervals, then the other metrics beside their nulls by family, then what was left out."""
    out.print(f"{shape[0]:,} points with {shape[1]:,} components")
    columns = _headlines([row for row in scores.rows if row.name in HEADLINES])
    show_table(out, columns, "--json")
    if shape[0] < GROUPS * SMALLEST_GROUP:
        needed = f"{GROUPS} groups of {SMALLEST_GROUP} points are compared for them"
        out.print(f"no intervals of marginals, contours and radii: {needed}, these are {shape[0]}", style="dim")
    out.print(_others([row for row in scores.rows if row.name not in HEADLINES]))
    reasons = sorted(scores.omitted.items(), key=lambda item: item[1])
    for reason, names in groupby(reasons, key=lambda item: item[1]):
        out.print(f"left out: {', '.join(name for name, _ in names)}: {reason}", style="yellow", markup=False)


def rounded(latents: np.ndarray) -> str:
    """What the type of the numbers takes from the scores; empty where it is next to nothing."""
    step = rounding(moments(latents), latents.dtype)
    if step <= COARSE:
        return ""
    return (
        f"{latents.dtype} has steps of {step:.2g} sd at the mean of some component, which lowers the scores; "
        "store more digits, or take the mean off before"
    )


def _headlines(rows: list[Row]) -> list[Column]:
    return [
        Column("metric", [row.name for row in rows], right=False),
        Column("value", [f"{row.value:.4f}" for row in rows]),
        Column("95 % interval", [display.interval(row) for row in rows]),
        Column("MND", [display.null(row) for row in rows]),
        Column("gap in sds", [display.gap(row) for row in rows], need=2),
        Column("adjusted", [display.adjusted(row) for row in rows], need=1),
    ]


def _others(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("metric", "value", "MND", "gap in sds"):
        table.add_column(column, no_wrap=True, justify="left" if column == "metric" else "right")
    for family, members in groupby(rows, key=lambda row: row.name.partition("/")[0]):
        table.add_row(f"[dim]{family}[/]")
        for row in members:
            table.add_row(f"  {row.name.partition('/')[2]}", display.value(row), display.null(row), display.gap(row))
    return table


@contextmanager
def null_progress(out: Console, shape: tuple[int, ...]) -> Iterator[Callable[[int, int], None]]:
    """Says, the first time a size is scored, how many normal samples of it are measured: a bar, or a line elsewhere."""
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task(f"normal clouds of {shape[0]:,} x {shape[1]:,}", total=None, visible=False)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)
            if done == 0 and not out.is_terminal:
                out.print(f"measuring {total} normal clouds of {shape[0]:,} x {shape[1]:,}, once for this size")

        yield tell
