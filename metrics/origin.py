"""How far the cloud's center lies from the origin of its coordinates, in four forms, and how full its surroundings are.

None of them tells normal from other clouds; they say where a cloud lies. The origin has a meaning for a network with
linear latent components, so shifting the points changes all of them. The four distances keep their values under a
rotation or a common scale, but for the norm, which has the scale's unit; slab and cube belong to the axes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from metrics.moments import DegenerateError, Moments, in_threads, mahalanobis_squared, row_slices
from metrics.norms import norms_squared

# The articles' network: slab of half-width 1.5 in 256 components whose vectors have a mean radius of 13.9.
ARTICLES_HALF_WIDTH, ARTICLES_RADIUS, ARTICLES_D = 1.5, 13.9, 256


def off_origin_norm(moments: Moments) -> float:
    """Euclidean norm of the mean, 0 and up, in the latents' own units."""
    return float(np.linalg.norm(moments.mean))


def off_origin_distance(moments: Moments) -> float:
    """Norm of the mean over sqrt(trace of the covariance), 0 and up, 0 = centered; no unit.

    The denominator is the root mean square distance of the points from their center: at 1 the origin is as far from the
    center as a typical point. Raises DegenerateError where all points are the same.
    """
    return off_origin_norm(moments) / _spread(moments)


def _spread(moments: Moments) -> float:
    """Root mean square distance from the center. Raises DegenerateError where it is 0."""
    spread = float(np.sqrt(np.trace(moments.covariance)))
    if spread == 0:
        raise DegenerateError("all points are the same; their spread is 0")
    return spread


def off_origin_standard_error(points: np.ndarray, moments: Moments) -> float:
    """Standard error of `off_origin_distance`, whatever the law of the points; 0 and up.

    points: (n, d), all the measured ones, and their moments. The sd over points of the influence function (Hampel
    1974) over sqrt(n): right to first order, so for a center that is far from the origin by the measure of its own
    standard error. Raises DegenerateError where the center is the origin or all points are the same.
    Cost: one pass, n d multiplications, one chunk beyond the input.
    """
    norm, spread = off_origin_norm(moments), _spread(moments)
    if norm == 0:
        raise DegenerateError("the center is exactly the origin; its distance has no standard error to first order")
    influence = np.empty(len(points))
    for rows in row_slices(*points.shape):
        centred = points[rows] - moments.mean
        along = centred @ (moments.mean / norm) / spread
        influence[rows] = along - norm * np.einsum("ij,ij->i", centred, centred) / (2 * spread**3)
    return float(influence.std(ddof=1) / np.sqrt(len(points)))


def off_origin_null(moments: Moments) -> tuple[float, float]:
    """Mean and sd of `off_origin_distance` over samples of n points of N(m, S), m and S these moments.

    In closed form: A = |mean|^2 has mean |m|^2 + tr S / n and variance 4 m'Sm / n + 2 tr S^2 / n^2, B = tr of the
    sample's covariance has tr S and 2 tr S^2 / (n - 1), independent of A; sqrt(A / B) by the delta method, the mean to
    second order. For m = 0 and variance in one direction alone, the worst case, mean and sd are 6 % below and 17 %
    above the true ones; they are exact to 1 % once A's sd is below 0.4 of its mean. Cost: d^2.
    """
    _spread(moments)
    trace, squares = np.trace(moments.covariance), (moments.covariance**2).sum()
    a = moments.mean @ moments.mean + trace / moments.n
    a_variance = 4 * moments.mean @ moments.covariance @ moments.mean / moments.n + 2 * squares / moments.n**2
    relative_a, relative_b = a_variance / a**2, 2 * squares / (moments.n - 1) / trace**2
    mean = np.sqrt(a / trace) * (1 - relative_a / 8 + 3 * relative_b / 8)
    return float(mean), float(np.sqrt(a / trace * (relative_a + relative_b)) / 2)


def origin_mahalanobis(moments: Moments) -> float:
    """Mahalanobis distance of the origin from the center, 0 and up; points of a normal cloud lie near sqrt(d).

    Invariant under every invertible linear map. Raises DegenerateError without a covariance of full rank.
    """
    return float(np.sqrt(mahalanobis_squared(np.zeros((1, moments.d)), moments)[0]))


def share_nearer_than_origin(squared: np.ndarray, moments: Moments) -> float:
    """Share of points nearer to the center than the origin is, 0 to 1, by Mahalanobis distance.

    squared: (n,) squared Mahalanobis distances of the points. It is the quantile of the smallest core that holds the
    origin: near 0 the origin is among the innermost points, at 1 it lies outside the cloud.
    """
    return float(np.mean(np.sqrt(squared) < origin_mahalanobis(moments)))


def slab_half_width(points: np.ndarray) -> float:
    """The articles' half-width c = 1.5, carried over to the scale of these points (n, d).

    1.5 of theirs in 256 components at mean radius 13.9: in units of radius / sqrt(d), the usual size of a component, it
    is 1.73. Depends on scale and shift as the points do. Cost: n d.
    """
    usual = ARTICLES_RADIUS / np.sqrt(ARTICLES_D)
    return float(ARTICLES_HALF_WIDTH * np.sqrt(norms_squared(points)).mean() / np.sqrt(points.shape[1]) / usual)


def slab_counts(points: np.ndarray, pairs: ArrayLike, half_width: float) -> np.ndarray:
    """For each pair of components the number of points with |x_j| <= half_width in all others (p,), 0 to n.

    points: (n, d); pairs: (p, 2) indices of two different components. The slab around a coordinate plane of the
    articles (post IV): 1 to 2 of 5,000 and 39 to 70 of 80,000 there. Near 0 means that planes through the origin show
    next to no points, only projections. A description of where the points lie, no test of normality.
    Raises ValueError for pairs that name no two components. Cost: n d comparisons for any number of pairs, and d^2
    integers.
    """
    first, second = _checked_pairs(pairs, points.shape[1])
    n, d = points.shape
    inside = 0
    one, two = np.zeros(d, np.int64), np.zeros((d, d), np.int64)
    for exceeded in in_threads(lambda rows: _exceeded(points[rows], half_width), row_slices(n, d)):
        inside += exceeded[0]
        np.add.at(one, exceeded[1], 1)
        np.add.at(two, tuple(exceeded[2].T), 1)
    return inside + one[first] + one[second] + two[np.minimum(first, second), np.maximum(first, second)]


def _exceeded(chunk: np.ndarray, half_width: float) -> tuple[int, np.ndarray, np.ndarray]:
    """Number of points within in all components; the component (k,) of those outside in one; the two (k, 2) in two."""
    # A point counts for a pair where all components outside are of the pair, so those with three or more drop out.
    outside = np.abs(chunk.astype(np.float64)) > half_width
    number = np.count_nonzero(outside, axis=1)
    one, two = np.nonzero(outside[number == 1])[1], np.nonzero(outside[number == 2])[1]
    return int(np.count_nonzero(number == 0)), one, two.reshape(-1, 2)


def _checked_pairs(pairs: ArrayLike, d: int) -> tuple[np.ndarray, np.ndarray]:
    """First and second components (p,). Raises ValueError unless each pair is of two different ones of d."""
    indices = np.asarray(pairs)
    if indices.ndim != 2 or indices.shape[1] != 2 or indices.dtype.kind not in "iu":
        raise ValueError(
            f"pairs have shape {indices.shape} and type {indices.dtype}; give (p, 2) indices of components"
        )
    wrong = (indices < 0).any(axis=1) | (indices >= d).any(axis=1) | (indices[:, 0] == indices[:, 1])
    if wrong.any():
        raise ValueError(f"pair {tuple(indices[wrong][0].tolist())} is not two different components of 0 to {d - 1}")
    return indices[:, 0], indices[:, 1]


def matching_cube(points: np.ndarray) -> float:
    """The b for which vectors uniform in [-b, b]^d have the points' mean |x|^2: sqrt(3 mean |x|^2 / d), 0 and up.

    points: (n, d); |x| is the distance from the origin, not the center. The best b of the articles' naive generator.
    """
    return float(np.sqrt(3 * norms_squared(points).mean() / points.shape[1]))


def cube_radius_agreement(points: np.ndarray) -> float:
    """1 - Kolmogorov-Smirnov distance between the radii |x| and those of a `matching_cube`; 0 to 1.

    points: (n, d). 1 does not mean normal but that radii cannot tell the points from uniform vectors; faces come from
    such vectors only if more than the radii agrees. A normal cloud with mean 0 and covariance I has wider radii, and
    0.888 in 256 components. The cube's law is that of a sum of d squares to order 1 / sqrt(d) (Edgeworth), off by at
    most 0.13, 0.044 and 0.009 in 1, 2 and 5 components, and by 0.003 in 16.
    Raises DegenerateError where all points are the origin. Cost: n d, and one sort.
    """
    squared, d = np.sort(norms_squared(points)), points.shape[1]
    if squared[-1] == 0:
        raise DegenerateError("all points are the origin; no cube matches their radii")
    law, n = _cube_law(squared / squared.mean(), d), len(squared)
    below = law - np.arange(n) / n
    return 1.0 - float(max(below.max(), 1 / n - below.min()))


def _cube_law(ratios: np.ndarray, d: int) -> np.ndarray:
    """Distribution function of |u|^2 over its mean, u uniform in a cube: d squares, each of mean 1/3, variance 4/45."""
    z = (ratios - 1) * np.sqrt(5 * d / 4)
    # Third standardised moment of a squared uniform number: (16 / 945) / (4 / 45)^1.5.
    skewness = (16 / 945) / (4 / 45) ** 1.5
    law = ndtr(z) - skewness / np.sqrt(d) / 6 * (z**2 - 1) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.clip(law, 0.0, 1.0)
