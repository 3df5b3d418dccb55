"""What a search asks of a cell: objectives to be good at, constraints to keep, both as means over the cell's seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sweeps.planning.plan import SweepRun
from sweeps.spec.constraint import Constraint, parse_constraint
from sweeps.spec.remarks import EXPLAINED, LEAST_EXPLAINED, remarks
from sweeps.spec.sweep import Sweep

# Kept by every search, asked for or not: a network that ignores its images can be the most normal of all.
LEARNED = Constraint(EXPLAINED, ">=", LEAST_EXPLAINED)


@dataclass(frozen=True)
class TrialResult:
    """How a cell stands. values: of the objectives, and violations: by constraint, where it is finished.

    reason: why it failed, or cannot be the best. adopted: whether other sweeps have trained all of its runs.
    """

    state: Literal["new", "running", "finished", "failed", "pruned"]
    values: tuple[float, ...] = ()
    violations: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    adopted: bool = False

    @property
    def feasible(self) -> bool:
        return self.state == "finished" and all(violation <= 0 for violation in self.violations.values())


def trial_result(sweep: Sweep, cells: Sequence[SweepRun]) -> TrialResult:
    """The verdict on one cell by its runs, one a seed. It fails where a metric that is asked for was not measured, and
    is not feasible where next to nothing is reconstructed."""
    states = [cell.state for cell in cells]
    if "pruned" in states:
        return TrialResult("pruned")
    if set(states) != {"finished"}:
        state = next((s for s in ("running", "failed") if s in states), "new")
        return TrialResult(state, reason=next((cell.note for cell in cells if cell.note), ""))  # type: ignore[arg-type]
    missing = next((name for name in sweep.asked if not math.isfinite(mean(cells, name))), None)
    if missing is not None:
        return TrialResult("failed", reason=f"{missing} was not measured")
    constraints = [parse_constraint(text) for text in sweep.constraints]
    violations = {str(c): c.violation(mean(cells, c.metric)) for c in constraints}
    explained, reason = mean(cells, EXPLAINED), ""
    if math.isfinite(explained):  # runs of older versions lack it
        violations[str(LEARNED)] = LEARNED.violation(explained)
        reason = "; ".join(remarks({EXPLAINED: explained}))
    values = tuple(mean(cells, metric.name) for metric in sweep.metric)
    return TrialResult("finished", values, violations, reason, all(cell.link for cell in cells))


def mean(cells: Sequence[SweepRun], metric: str) -> float:
    """The metric's mean over the runs, NaN where one of them lacks it."""
    return sum(cell.metrics.get(metric, math.nan) for cell in cells) / len(cells)
