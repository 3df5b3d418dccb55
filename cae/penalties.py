"""How far a batch of latent vectors is from N(0, I): what a regularizer adds to the loss. 0 = no distance, and up.

Each is a function of vectors, float32 (n, d), and of a generator of random numbers. A batch of n true draws from
N(0, I) does not give 0 but what n draws differ by; each docstring says how much. Costs are those of one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

Penalty = Callable[[Any, Any], Any]

# Directions of a batch, and the multiples of 2 d that the kernel's widths take: as in the authors' own code.
SWAE_DIRECTIONS, SIGREG_DIRECTIONS = 50, 256
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
# Where a characteristic function is compared: symmetric, so that half of the interval [-5, 5] is enough.
KNOTS = np.linspace(0, 5, 9, dtype=np.float32)
# A root has no slope at 0, where two vectors are the same.
TINY = 1e-12


def radii_and_distances(vectors: Any, seed: Any = None) -> Any:
    """Mean squared difference of the sorted norms from a chi distribution's quantiles, plus that of the distances.

    Distances are those of all pairs over sqrt(2), which have the same distribution. Under N(0, I) about 2 / n in any d.
    Duda (arXiv 1811.04751) compares the distribution functions; here it is their quantiles, because a distribution
    function is flat, and pulls at nothing, a few sd away.
    Cost: n^2 d and the sorting of n^2 / 2 numbers.
    """
    n, d = _count(vectors), vectors.shape[1]
    squares = ops.sum(ops.square(vectors), axis=1)
    apart = squares[:, None] + squares[None, :] - 2 * ops.matmul(vectors, ops.transpose(vectors))
    # Of the matrix of all pairs, each pair twice and the diagonal of zeros first.
    pairs = ops.sort(ops.reshape(apart, (-1,)))[n:]
    distances = ops.sqrt(ops.maximum(pairs / 2, TINY))
    radii = ops.sort(ops.sqrt(squares + TINY))
    found = ops.mean(ops.square(radii - chi_quantiles(n, d)))
    return found + _mean(ops.square(distances - chi_quantiles(n * (n - 1), d)))


def maximum_mean_discrepancy(vectors: Any, seed: Any) -> Any:
    """Squared maximum mean discrepancy to as many draws from N(0, I), by inverse multiquadric kernels.

    k(x, y) = C / (C + |x - y|^2), summed over C = 2 d s for the seven `SCALES` s. The mean over all pairs, a vector
    with itself included, which is never negative: under N(0, I) 2 / n times 7 - E k(x, y), 7 / n where d is large.
    Source: Tolstikhin et al. 2018 (WAE-MMD). Cost: 3 n^2 d.
    """
    drawn = keras.random.normal(ops.shape(vectors), dtype="float32", seed=seed)
    return _kernel(vectors, vectors) + _kernel(drawn, drawn) - 2 * _kernel(vectors, drawn)


def sliced_wasserstein(vectors: Any, seed: Any) -> Any:
    """Squared Wasserstein-2 distance to N(0, 1) of the vectors' projections, the mean of 50 random directions.

    The prior's projections are N(0, 1) whatever the direction, so that their quantiles serve instead of those of a
    sample. Under N(0, I) what the order statistics vary by, 2.8 / n for n = 128.
    Source: Kolouri et al. 2018 (SWAE). Cost: 50 n d and the sorting of 50 n numbers.
    """
    sorted_projections = ops.sort(_projections(vectors, SWAE_DIRECTIONS, seed), axis=0)
    return ops.mean(ops.square(sorted_projections - normal_quantiles(_count(vectors))[:, None]))


def sliced_epps_pulley(vectors: Any, seed: Any) -> Any:
    """Epps and Pulley's statistic of the vectors' projections, the mean of 256 random directions.

    n times the integral of |empirical characteristic function - exp(-t^2 / 2)|^2 exp(-t^2 / 2) dt over [-5, 5], by the
    trapezoid rule at 17 points. Under N(0, I) sqrt(2 pi) - sqrt(2 pi / 3) = 1.06 for every n.
    Source: Balestriero and LeCun (arXiv 2511.08544, SIGReg); Epps and Pulley 1983. Cost: 256 n (d + 18).
    """
    window = np.exp(-(KNOTS**2) / 2)
    weights = 2 * np.gradient(KNOTS) * window  # both halves; `gradient` gives whole steps at the ends too
    weights[[0, -1]] /= 2
    angles = _projections(vectors, SIGREG_DIRECTIONS, seed)[:, :, None] * KNOTS
    real, imaginary = ops.mean(ops.cos(angles), axis=0), ops.mean(ops.sin(angles), axis=0)
    squares = ops.square(real - window) + ops.square(imaginary)
    return ops.cast(_count(vectors), "float32") * ops.mean(ops.sum(squares * weights, axis=1))


def squared_norm(vectors: Any, seed: Any = None) -> Any:
    """Half the mean squared norm, the penalty on latents of Ghosh et al. 2020 (RAE); d / 2 under N(0, I), 0 at 0."""
    return ops.mean(ops.sum(ops.square(vectors), axis=1)) / 2


PENALTIES: dict[str, Penalty] = {
    "gae": radii_and_distances,
    "mmd": maximum_mean_discrepancy,
    "sliced": sliced_wasserstein,
    "sigreg": sliced_epps_pulley,
    "l2": squared_norm,
}


# --- quantiles -----------------------------------------------------------------------------------------------------


def normal_quantiles(n: Any) -> Any:
    """(n,): quantiles of N(0, 1) at (i - 1/2) / n, i = 1 ... n."""
    ranks = (ops.arange(n, dtype="float32") + 0.5) / ops.cast(n, "float32")
    return np.sqrt(2).astype(np.float32) * ops.erfinv(2 * ranks - 1)


def chi_quantiles(n: Any, d: int) -> Any:
    """(n,): quantiles of a chi distribution with d degrees of freedom, at (i - 1/2) / n, i = 1 ... n.

    By Wilson and Hilferty 1931, the cube root of a chi-square variable is nearly normal: for n <= 128 within .003 of
    them where d >= 64, .03 for d = 8 and .09 for d = 2.
    """
    spread = 2 / (9 * d)
    roots = 1 - spread + normal_quantiles(n) * np.float32(np.sqrt(spread))
    return np.float32(np.sqrt(d)) * ops.power(ops.maximum(roots, 0), 1.5)


# --- parts -----------------------------------------------------------------------------------------------------------


def _count(vectors: Any) -> Any:
    return vectors.shape[0] if vectors.shape[0] is not None else ops.shape(vectors)[0]


def _mean(values: Any) -> Any:
    """The mean; 0 of none, which the pairs of a single vector are."""
    return ops.sum(values) / ops.maximum(ops.cast(ops.size(values), "float32"), 1)


def _projections(vectors: Any, directions: int, seed: Any) -> Any:
    """(n, directions): on random directions, uniform on the sphere."""
    drawn = keras.random.normal((vectors.shape[1], directions), dtype="float32", seed=seed)
    return ops.matmul(vectors, drawn / ops.norm(drawn, axis=0, keepdims=True))


def _kernel(first: Any, second: Any) -> Any:
    """Mean over all pairs of the sum of the kernels."""
    left, right = ops.sum(ops.square(first), axis=1)[:, None], ops.sum(ops.square(second), axis=1)[None, :]
    squares = ops.maximum(left + right - 2 * ops.matmul(first, ops.transpose(second)), 0)
    widths = [2 * first.shape[1] * scale for scale in SCALES]
    return sum(ops.mean(width / (width + squares)) for width in widths)
