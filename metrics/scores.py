"""The scores of a cloud of latent vectors, and the table that says what each of them means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from metrics.contours import check_levels, contour_agreement, random_pairs
from metrics.marginals import marginals
from metrics.moments import DegenerateError, Moments, as_points, mahalanobis_squared, moments
from metrics.null import normal_sample
from metrics.origin import off_origin_distance, off_origin_norm, origin_mahalanobis, share_nearer_than_origin
from metrics.radius import radius_agreement

# Raised whenever the same latents would get another number; recorded with every run as `metrics.version`.
VERSION = "1"


@dataclass(frozen=True)
class Metric:
    """One row of the table of metrics; `name` is the key in `Scores.values`, where K stands for a level."""

    name: str
    range: str
    direction: str
    sees: str
    cannot_see: str


@dataclass(frozen=True)
class Scores:
    """values: name to number. omitted: name to the reason why it could not be computed (one line)."""

    values: dict[str, float]
    omitted: dict[str, str]


HEADLINES = ("marginal_gaussianity", "contour_agreement", "radius_agreement", "off_origin_distance")

METRICS = (
    Metric(
        "marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "skewed, peaked, heavy-tailed or split distributions of the components, on average",
        "anything between components; one bad component among hundreds",
    ),
    Metric(
        "marginal_skewness_abs",
        "0 and up",
        "0 = normal",
        "one-sided tails of the components: the mean of their absolute skewness",
        "symmetric deviations; it is above 0 for any sample",
    ),
    Metric(
        "marginal_excess_kurtosis",
        "-2 and up",
        "0 = normal",
        "heavy (above 0) or short (below 0) tails: the mean over components",
        "skewness; components whose deviations cancel",
    ),
    Metric(
        "contour_agreement",
        "0 to 1",
        "1 = normal",
        "skewed, hollow, split or curved pairs of components, and peaks or tails of a pair's density",
        "structure that needs three components to be seen, or is finer than a quarter of an sd",
    ),
    Metric(
        "contour_agreement_K",
        "0 to 1",
        "1 = normal",
        "the same at the K-sigma ellipse alone: small K the core, large K the tails",
        "as contour_agreement",
    ),
    Metric(
        "radius_agreement",
        "0 to 1",
        "1 = normal",
        "a cloud whose size varies from point to point though each view of it looks normal; shells and balls",
        "deviations in few directions of many; anything when n is not far above d (read the gap)",
    ),
    Metric(
        "off_origin_distance",
        "0 and up",
        "0 = centered at the origin",
        "how far the center is from the origin, in root mean square distances of the points from the center",
        "the shape of the cloud; it does not tell normal from other clouds",
    ),
    Metric(
        "off_origin_norm",
        "0 and up",
        "0 = centered at the origin",
        "the same in the latents' own units",
        "the size of the cloud; not comparable between networks",
    ),
    Metric(
        "origin_mahalanobis",
        "0 and up",
        "points of a normal cloud lie near sqrt(d)",
        "how far the origin is in the directions where the cloud is thin",
        "whether those directions matter; thin ones dominate",
    ),
    Metric(
        "share_nearer_than_origin",
        "0 to 1",
        "0 = the origin is innermost, 1 = outside the cloud",
        "the share of points with a smaller Mahalanobis distance than the origin's",
        "how far outside the origin lies once it is outside",
    ),
)


def score(
    latents: ArrayLike,
    *,
    contour_pairs: int = 200,
    levels: Sequence[float] = (1.0, 1.5, 2.0, 2.5, 3.0),
    seed: int = 0,
) -> Scores:
    """Every metric of METRICS for this cloud; each headline also as NAME_null and NAME_gap = NAME_null - NAME.

    latents: (n, d), floating or integer. contour_pairs: pairs of components drawn without replacement with `seed`.
    NAME_null is the value of one sample of N(m, S) drawn with `seed`: same n, d, mean m, covariance S, pairs and code.
    A metric that these points do not allow (n <= d, constant or dependent components) is in `omitted` with its reason.
    Raises ValueError for NaN and infinity, anything but a 2-D array of numbers, fewer than 2 points, unusable levels.
    Cost: 3 s at 15,000 x 256, 13 s at 170,000 x 256 on 2 idle cores; beyond the input the null sample, in float32
    unless the input needs float64, and about 0.1 GB.
    """
    check_levels(levels)
    points = as_points(latents)
    pair_rng, null_rng = np.random.default_rng(seed).spawn(2)
    pairs = random_pairs(points.shape[1], contour_pairs, pair_rng)
    own = moments(points)
    measured = _measure(points, own, pairs, levels)
    sample = normal_sample(own, null_rng, np.result_type(points.dtype, np.float32))
    return _with_null(measured, _measure(sample, moments(sample), pairs, levels))


def _measure(points: np.ndarray, own: Moments, pairs: np.ndarray, levels: Sequence[float]) -> Scores:
    """Every metric, without nulls. What raises DegenerateError is omitted, all metrics of the same part together."""
    level_names = tuple(f"contour_agreement_{float(level)}" for level in levels)
    parts: tuple[tuple[tuple[str, ...], Callable[[], Sequence[float]]], ...] = (
        (
            ("marginal_gaussianity", "marginal_skewness_abs", "marginal_excess_kurtosis"),
            lambda: _marginal_scores(points, own),
        ),
        (("contour_agreement", *level_names), lambda: _contour_scores(points, own, pairs, levels)),
        (
            ("radius_agreement", "origin_mahalanobis", "share_nearer_than_origin"),
            lambda: _radius_scores(points, own),
        ),
        (("off_origin_distance",), lambda: [off_origin_distance(own)]),
        (("off_origin_norm",), lambda: [off_origin_norm(own)]),
    )
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for names, compute in parts:
        try:
            values |= zip(names, compute(), strict=True)
        except DegenerateError as error:
            omitted |= dict.fromkeys(names, str(error))
    return Scores(values, omitted)


def _marginal_scores(points: np.ndarray, own: Moments) -> list[float]:
    each = marginals(points, own)
    return [
        1.0 - float(each.ks.mean()),
        float(np.abs(each.skewness).mean()),
        float(each.excess_kurtosis.mean()),
    ]


def _contour_scores(points: np.ndarray, own: Moments, pairs: np.ndarray, levels: Sequence[float]) -> list[float]:
    each = contour_agreement(points, own, pairs, levels)
    return [float(each.mean()), *each.mean(axis=0).tolist()]


def _radius_scores(points: np.ndarray, own: Moments) -> list[float]:
    squared = mahalanobis_squared(points, own)
    return [radius_agreement(squared, own.d), origin_mahalanobis(own), share_nearer_than_origin(squared, own)]


def _with_null(measured: Scores, null: Scores) -> Scores:
    """The measured scores, and for each headline that both have NAME_null and NAME_gap."""
    values, omitted = dict(measured.values), dict(measured.omitted)
    for name in HEADLINES:
        if name in values and name in null.values:
            values[f"{name}_null"] = null.values[name]
            values[f"{name}_gap"] = null.values[name] - values[name]
        elif name in values:
            omitted[f"{name}_null"] = null.omitted[name]
    return Scores(values, omitted)
