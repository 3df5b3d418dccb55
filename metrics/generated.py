"""How a set of generated pictures differs from real ones, both as vectors of features.

Which features is the caller's choice (`metrics.face_features`), and numbers compare within one choice alone. All that
is asked of the real ones is that no generator has seen them. Every result is an `Estimate`, with its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import svdvals
from scipy.spatial.distance import cdist

from metrics.halves import Estimate, half_differences

# Of Naeem et al. (2020), for all four statistics of neighbours.
NEIGHBOURS = 5
# Each half still has this many beside the point itself.
LEAST = 2 * (NEIGHBOURS + 1)


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """What of each set lies within the neighbourhoods of the other: around a point, out to its k-th own neighbour.

    precision: share of generated points within that of a real one, 0 to 1: do they look real? Blind to mode collapse.
    recall: share of real points within that of a generated one, 0 to 1: could all real ones come up? Few and far
    generated points have wide neighbourhoods (Kynkäänniemi et al. 2019). Chance is near 1, lower in many dimensions.
    density: real neighbourhoods that a generated point lies in, over k, 0 and up: 1 by chance, more where generated
    points crowd where the real ones are dense. coverage: share of real points with a generated one in their
    neighbourhood, 0 to 1: `chance_of_coverage` by chance, low for bad pictures as for missing ones (Naeem et al. 2020).
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def kid(generated: np.ndarray, real: np.ndarray) -> Estimate:
    """The squared maximum mean discrepancy of the kernel (x y / d + 1)^3, without bias: 0 by chance, and up.

    generated: (m, d), real: (n, d). KID (Bińkowski et al. 2018) where d features are Inception's. Below 0 as often as
    above for equal distributions, at every size: sets of other sizes compare, of other features do not. The kernel
    takes features of a root mean square near 1; far below it sees means alone.
    Between equal distributions its standard error is sqrt(2) times too large.
    Raises ValueError for fewer than LEAST points, or others than finite numbers. Cost: (m + n)^2 d multiplications.
    """
    m, n = _sizes(generated, real)
    ours, theirs, between = _kernel(generated, generated), _kernel(real, real), _kernel(generated, real)
    # A point is no other point: this is what leaves out the bias.
    np.fill_diagonal(ours, 0)
    np.fill_diagonal(theirs, 0)

    def statistic(chosen: np.ndarray, kept: np.ndarray) -> float:
        a, b = chosen.astype(float), kept.astype(float)
        these, those = a.sum(), b.sum()
        within = a @ ours @ a / (these * (these - 1)) + b @ theirs @ b / (those * (those - 1))
        return float(within - 2 * (a @ between @ b) / (these * those))

    return Estimate(statistic(np.ones(m), np.ones(n)), half_differences(statistic, m, n))


def fid(generated: np.ndarray, real: np.ndarray) -> Estimate:
    """The Fréchet distance of two normal distributions with the means and covariances of the sets, 0 and up.

    generated: (m, d), real: (n, d). FID (Heusel et al. 2017) where d features are Inception's. |difference of means|^2
    + tr(A + B - 2 (A B)^(1/2)). The trace of the root is the sum of the singular values of the products of the centered
    points with one another, which needs no root and holds where m or n is below d. Few points give too much: between
    equal distributions of independent features of variance 1 about (1/m + 1/n) d (d + 5) / 4, as long as m and n are
    well above d. Sets of other sizes do not compare, and with a few hundred pictures `kid` is the one to read (Chong
    and Forsyth 2020).
    The interval is that of its expectation at these sizes, bias and all.
    Raises ValueError as `kid`. Cost: (m + n) d min(m, n, d) and min(m, n, d)^3 multiplications, 50 times.
    """
    m, n = _sizes(generated, real)

    def statistic(chosen: np.ndarray, kept: np.ndarray) -> float:
        x, y = generated[chosen], real[kept]
        apart = x.mean(axis=0) - y.mean(axis=0)
        x, y = (x - x.mean(axis=0)) / np.sqrt(len(x) - 1), (y - y.mean(axis=0)) / np.sqrt(len(y) - 1)
        return float(apart @ apart + (x**2).sum() + (y**2).sum() - 2 * svdvals(_triangle(x) @ _triangle(y).T).sum())

    return Estimate(statistic(np.ones(m, bool), np.ones(n, bool)), half_differences(statistic, m, n))


def neighbourhoods(generated: np.ndarray, real: np.ndarray, k: int = NEIGHBOURS) -> Neighbourhoods:
    """Precision, recall, density and coverage, by Euclidean distances to the k nearest neighbours.

    generated: (m, d), real: (n, d). All depend on m, n and k: compare at equal sizes alone, and read them beside other
    real points in place of the generated ones. Raises ValueError as `kid`. Cost: (m + n)^2 d multiplications, and
    2 SPLITS partitions of half the distances.
    """
    m, n = _sizes(generated, real)
    ours, theirs, between = cdist(generated, generated), cdist(real, real), cdist(real, generated)

    def statistic(chosen: np.ndarray, kept: np.ndarray) -> np.ndarray:
        around, reach = _radii(theirs[np.ix_(kept, kept)], k), _radii(ours[np.ix_(chosen, chosen)], k)
        distances = between[np.ix_(kept, chosen)]
        inside = distances <= around[:, None]
        reached = distances <= reach
        precision, recall = inside.any(axis=0).mean(), reached.any(axis=1).mean()
        return np.array([precision, recall, inside.mean() * len(inside) / k, inside.any(axis=1).mean()])

    values = statistic(np.ones(m, bool), np.ones(n, bool)).tolist()
    differences = half_differences(statistic, m, n).T
    trials = (m, n, None, n)
    return Neighbourhoods(*(Estimate(*each) for each in zip(values, differences, trials, strict=True)))


def chance_of_coverage(m: int, n: int, k: int = NEIGHBOURS) -> float:
    """What coverage is on average for m generated and n real points of the same distribution, whichever it is.

    1 less the probability that the k nearest of the n - 1 real and m generated points around a real one are all real
    (Naeem et al. 2020); near 1 - 1 / 2^k for m = n.
    """
    places = np.arange(1, k + 1)
    return float(1 - np.prod((n - places) / (m + n - places)))


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)


def _triangle(points: np.ndarray) -> np.ndarray:
    """(min(n, d), d): points turned about the origin of n dimensions, which no product of two of their columns sees."""
    return np.asarray(np.linalg.qr(points, mode="r"))


def _radii(distances: np.ndarray, k: int) -> np.ndarray:
    """(n,): from each point to its k-th nearest other; distances: (n, n), 0 on the diagonal."""
    return np.asarray(np.partition(distances, k, axis=1)[:, k])


def _sizes(generated: np.ndarray, real: np.ndarray) -> tuple[int, int]:
    for name, points in (("generated", generated), ("real", real)):
        if points.ndim != 2 or len(points) < LEAST:
            raise ValueError(f"{name} points are {points.shape}; give (n, d) with n of at least {LEAST}")
        if not np.isfinite(points).all():
            raise ValueError(f"{name} points hold NaN or infinity; give finite numbers")
    if generated.shape[1] != real.shape[1]:
        raise ValueError(f"generated points have {generated.shape[1]} features, real ones {real.shape[1]}")
    return len(generated), len(real)
