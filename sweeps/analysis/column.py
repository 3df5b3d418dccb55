"""A column of text, for terminals and reports."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

GAP, WRAPPED = 2, 30


@dataclass(frozen=True)
class Column:
    """A column of text, plain or of a kind that the terminal colours.

    need: the smaller, the sooner it finds room where the terminal is narrow; 0 always.
    wraps: whether its lines may be broken beyond WRAPPED characters.
    short: what stands in its place where the terminal is narrow. spared: what that leaves out, in words; all columns
    that spare the same are short or full together. full: as `need`, of the full form.
    """

    head: str
    cells: Sequence[Sized]
    need: int = 0
    right: bool = True
    wraps: bool = False
    short: Sequence[Sized] = ()
    spared: str = ""
    full: int = 4

    @property
    def width(self) -> int:
        longest = max(len(text) for text in (*self.head.split("\n"), *self.cells))
        return GAP + (min(longest, WRAPPED) if self.wraps else longest)
