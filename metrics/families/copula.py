"""Margins or dependence."""

from __future__ import annotations

from metrics.cloud import LEVELS, Cloud
from metrics.contours import contour_agreement
from metrics.moments import mahalanobis_squared
from metrics.radius import radius_agreement
from metrics.registry import Family, Metric


def _contours(cloud: Cloud) -> list[float]:
    scores = cloud.normal_scores
    return [float(contour_agreement(scores.points, scores.moments, cloud.few_pairs, LEVELS).mean())]


def _radii(cloud: Cloud) -> list[float]:
    scores = cloud.white_scores
    return [radius_agreement(mahalanobis_squared(scores.points, scores.moments), scores.moments.d)]


METRICS = (
    Metric(
        "copula/contour_agreement",
        "0 to 1",
        "1 = normal",
        "contour_agreement once each component is made normal by its ranks: is it the dependence?",
        "the components' own distributions; at most 10,000 points",
        goal="maximize",
        alike="few_pairs",
    ),
    Metric(
        "copula/radius_agreement",
        "0 to 1",
        "1 = normal",
        "radius_agreement once each whitened component is made normal by its ranks: a common radius is dependence, "
        "independent components of any kind are none",
        "as the one above",
        goal="maximize",
    ),
)
FAMILY = Family(
    "copula",
    METRICS,
    shape=lambda settings: ((("copula/contour_agreement",), _contours), (("copula/radius_agreement",), _radii)),
)
