"""The cloud along its principal axes: how its variance spreads over them, and how normal it is along each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metrics.marginals import Marginals, marginals
from metrics.moments import RANK_TOLERANCE, DegenerateError, Moments, column_slices, row_slices


@dataclass(frozen=True, eq=False)
class Spectrum:
    """variances: (d,) eigenvalues of the covariance, descending. axes: (d, d), their unit eigenvectors as columns."""

    variances: np.ndarray
    axes: np.ndarray


def spectrum(moments: Moments) -> Spectrum:
    """Variances along the principal axes of the covariance, and the axes, each with its largest entry positive.

    Of the covariance, as in the articles, not the correlations: components of large variance count for more.
    Exists for n <= d and constant components as well: the variances left over are 0. Raises DegenerateError where all
    points are the same. Cost: d^3.
    """
    values, vectors = np.linalg.eigh(moments.covariance)
    if values[-1] <= 0:
        raise DegenerateError("all points are the same; they have no principal axis")
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(moments.d)])
    return Spectrum(np.maximum(values[::-1], 0.0), np.ascontiguousarray((vectors * signs)[:, ::-1]))


def effective_dimension(variances: np.ndarray) -> float:
    """(sum of variances)^2 / sum of their squares, 1 to d: the participation ratio (Abbott et al. 2011).

    d where all variances are equal, k where k of them are equal and the others 0. No test of normality. A normal
    sample of n points with covariance I has about d / (1 + d / n), not d.
    """
    return float(variances.sum() ** 2 / (variances**2).sum())


def components_for(variances: np.ndarray, share: float = 0.9) -> int:
    """Number of leading axes that hold at least this share of the total variance, 1 to d."""
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; give a number above 0, at most 1")
    held = np.cumsum(variances) / variances.sum()
    # The last sum is 1 up to rounding, also where share is 1.
    return min(int(np.searchsorted(held, share * (1 - 1e-12))) + 1, variances.size)


def axis_marginals(points: np.ndarray, moments: Moments, along: Spectrum) -> Marginals:
    """The marginals of the scores along the principal axes, the leading axis first; axes of no variance left out.

    points: (n, d), the measured ones or a subsample of their rows; moments and spectrum: of all of them. Each axis is
    held against the normal distribution of its scores' own mean and sd, as the components in `marginals`.
    pca/marginal_gaussianity is 1 - ks.mean(), that of the leading 10 axes 1 - ks[:10].mean(); 0 to 1, 1 = normal.
    Unlike the components' mean it does not change when the cloud is rotated or scaled, but sums of many components
    tend to be normal by themselves. Raises DegenerateError where the points do not vary along an axis that is kept.
    Cost: n d^2 multiplications, and marginals; the scores in float32 beyond the input.
    """
    # Below this share eigenvectors are rounding.
    kept = np.count_nonzero(along.variances > RANK_TOLERANCE * along.variances[0])
    scores = _scores(points, moments.mean, along.axes[:, :kept])
    return marginals(scores, _own_moments(scores))


def _scores(points: np.ndarray, mean: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The centered points (n, k) in the coordinates of the axes (d, k)."""
    scores = np.empty((len(points), axes.shape[1]), np.float32)
    for rows in row_slices(*points.shape):
        scores[rows] = (points[rows] - mean) @ axes
    return scores


def _own_moments(scores: np.ndarray) -> Moments:
    """Mean and variances of the scores; their covariances, 0 for all measured points, play no part in marginals."""
    mean = scores.mean(axis=0, dtype=np.float64)
    blocks = [scores[:, block].var(axis=0, ddof=1, dtype=np.float64) for block in column_slices(*scores.shape)]
    return Moments(len(scores), mean, np.diag(np.concatenate(blocks)))
