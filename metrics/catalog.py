"""The table of metrics: what each number means, what it sees and what it cannot. Headlines first."""

from __future__ import annotations

from metrics.families import FAMILIES

HEADLINES = ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance")
_EVERY = [metric for family in FAMILIES for metric in family.metrics]
METRICS = (
    *(next(metric for metric in _EVERY if metric.name == name) for name in HEADLINES),
    *(metric for metric in _EVERY if metric.name not in HEADLINES),
)
