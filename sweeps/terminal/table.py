"""Tables as wide as the terminal allows: columns that are least needed give way."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweeps.analysis.column import GAP, Column


def fits(out: Console, columns: Sequence[Column]) -> bool:
    return sum(column.width for column in columns) - GAP <= out.width


def fitting(out: Console, columns: Sequence[Column]) -> list[Column]:
    """The columns for which there is room, those that are least needed left out."""
    shown = list(columns)
    while not fits(out, shown) and any(column.need for column in shown):
        shown.remove(max(shown, key=lambda column: column.need))
    return shown


def as_table(columns: Sequence[Column]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for column in columns:
        made.add_column(Text(column.head), no_wrap=column.right, justify="right" if column.right else "left")
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*(text if isinstance(text, Text) else Text(str(text)) for text in row))
    return made


def show_lack(out: Console, columns: Sequence[Column], shown: Sequence[Column], *others: str) -> None:
    """A line on the columns that are not shown, and on what else there was no room for, if anything."""
    heads = [column.head for column in shown]
    left = dict.fromkeys([*(column.head for column in columns if column.head not in heads), *others])
    if left:
        out.print(f"for want of width without {', '.join(left)}", style="dim", markup=False)
