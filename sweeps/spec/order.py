"""Runs, the best first: the one order of `cae faces --top`, `cae sample --best` and the tables of runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from sweeps.spec.constraint import parse_constraint
from sweeps.spec.remarks import has_learned
from sweeps.spec.sweep import Metric

# MLflow stores infinity as the largest number there is.
INFINITE = 1e300


class Measured(Protocol):
    @property
    def metrics(self) -> Mapping[str, float]: ...


Run = TypeVar("Run", bound=Measured)


def best_first(runs: Iterable[Run], metric: Metric, constraints: Sequence[str] = ()) -> list[Run]:
    """The runs that measure the metric, the best first; behind them those that break a constraint, last those that
    reconstruct next to nothing."""
    sign = -1 if metric.goal == "maximize" else 1
    asked = [parse_constraint(text) for text in constraints]

    def place(run: Run) -> tuple[bool, bool, float]:
        kept = all(c.metric in run.metrics and c.violation(run.metrics[c.metric]) <= 0 for c in asked)
        return not has_learned(run.metrics), not kept, sign * run.metrics[metric.name]

    return sorted((run for run in runs if abs(run.metrics.get(metric.name, math.inf)) < INFINITE), key=place)
