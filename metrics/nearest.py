"""Nearest neighbours: intrinsic dimension, and points that lie too near to one another."""

from __future__ import annotations

import numpy as np

from metrics.moments import DegenerateError, Moments, in_threads

# Points whose neighbours are sought, among how many; the largest ratios of distances are left out of the dimension.
QUERIES, KEPT = 1_000, 0.9
# A near duplicate lies within this share of the usual distance of a normal cloud's neighbours.
NEAR = 1 / 3
BLOCK = 100


def neighbour_measures(points: np.ndarray, own: Moments, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Intrinsic dimension; over that of N(mean, covariance); typical distance over its; share of near duplicates.

    points: (n, d), at most some 20,000, and their moments; as many normal ones of the same moments go through the same
    code. The dimension is that of Facco et al. (2017, TwoNN), from the ratios of the distances to the second and the
    first neighbour, each component in its sd: of a normal cloud in many dimensions it is far below d, so read the
    ratio. 1 = normal for both ratios; below 1 the points lie on something thinner, or in clusters. The share, 0 to 1,
    is of points with a neighbour within a third of a normal cloud's usual distance: images that are there twice, or
    nearly. Raises DegenerateError for constant components, or where most points have twins.
    Cost: 1,000 n d multiplications, twice.
    """
    n, d = points.shape
    if n < 4:
        raise DegenerateError(f"{n} points; neighbours need at least 4")
    variances, axes = np.linalg.eigh(own.correlation)
    normal = rng.standard_normal((n, d), dtype=np.float32) * np.sqrt(np.maximum(variances, 0.0)).astype(np.float32)
    queries = np.sort(rng.permutation(n)[:QUERIES])
    standardised = ((points - own.mean) / own.sd).astype(np.float32) @ axes.astype(np.float32)
    found, expected = (_two_nearest(cloud, queries) for cloud in (standardised, normal))
    usual = float(np.median(expected[:, 0]))
    dimension, reference = _two_nn(found), _two_nn(expected)
    near = float((found[:, 0] < NEAR * usual).mean())
    return dimension, dimension / reference, float(np.median(found[:, 0])) / usual, near


def _two_nearest(cloud: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """float64 (q, 2): distances to the first and second neighbour."""
    squared = np.einsum("ij,ij->i", cloud, cloud)

    def block(start: int) -> np.ndarray:
        rows = queries[start : start + BLOCK]
        products = cloud[rows] @ cloud.T
        products *= -2
        products += squared
        products[np.arange(len(rows)), rows] = np.inf
        nearest = np.argpartition(products, 1, axis=1)[:, :2]
        # From the differences themselves: of near points little is left of a difference of squares.
        differences = cloud[rows][:, None] - cloud[nearest]
        return np.sort(np.sqrt(np.einsum("qij,qij->qi", differences, differences, dtype=np.float64)), axis=1)

    return np.concatenate(in_threads(block, range(0, len(queries), BLOCK)))


def _two_nn(distances: np.ndarray) -> float:
    """Facco et al.'s estimate: slope through the origin of -log(1 - F) over log(second / first), F to KEPT."""
    apart = distances[distances[:, 0] > 0]
    if len(apart) < len(distances) / 2:
        raise DegenerateError("most points have an exact twin; leave duplicates out")
    ratios = np.sort(np.log(apart[:, 1] / apart[:, 0]))
    kept = ratios[: max(int(KEPT * len(ratios)), 2)]
    heights = -np.log1p(-np.arange(1, len(kept) + 1) / (len(ratios) + 1))
    if not kept.any():
        raise DegenerateError("first and second neighbours are equally far; there is no ratio of distances")
    return float((kept @ heights) / (kept @ kept))
