"""The least normal direction that a search finds."""

from __future__ import annotations

from metrics.cloud import Cloud
from metrics.registry import Family, Metric


def _worst(cloud: Cloud) -> list[float]:
    return [cloud.worst.ks, cloud.worst.skewness, cloud.worst.excess_kurtosis]


METRICS = (
    Metric(
        "pursuit/ks",
        "0 to 1",
        "0 = normal",
        "the least normal direction: found on one half of at most 20,000 points, its KS distance on the other",
        "structure in several directions that no single one shows",
        goal="minimize",
    ),
    Metric(
        "pursuit/skewness",
        "any",
        "0 = normal",
        "the skewness along it",
        "as pursuit/ks",
    ),
    Metric(
        "pursuit/excess_kurtosis",
        "-2 and up",
        "0 = normal",
        "the excess kurtosis along it",
        "as pursuit/ks",
    ),
)
FAMILY = Family(
    "pursuit",
    METRICS,
    shape=lambda settings: ((("pursuit/ks", "pursuit/skewness", "pursuit/excess_kurtosis"), _worst),),
)
