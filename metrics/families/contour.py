"""Two components at a time."""

from __future__ import annotations

from metrics import contours
from metrics.cloud import Cloud, Settings
from metrics.registry import Family, Metric, Part


def _contours(cloud: Cloud) -> list[float]:
    each = contours.contour_agreement(cloud.points, cloud.moments, cloud.pairs, cloud.settings.levels)
    return [each.mean(), each.mean(axis=1).min(), *each.mean(axis=0)]


def _correlated_contours(cloud: Cloud) -> list[float]:
    pairs, levels = cloud.correlated_pairs, cloud.settings.levels
    return [contours.contour_agreement(cloud.points, cloud.moments, pairs, levels).mean()]


def _parts(settings: Settings) -> tuple[Part, ...]:
    levels = tuple(f"contour/{float(level)}" for level in settings.levels)
    return (
        (("contour_agreement", "contour/least", *levels), _contours),
        (("contour/correlated",), _correlated_contours),
    )


METRICS = (
    Metric(
        "contour_agreement",
        "0 to 1",
        "1 = normal",
        "skewed, hollow, split or curved pairs of components, peaks or tails of a pair's density: mean overlap of "
        "density contours and ellipses",
        "what needs three components to be seen; structure finer than a quarter of an sd",
        goal="maximize",
        alike="pairs",
    ),
    Metric(
        "contour/K",
        "0 to 1",
        "1 = normal",
        "contour_agreement at the K-sigma ellipse alone: small K the core, large K the tails",
        "as contour_agreement",
        goal="maximize",
        alike="pairs",
    ),
    Metric(
        "contour/least",
        "0 to 1",
        "1 = normal",
        "the worst of the pairs",
        "how many such pairs there are",
        goal="maximize",
    ),
    Metric(
        "contour/correlated",
        "0 to 1",
        "1 = normal",
        "contour_agreement of the 20 most correlated pairs",
        "as contour_agreement",
        goal="maximize",
        alike="correlated_pairs",
    ),
)
FAMILY = Family(
    "contour",
    METRICS,
    shape=_parts,
)
