"""Many one-dimensional views."""

from __future__ import annotations

from metrics import sliced
from metrics.registry import Family, Metric

METRICS = (
    Metric(
        "sliced/epps_pulley",
        "0 and up",
        "see null",
        "what many directions share, heavy tails above all: mean Epps-Pulley statistic of 256 random directions of the "
        "whitened cloud, 2,000 points",
        "what few directions of many have; in many dimensions nearly everything but the radius",
    ),
    Metric(
        "sliced/epps_pulley_largest",
        "0 and up",
        "see null",
        "the least normal of those directions",
        "as the one above",
    ),
)
FAMILY = Family(
    "sliced",
    METRICS,
    shape=lambda settings: (
        (tuple(m.name for m in METRICS), lambda cloud: sliced.epps_pulley(cloud.white, cloud.rng(5))),
    ),
)
