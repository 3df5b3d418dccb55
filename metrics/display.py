"""Scores as a person reads them: numbers to the digits that chance leaves, and a table for a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Protocol

HEADS = ("metric", "value", "95 % interval", "normal clouds", "gap in sds", "adjusted")


class Measured(Protocol):
    """A row of the scores."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> float: ...

    @property
    def beside(self) -> dict[str, float]: ...


def interval(row: Measured) -> str:
    """Its 95 % interval; empty where there is none, as all below."""
    return f"{row.beside['low']:.4f} to {row.beside['high']:.4f}" if "low" in row.beside else ""


def null(row: Measured) -> str:
    """Mean and sd of normal clouds."""
    if "null" not in row.beside:
        return ""
    mean, sd = row.beside["null"], row.beside["null_sd"]
    return f"{_rounded(mean, sd)} ± {_rounded(sd, sd)}"


def gap(row: Measured) -> str:
    """How many sds of normal clouds it falls short of them."""
    return f"{row.beside['gap_sds']:.1f}" if "gap_sds" in row.beside else ""


def adjusted(row: Measured) -> str:
    """The score less what chance takes from it."""
    return f"{row.beside['adjusted']:.4f}" if "adjusted" in row.beside else ""


def value(row: Measured) -> str:
    """To two digits of the sd of normal clouds; to four of its own where none is known."""
    return _rounded(row.value, row.beside.get("null_sd", 0.0))


def _rounded(number: float, sd: float) -> str:
    return f"{number:.{min(max(1 - math.floor(math.log10(sd)), 0), 8)}f}" if sd > 0 else f"{number:.4g}"


def html(rows: Sequence[Measured], headlines: Sequence[str], omitted: Mapping[str, str]) -> str:
    """A table of the headlines; below it, folded, one of all the others, and what could not be computed."""
    first = [row for row in rows if row.name in headlines]
    others = [row for row in rows if row.name not in headlines]
    parts = [_table(first)]
    if others:
        parts.append(f"<details><summary>{len(others)} other metrics</summary>{_table(others)}</details>")
    reasons = sorted(omitted.items(), key=lambda item: item[1])
    for reason, names in groupby(reasons, key=lambda item: item[1]):
        parts.append(f"<p>left out: {escape(', '.join(name for name, _ in names))}: {escape(reason)}</p>")
    return "\n".join(parts)


def _table(rows: Sequence[Measured]) -> str:
    head = "".join(f"<th>{word}</th>" for word in HEADS)
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Measured) -> Iterator[str]:
    yield f'<th style="text-align:left">{escape(row.name)}</th>'
    for words in (value(row), interval(row), null(row), gap(row), adjusted(row)):
        yield f"<td>{escape(words)}</td>"
