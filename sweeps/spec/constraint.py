"""A bound on a metric that a search keeps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sweeps.spec.fields import shown

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
        raise ValueError(f"{shown(text)} is no constraint; write METRIC <= NUMBER or METRIC >= NUMBER")
    return Constraint(found["metric"], found["sign"], bound)
