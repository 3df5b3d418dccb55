"""How components correlate, whatever the shape of the cloud."""

from __future__ import annotations

from metrics import correlations
from metrics.cloud import Cloud
from metrics.registry import Family, Metric


def _correlations(cloud: Cloud) -> list[float]:
    return [*correlations.counts_above(cloud.moments), correlations.largest(cloud.moments)]


METRICS = (
    Metric(
        "correlation/above_R",
        "0 to d (d - 1) / 2",
        "0 = uncorrelated",
        "number of pairs of components with an absolute correlation above R",
        "the shape of the cloud",
        calibrated=False,
        goal="minimize",
    ),
    Metric(
        "correlation/largest",
        "0 to 1",
        "0 = uncorrelated",
        "the largest absolute correlation of two components",
        "the shape of the cloud",
        calibrated=False,
        goal="minimize",
    ),
)
FAMILY = Family(
    "correlation",
    METRICS,
    place=(
        (
            (*(f"correlation/above_{threshold}" for threshold in correlations.THRESHOLDS), "correlation/largest"),
            _correlations,
        ),
    ),
)
