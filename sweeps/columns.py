"""Tables as wide as the terminal allows: columns that are least needed give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP, WRAPPED = 2, 30


@dataclass(frozen=True)
class Column:
    """A column of text. need: the smaller, the longer it stays where the terminal is narrow; 0 always.

    wraps: whether its lines may be broken beyond WRAPPED characters.
    """

    head: str
    cells: Sequence[str | Text]
    need: int = 0
    right: bool = True
    wraps: bool = False

    @property
    def width(self) -> int:
        longest = max(len(text) for text in (self.head, *self.cells))
        return GAP + (min(longest, WRAPPED) if self.wraps else longest)


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
        made.add_row(*(Text(text) if isinstance(text, str) else text for text in row))
    return made


def show_lack(out: Console, columns: Sequence[Column], shown: Sequence[Column], *others: str) -> None:
    """A line on the columns that are not shown, and on what else there was no room for, if anything."""
    heads = [column.head for column in shown]
    left = dict.fromkeys([*(column.head for column in columns if column.head not in heads), *others])
    if left:
        out.print(f"for want of width without {', '.join(left)}", style="dim", markup=False)
