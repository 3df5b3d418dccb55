"""Distances to the nearest neighbours."""

from __future__ import annotations

from metrics.registry import Family, Metric

METRICS = (
    Metric(
        "neighbours/dimension_ratio",
        "0 and up",
        "1 = normal",
        "points on something thinner than a normal cloud: intrinsic dimension (TwoNN) over that of N(mean, covariance)",
        "where; at most 20,000 points, of which 1,000 ask for their neighbours",
    ),
    Metric(
        "neighbours/distance_ratio",
        "0 and up",
        "1 = normal",
        "clusters, and a core that is denser than a normal cloud's: typical distance to the nearest neighbour over "
        "that of N(mean, covariance)",
        "few close pairs: see the next",
        alike=2,
    ),
    Metric(
        "neighbours/near_duplicates",
        "0 to 1",
        "0 = normal in many dimensions",
        "images that are there twice, or nearly: share of points with a neighbour within a third of a normal cloud's "
        "usual distance",
        "pairs of which only one is among the 20,000",
        goal="minimize",
        # Of 1,000 points one or two have such a neighbour by chance.
        resolution=2e-3,
    ),
    Metric(
        "neighbours/dimension",
        "0 and up",
        "none",
        "the intrinsic dimension itself, each component in its sd",
        "many dimensions: of a normal cloud in 256 it is below 100",
        calibrated=False,
    ),
)
FAMILY = Family(
    "neighbours",
    METRICS,
    shape=lambda settings: ((tuple(m.name for m in METRICS[:3]), lambda cloud: cloud.neighbours[1:]),),
    place=((("neighbours/dimension",), lambda cloud: cloud.neighbours[:1]),),
)
