"""A column of text, for terminals and reports."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

GAP, WRAPPED = 2, 30


@dataclass(frozen=True)
class Column:
    """A column of text, plain or of a kind that the terminal colours.

    need: the smaller, the longer it stays where the terminal is narrow; 0 always.
    wraps: whether its lines may be broken beyond WRAPPED characters.
    """

    head: str
    cells: Sequence[Sized]
    need: int = 0
    right: bool = True
    wraps: bool = False

    @property
    def width(self) -> int:
        longest = max(len(text) for text in (self.head, *self.cells))
        return GAP + (min(longest, WRAPPED) if self.wraps else longest)
