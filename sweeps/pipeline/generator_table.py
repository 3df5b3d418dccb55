"""What the generators of a run are worth, as a table that people read: `generators` of its `result.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
HEADS = ("faces of", "visible", "KID", "behind the best", "KID to reconstructions", "coverage")
COLUMNS = ("visible", "kid", "kid_behind", "decoded_kid", "coverage")


def is_compared(rows: Sequence[Row]) -> bool:
    """Whether the pictures were compared with photographs; older runs and such without faces did not."""
    return any("kid" in row for row in rows)


def verdict(rows: Sequence[Row]) -> str:
    """One sentence: the generator with the least KID, and which others the intervals do not tell from it."""
    told = [row for row in rows if "kid_behind" in row]
    best = min(told, key=lambda row: row["kid"])
    equal = [str(row["method"]) for row in told if row is not best and row["kid_behind_low"] <= 0]
    beside = f"; not told from it: {', '.join(equal)}" if equal else ", and told from all others"
    return f"Faces most like held-out photographs (least KID) by {best['method']}{beside if len(told) > 1 else ''}."


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """Under HEADS, a list of texts for each row."""
    return [[str(row["method"]), *(_with_interval(row, name) for name in COLUMNS)] for row in rows]


def markdown(rows: Sequence[Row]) -> list[str]:
    """The lines of the table."""
    head = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    return [*head, *(f"| {' | '.join(each)} |" for each in cells(rows))]


def _with_interval(row: Row, name: str) -> str:
    if name not in row:
        return "-"
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if name == "kid_behind" and value == 0:
        return "best"
    places = 3 if "kid" in name else 2
    return f"{value:z.{places}f} ({low:z.{places}f} to {high:z.{places}f})"
