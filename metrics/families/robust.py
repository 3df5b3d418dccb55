"""The headlines once outliers are left out."""

from __future__ import annotations

from metrics.cloud import LEVELS, Cloud
from metrics.contours import contour_agreement
from metrics.marginals import ks_distances
from metrics.moments import mahalanobis_squared
from metrics.radius import radius_agreement
from metrics.registry import Family, Metric


def _robust(cloud: Cloud) -> list[float]:
    core = cloud.robust_core
    squared = mahalanobis_squared(core.points, core.moments)
    marginal = 1 - float(ks_distances(core.points, core.moments).mean())
    return [core.outlier_share, marginal, radius_agreement(squared, core.moments.d)]


def _contours(cloud: Cloud) -> list[float]:
    core = cloud.robust_core
    return [float(contour_agreement(core.points, core.moments, cloud.few_pairs, LEVELS).mean())]


METRICS = (
    Metric(
        "robust/outlier_share",
        "0 to 0.5",
        "0.001 = normal",
        "points that a normal cloud through most of the others would not have: beyond its 99.9 % quantile",
        "why; at 0.5 there is no normal core at all",
        resolution=1e-3,
    ),
    Metric(
        "robust/marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "marginal_gaussianity of the points that are no outliers: a normal core with outliers has 1",
        "the outliers; at most 20,000 points",
        goal="maximize",
        alike=6,
    ),
    Metric(
        "robust/contour_agreement",
        "0 to 1",
        "1 = normal",
        "contour_agreement of the same points",
        "as the one above",
        goal="maximize",
        alike="few_pairs",
    ),
    Metric(
        "robust/radius_agreement",
        "0 to 1",
        "1 = normal",
        "radius_agreement of the same points",
        "as the one above",
        goal="maximize",
    ),
)
FAMILY = Family(
    "robust",
    METRICS,
    shape=lambda settings: (
        (("robust/outlier_share", "robust/marginal_gaussianity", "robust/radius_agreement"), _robust),
        (("robust/contour_agreement",), _contours),
    ),
)
