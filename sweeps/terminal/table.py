"""Tables as wide as the terminal allows: heads are broken, numbers lose what stands beside them, columns that are least
needed give way; and a line says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweeps.analysis.column import GAP, Column


@dataclass(frozen=True)
class Fitted:
    """The columns for which there is room. left_out: in words. width: that shows everything."""

    columns: list[Column]
    left_out: tuple[str, ...]
    width: int


def fitting(width: int, columns: Sequence[Column]) -> Fitted:
    """What fits into so many characters, the most needed first, and what does not."""
    if width_of(columns) <= width:
        return Fitted(list(columns), (), width_of(columns))
    broken = [replace(column, head=_broken(column.head)) for column in columns]
    kept, full = {place for place, column in enumerate(broken) if not column.need}, set[str]()
    for _, place, spared in _wishes(broken):
        more = (kept, full | {spared}) if place is None else (kept | {place}, full)
        if width_of(_shown(broken, *more)) <= width:
            kept, full = more
    whole, fitted = (_shown(heads, kept, full) for heads in (columns, broken))
    shown = whole if width_of(whole) <= width else fitted
    return Fitted(shown, _gone(columns, kept, full), width_of(columns))


def _wishes(columns: Sequence[Column]) -> list[tuple[int, int | None, str]]:
    """Need and place of each column, and need and name of what full forms show; the most needed first."""
    places = [(column.need, place, "") for place, column in enumerate(columns) if column.need]
    forms = dict.fromkeys((column.full, None, column.spared) for column in columns if column.short)
    return sorted([*places, *forms], key=lambda wish: wish[0])


def _shown(columns: Sequence[Column], kept: set[int], full: set[str]) -> list[Column]:
    those = [columns[place] for place in sorted(kept)]
    return [replace(c, cells=c.short) if c.short and c.spared not in full else c for c in those]


def _gone(columns: Sequence[Column], kept: set[int], full: set[str]) -> tuple[str, ...]:
    """What is not shown, in words."""
    heads = {columns[place].head for place in kept}
    gone = dict.fromkeys(column.head for place, column in enumerate(columns) if place not in kept)
    spared = dict.fromkeys(columns[place].spared for place in sorted(kept) if columns[place].short)
    lost = [words for words in spared if words and words not in full]
    return *(f"{head} of some" if head in heads else head for head in gone), *lost


def width_of(columns: Iterable[Column]) -> int:
    return sum(column.width for column in columns) - GAP


def _broken(head: str) -> str:
    """The head in two lines as short as can be: "batch" over "_norm", "off-" over "origin"."""
    cuts = [(head[: m.start()], head[m.end() :]) for m in re.finditer(r"(?=_)|(?<=-)| ", head)]
    return "\n".join(min(cuts, key=lambda parts: max(map(len, parts)), default=(head,)))


def show_table(out: Console, columns: Sequence[Column], elsewhere: str = "") -> None:
    """Prints a table, and below it a line on what it leaves out. elsewhere: what shows that, too, on any terminal."""
    fitted = fitting(out.width, columns)
    out.print(as_table(fitted.columns))
    show_lack(out, fitted, elsewhere)


def show_lack(out: Console, fitted: Fitted, elsewhere: str = "") -> None:
    if fitted.left_out:
        *others, last = fitted.left_out
        words = f"{', '.join(others)} and {last}" if others else last
        also = f"; so does {elsewhere}" if elsewhere else ""
        text = f"No room in {out.width} columns for {words}. A terminal of {fitted.width} shows all{also}."
        out.print(text, style="dim", markup=False)


def as_table(columns: Sequence[Column]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    bottom = any("\n" in column.head for column in columns)
    for column in columns:
        head = Text(f"\n{column.head}" if bottom and "\n" not in column.head else column.head)
        made.add_column(head, no_wrap=column.right, justify="right" if column.right else "left")
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*(text if isinstance(text, Text) else Text(str(text)) for text in row))
    return made
