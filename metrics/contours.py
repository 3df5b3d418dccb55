"""Whether the density contours of pairs of components are the ellipses of a normal distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from metrics.moments import DegenerateError, Moments, in_threads

# All lengths are in sd of the whitened pair. The bandwidth is fixed, so that a score means the same at every n, and is
# the normal-reference one, n^(-1/6) in two dimensions (Scott 1992), at n = 4096, the low end of the clouds meant here:
# larger clouds lose only structure finer than 1/4 sd. For one pair at n = 5,000, 15,000 and 170,000 (300, 300 and 60
# samples) the score of a normal is then .947 .969 .991, of a t with 8 df .85 .87 .86, of two normals 2.4 sd apart
# .87 .87 .88: it hardly drifts with n, and the difference is at least 17, 36 and 117 sd of the null. From 0.2 to 0.4
# that power changes by a factor below 1.6: nothing hangs on the exact value.
BANDWIDTH = 0.25
# A fifth of the bandwidth: counting cells by their centers then costs less than 0.005 of the agreement from 1 sd on.
BIN = BANDWIDTH / 5
HALF_WIDTH = 6.0
CELLS = round(2 * HALF_WIDTH / BIN)
# A normal density of sd 1, binned and smoothed, is one of this sd.
WIDENING = float(np.sqrt(1 + BANDWIDTH**2 + BIN**2 / 12))
SMALLEST_LEVEL, LARGEST_LEVEL = 0.5, 5.0

_CENTERS = (np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH
_RADII = np.hypot(_CENTERS[:, None], _CENTERS)


def _kernel() -> csr_array:
    """Smoothing along one axis as a matrix (CELLS, CELLS): a Gaussian of sd BANDWIDTH cut at 4 sd, nothing outside."""
    distance = np.abs(_CENTERS - _CENTERS[:, None]) / BANDWIDTH
    weights = np.where(distance < 4 + BIN / 2, np.exp(-(distance**2) / 2), 0.0)
    # A row far from the borders holds the whole kernel.
    return csr_array((weights / weights[CELLS // 2].sum()).astype(np.float32))


# Sparse, because a dense product runs on BLAS threads of its own, which slow the threads over pairs down fivefold.
_KERNEL = _kernel()


def check_levels(levels: Sequence[float]) -> None:
    """Raises ValueError for no levels, or one that the grid does not resolve or hold."""
    if not len(levels):
        raise ValueError("levels are empty; give at least one, such as 1.0")
    for level in levels:
        if not SMALLEST_LEVEL <= level <= LARGEST_LEVEL:
            raise ValueError(f"levels hold {level}; give numbers of sd from {SMALLEST_LEVEL} to {LARGEST_LEVEL}")


def random_pairs(d: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """min(count, d (d - 1) / 2) different pairs (p, 2) of components i < j, each pair equally likely.

    None, (0, 2), for d = 1. Raises ValueError for count < 1.
    """
    pairs = d * (d - 1) // 2
    rank = rng.choice(pairs, size=min(_positive(count), pairs), replace=False)
    # Ranks count the pairs row by row: (0, 1), (0, 2), ..., (1, 2), ...
    first = np.cumsum(np.arange(d)[::-1]) - np.arange(d)[::-1]
    i = np.searchsorted(first[: d - 1], rank, side="right") - 1
    return np.column_stack([i, rank - first[i] + i + 1])


def correlated_pairs(moments: Moments, count: int) -> np.ndarray:
    """min(count, d (d - 1) / 2) pairs (p, 2) of components i < j with the largest absolute correlation, largest first.

    None, (0, 2), for d = 1. Raises ValueError for count < 1, DegenerateError where a component is constant.
    Cost: one look at each of the d^2 correlations, and as much memory as they take.
    """
    d = moments.d
    strength = np.where(np.tri(d, dtype=bool), -1.0, np.abs(moments.correlation)).ravel()
    kept = min(_positive(count), d * (d - 1) // 2)
    top = np.argpartition(-strength, kept)[:kept]
    return np.column_stack(np.unravel_index(top[np.lexsort((top, -strength[top]))], (d, d)))


def _positive(count: int) -> int:
    if count < 1:
        raise ValueError(f"contour pairs are {count}; give at least 1")
    return count


def pair_root(moments: Moments, pair: Sequence[int] | np.ndarray) -> np.ndarray:
    """Symmetric square root (2, 2) of the correlation matrix of two components.

    Raises DegenerateError where one is constant or determines the other.
    """
    i, j = pair
    if not (moments.sd[[i, j]] > 0).all():
        raise DegenerateError(f"component {i} or {j} is constant; leave it out")
    r = moments.covariance[i, j] / (moments.sd[i] * moments.sd[j])
    if 1 - abs(r) < 1e-12:
        raise DegenerateError(f"components {i} and {j} are linearly dependent; leave one of them out")
    plus, minus = np.sqrt(1 + r) / 2, np.sqrt(1 - r) / 2
    return np.array([[plus + minus, plus - minus], [plus - minus, plus + minus]])


def whitened_pair(points: np.ndarray, moments: Moments, pair: Sequence[int] | np.ndarray) -> np.ndarray:
    """Two components (2, n) at mean 0, sd 1 and correlation 0.

    Each is standardised, then both are multiplied with the inverse symmetric root of their correlation matrix: scale
    and shift of a component drop out exactly, exchanging the two exchanges the axes, and any other invertible map of
    the pair only rotates the result, which neither a round kernel nor a disc sees (the grid does, within its cells).
    """
    whitening = np.linalg.inv(pair_root(moments, pair))
    # Column by column: gathering both at once is slower than the arithmetic.
    x, y = ((points[:, c] - moments.mean[c]) / moments.sd[c] for c in pair)
    return np.stack([a * x + b * y for a, b in whitening])


def smoothed_density(whitened: np.ndarray) -> np.ndarray:
    """Probability in each cell (CELLS, CELLS) of the grid over +-HALF_WIDTH, first component along the first axis.

    whitened: (2, n). Counts per bin, smoothed with a Gaussian of sd BANDWIDTH. Points outside the grid stay in the
    total, so that the cells sum to less than 1 then.
    """
    # One more cell on each side takes the points outside; above 0, a cast to integers rounds down as a floor does.
    cells = np.clip((whitened + HALF_WIDTH) / BIN + 1, 0, CELLS + 1).astype(np.int32)
    side = CELLS + 2
    counts = np.bincount(cells[1] * side + cells[0], minlength=side**2).reshape(side, side)[1:-1, 1:-1]
    # Second component first, because each product is turned: K (K C^T)^T = K C K.
    return _KERNEL @ (_KERNEL @ (counts / whitened.shape[1]).astype(np.float32)).T


def density_thresholds(density: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Density (k,) above which the probability is 1 - exp(-k^2 / 2), that of a normal's k-sigma ellipse.

    The cells above it are the highest-density region (Hyndman 1996); the whole grid where too much lies outside.
    """
    outside = np.exp(-np.square(levels) / 2)
    missing = 1 - density.sum(dtype=np.float64)
    # Cells below this, all together, hold less than what the widest region leaves out: it needs none of them.
    least = (outside.min() - missing) / density.size
    ordered = np.sort(density[density >= least])[::-1]
    last = np.searchsorted(np.cumsum(ordered, dtype=np.float64), 1 - outside)
    return ordered[np.minimum(last, ordered.size - 1)]


def level_agreement(density: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Intersection over union (k,) of highest-density region and normal's disc at each level; 0 to 1, 1 = normal.

    Smoothing widens the density, so the disc's radius is k * WIDENING. A cell belongs to a region by the value at its
    center, the same rule on both sides: the areas are off by far less than one ring of cells.
    """
    thresholds = density_thresholds(density, levels)
    discs = (level * WIDENING > _RADII for level in levels)
    return np.array([_overlap(density >= t, disc) for t, disc in zip(thresholds, discs, strict=True)])


def _overlap(region: np.ndarray, disc: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return np.count_nonzero(region & disc) / np.count_nonzero(region | disc)


def contour_agreement(points: np.ndarray, moments: Moments, pairs: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """IoU (p, k) of each pair's density contours with its k-sigma ellipses; 0 to 1, 1 = normal, below 1 for any sample.

    points: (n, d) and their moments; pairs: (p, 2). Raises DegenerateError without pairs, or for a constant or
    dependent one.
    Invariant under shift and scale of components, and under linear maps of a pair within the grid's resolution.
    It sees skewed, hollow, split or curved pairs, and peaks or tails; not what needs three components to be seen, nor
    structure finer than BANDWIDTH. Cost: 1.7 ms a pair at n = 15,000, 4 ms at n = 170,000 on 2 cores.
    """
    if not len(pairs):
        raise DegenerateError("1 component has no pairs; contours need at least 2 components")
    return np.array(
        in_threads(lambda p: level_agreement(smoothed_density(whitened_pair(points, moments, p)), levels), pairs)
    )
