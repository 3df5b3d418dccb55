"""A measure of one's own beside the built-in ones: what a plug-in gives."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics.catalog import METRICS


@dataclass(frozen=True)
class Measure:
    """One number of a cloud of points, with what must be known to read it.

    name: as metrics are called, letters, digits and _ - . /. function: finite floating points (n, d) to a number; it
    raises ValueError where they do not allow it, with the reason. range, direction, words: as in the table of built-in
    metrics, such as "0 to 1", "1 = normal". goal: which way is better, None where normal lies in between.
    version: of its code; another one is another measure to the cache of null distributions.
    """

    name: str
    function: Callable[[np.ndarray], float]
    range: str = ""
    direction: str = ""
    words: str = ""
    goal: Literal["minimize", "maximize"] | None = None
    version: str = ""


# No part between slashes may be empty, . or .., which MLflow refuses.
_PART = r"(?!\.\.?(?:/|$))[A-Za-z0-9_.-]+"
_NAME = re.compile(rf"{_PART}(/{_PART})*")
# What stands for numbers or names in the rows of the table, and what is appended to a name.
_PLACEHOLDERS = {r"/K$": r"/[0-9.]+", r"_P$": r"_[0-9]+", r"_R$": r"_[0-9.]+", r"_NAME$": r"_.+"}
_PARTS = r"(_null|_null_sd|_gap|_gap_sds|_low|_high|_adjusted)?"


def check_names(measures: Sequence[Measure]) -> None:
    """Raises ValueError where a name is none, is or could be that of a built-in number, or stands twice."""
    seen: set[str] = set()
    for measure in measures:
        if not _NAME.fullmatch(measure.name):
            raise ValueError(f"measure {measure.name!r}: a name takes letters, digits and _ - . / alone, as in a/b")
        if measure.name in seen or any(re.fullmatch(_pattern(m.name), measure.name) for m in METRICS):
            raise ValueError(f"measure {measure.name}: there is one of this name; give it another")
        seen.add(measure.name)


def _pattern(name: str) -> str:
    """All numbers that a row of the table stands for."""
    found = next((end for end in _PLACEHOLDERS if re.search(end, name)), None)
    stem = re.escape(name) if found is None else re.escape(re.sub(found, "", name)) + _PLACEHOLDERS[found]
    return stem + _PARTS


def compute(measures: Iterable[Measure], points: np.ndarray) -> tuple[dict[str, float], dict[str, str]]:
    """The values by name, and the reasons for those that could not be computed."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for measure in measures:
        try:
            value = float(measure.function(points))
        except Exception as error:  # whatever somebody else's code may raise: the other scores stand
            lines = str(error).splitlines() or [type(error).__name__]
            omitted[measure.name] = lines[0]
            continue
        if math.isfinite(value):
            values[measure.name] = value
        else:
            omitted[measure.name] = f"it gives {value}"
    return values, omitted
