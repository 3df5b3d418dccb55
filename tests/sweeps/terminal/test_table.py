from __future__ import annotations

import pytest

from sweeps.analysis.column import Column
from sweeps.terminal.table import _broken, fitting, width_of

COLUMNS = [
    Column("activation", ["relu"], need=1),
    Column("hash", ["0123456789ab"], need=3, short=["012345"], full=9),
    Column("radii", ["0.900 ± 0.100"], short=["0.900"], spared="±"),
    Column("contours", ["0.900 ± 0.100"], short=["0.900"], spared="±"),
    Column("gap", ["0.100"], need=5),
    Column("gap", ["0.200"], need=9),
]


@pytest.mark.parametrize(
    ("width", "heads", "left_out"),
    [
        (100, ["activation", "hash", "radii", "contours", "gap", "gap"], ()),
        (66, ["activation", "hash", "radii", "contours", "gap", "gap"], ()),
        (60, ["activation", "hash", "radii", "contours", "gap"], ("gap of some",)),
        (50, ["activation", "hash", "radii", "contours"], ("gap",)),
        (40, ["activation", "hash", "radii", "contours"], ("gap", "±")),
        (30, ["activation", "radii", "contours"], ("hash", "gap", "±")),
        (15, ["radii", "contours"], ("activation", "hash", "gap", "±")),
    ],
)
def test_what_is_most_needed_finds_room_first(width: int, heads: list[str], left_out: tuple[str, ...]) -> None:
    fitted = fitting(width, COLUMNS)
    assert [column.head for column in fitted.columns] == heads
    assert fitted.left_out == left_out
    assert width_of(fitted.columns) <= width
    assert fitted.width == width_of(COLUMNS)


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("radii", "radii"),
        ("batch_norm", "batch\n_norm"),
        ("off-origin", "off-\norigin"),
        ("95 % interval", "95 %\ninterval"),
        ("p (Holm)", "p\n(Holm)"),
    ],
)
def test_a_head_is_broken_where_that_makes_it_short(head: str, lines: str) -> None:
    assert _broken(head) == lines
