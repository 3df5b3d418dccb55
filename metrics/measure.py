"""A measure of one's own beside the built-in ones: what a plug-in gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics.catalog import METRICS
from metrics.moments import DegenerateError


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


def check_names(measures: Sequence[Measure]) -> None:
    """Raises ValueError where a name is that of a built-in metric, or stands twice."""
    taken = {metric.name for metric in METRICS}
    for measure in measures:
        if measure.name in taken:
            raise ValueError(f"measure {measure.name}: there is one of this name; give it another")
        taken.add(measure.name)


def compute(measures: Iterable[Measure], points: np.ndarray) -> tuple[dict[str, float], dict[str, str]]:
    """The values by name, and the reasons for those that could not be computed."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for measure in measures:
        try:
            value = float(measure.function(points))
        except (DegenerateError, ValueError, TypeError, ArithmeticError, LookupError) as error:
            omitted[measure.name] = f"{type(error).__name__}: {error}"
            continue
        if math.isfinite(value):
            values[measure.name] = value
        else:
            omitted[measure.name] = f"it gives {value}"
    return values, omitted
