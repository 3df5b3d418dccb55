"""How far each component's own distribution is from a normal one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from metrics.moments import Moments, check_varying, column_slices


@dataclass(frozen=True, eq=False)
class Marginals:
    """One float64 value per component (d,).

    ks: Kolmogorov-Smirnov distance to N(mean, sd), 0 to 1, 0 = normal.
    skewness, excess_kurtosis: third and fourth standardised moments (biased, as SciPy's default), 0 = normal.
    """

    mean: np.ndarray
    sd: np.ndarray
    ks: np.ndarray
    skewness: np.ndarray
    excess_kurtosis: np.ndarray


def marginals(points: np.ndarray, moments: Moments) -> Marginals:
    """Every component against the normal distribution of its own mean and unbiased standard deviation.

    points: (n, d) and their moments. Raises DegenerateError naming constant components.
    Mean and sd come from the same points, so that even for normal ones ks stays near 0.64 / sqrt(n) on average
    (Lilliefors 1967); it never is 0. Unchanged by shift and scale of a component and by the order of points.
    Cost: d sorts of n values; a few chunks of columns beyond the input.
    """
    check_varying(moments)
    blocks = [_block(points[:, s], moments.mean[s], moments.sd[s]) for s in column_slices(*points.shape)]
    ks, skewness, excess_kurtosis = np.concatenate(blocks, axis=1)
    return Marginals(moments.mean, moments.sd, ks, skewness, excess_kurtosis)


def _block(columns: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """KS distance, skewness and excess kurtosis (3, b) of b columns."""
    # One component per row: sorting runs along contiguous memory.
    z = np.array(columns.T, dtype=np.float64, order="C")
    z -= mean[:, None]
    z /= sd[:, None]
    squares = z * z
    variance = squares.mean(axis=1)
    skewness = np.einsum("ij,ij->i", squares, z) / z.shape[1] / variance**1.5
    kurtosis = np.einsum("ij,ij->i", squares, squares) / z.shape[1] / variance**2
    z.sort(axis=1)
    return np.stack([_ks_distance(ndtr(z, out=z)), skewness, kurtosis - 3.0])


def _ks_distance(cdf: np.ndarray) -> np.ndarray:
    """Largest gap (b,) between the steps of an empirical distribution and `cdf` (b, n) at its sorted points."""
    n = cdf.shape[-1]
    below = cdf - np.arange(n) / n
    return np.maximum(below.max(axis=-1), 1 / n - below.min(axis=-1))
