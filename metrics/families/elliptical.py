"""A common radius, or more than that?"""

from __future__ import annotations

from metrics import elliptical
from metrics.cloud import PAIR_ROWS, Cloud
from metrics.moments import whiten
from metrics.registry import Family, Metric


def _directions(cloud: Cloud) -> list[float]:
    return [elliptical.direction_uniformity(whiten(cloud.some(PAIR_ROWS), cloud.moments))]


METRICS = (
    Metric(
        "elliptical/kurtosis",
        "-2 and up",
        "0 = normal",
        "heavy tails of the whitened components",
        "where they come from: compare the next",
    ),
    Metric(
        "elliptical/kurtosis_of_directions",
        "-2 and up",
        "0 = elliptical",
        "what is left of it when every point is put at the same radius: 0 says that a common radius made the tails",
        "the radius",
    ),
    Metric(
        "elliptical/direction_uniformity",
        "0 to 1",
        "1 = uniform",
        "clusters and gaps among the directions of the whitened points: angles between 1,000 of them",
        "the radius; in many dimensions clusters near the center",
    ),
)
FAMILY = Family(
    "elliptical",
    METRICS,
    shape=lambda settings: (
        (
            ("elliptical/kurtosis", "elliptical/kurtosis_of_directions"),
            lambda cloud: elliptical.whitened_kurtosis(cloud.points, cloud.moments),
        ),
        (("elliptical/direction_uniformity",), _directions),
    ),
)
