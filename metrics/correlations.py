"""Which components are correlated, and how strongly: the articles' counts and lists of pairs.

They describe the data and test nothing: a normal cloud may have any correlations, and the articles' clouds have strong
ones. What they show is that components drawn independently of one another cannot imitate the cloud.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metrics.moments import DegenerateError, Moments

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def counts_above(moments: Moments, thresholds: Sequence[float] = THRESHOLDS) -> np.ndarray:
    """Number of pairs with |r| above each threshold (k,), of d (d - 1) / 2 pairs in all.

    Not a test of normality. r of two independent components scatters by 1 / sqrt(n) around 0: low thresholds count
    chance when n is small. Unchanged by scale, shift and order of the components; a rotation changes everything.
    Raises DegenerateError naming constant components. Cost: d^2 comparisons, sorted once.
    """
    sizes = np.sort(np.abs(_pairwise(moments)[2]))
    return sizes.size - np.searchsorted(sizes, thresholds, side="right")


def pairs_above(moments: Moments, threshold: float = 0.5) -> list[tuple[int, int, float]]:
    """The pairs (i, j, r) of components i < j with |r| above the threshold, the strongest first.

    Raises DegenerateError naming constant components. Not a test of normality.
    """
    i, j, r = _pairwise(moments)
    above = np.flatnonzero(np.abs(r) > threshold)
    above = above[np.argsort(-np.abs(r[above]), kind="stable")]
    return list(zip(i[above].tolist(), j[above].tolist(), r[above].tolist(), strict=True))


def largest(moments: Moments) -> float:
    """The largest |r| of all pairs, 0 to 1. Not a test of normality.

    Raises DegenerateError for constant components, or where a single component has no pair.
    """
    if moments.d < 2:
        raise DegenerateError("1 component has no pair; use at least 2")
    return float(np.abs(_pairwise(moments)[2]).max())


def _pairwise(moments: Moments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First component, second component and correlation of all pairs i < j, each (d (d - 1) / 2,)."""
    i, j = np.triu_indices(moments.d, 1)
    # Rounding lifts the correlation of duplicated components above 1.
    return i, j, np.clip(moments.correlation[i, j], -1.0, 1.0)
