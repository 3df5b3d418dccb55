"""What a search asks of a cell: objectives to be good at, constraints to keep, both as means over the cell's seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sweeps.definition import Sweep
    from sweeps.plan import Cell

_CONSTRAINT = re.compile(r"\s*(?P<metric>[\w.:/-]+)\s*(?P<sign><=|>=)\s*(?P<bound>\S+)\s*")


@dataclass(frozen=True)
class Constraint:
    """A bound on a metric, such as reconstruction/mse <= 0.01."""

    metric: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.bound:g}"

    def violation(self, value: float) -> float:
        """How far the value is on the wrong side; at most 0 where the constraint is kept."""
        return value - self.bound if self.sign == "<=" else self.bound - value


def parse_constraint(text: str) -> Constraint:
    """The constraint that a sweep file writes as "METRIC <= NUMBER" or "METRIC >= NUMBER". Raises ValueError."""
    found = _CONSTRAINT.fullmatch(text)
    try:
        bound = float(found["bound"]) if found else math.nan
    except ValueError:
        bound = math.nan
    if found is None or not math.isfinite(bound):
        raise ValueError(f"{text!r} is no constraint; write METRIC <= NUMBER or METRIC >= NUMBER")
    return Constraint(found["metric"], found["sign"], bound)


@dataclass(frozen=True)
class Verdict:
    """How a cell stands. values: of the objectives, and violations: by constraint, where it is finished.

    reason: why it failed.
    """

    state: Literal["new", "running", "finished", "failed", "pruned"]
    values: tuple[float, ...] = ()
    violations: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def feasible(self) -> bool:
        return self.state == "finished" and all(violation <= 0 for violation in self.violations.values())


def judge(sweep: Sweep, cells: Sequence[Cell]) -> Verdict:
    """The verdict on one cell by its runs, one a seed. It fails where a metric that is asked for was not measured."""
    states = [cell.state for cell in cells]
    if "pruned" in states:
        return Verdict("pruned")
    if set(states) != {"finished"}:
        state = next((s for s in ("running", "failed") if s in states), "new")
        return Verdict(state, reason=next((cell.note for cell in cells if cell.note), ""))  # type: ignore[arg-type]
    missing = next((name for name in asked(sweep) if not math.isfinite(mean(cells, name))), None)
    if missing is not None:
        return Verdict("failed", reason=f"{missing} was not measured")
    constraints = [parse_constraint(text) for text in sweep.constraints]
    violations = {str(c): c.violation(mean(cells, c.metric)) for c in constraints}
    return Verdict("finished", tuple(mean(cells, metric.name) for metric in sweep.metric), violations)


def asked(sweep: Sweep) -> list[str]:
    """The metrics that objectives and constraints name."""
    return [metric.name for metric in sweep.metric] + [parse_constraint(text).metric for text in sweep.constraints]


def mean(cells: Sequence[Cell], metric: str) -> float:
    """The metric's mean over the runs, NaN where one of them lacks it."""
    return sum(cell.metrics.get(metric, math.nan) for cell in cells) / len(cells)
