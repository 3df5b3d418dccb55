"""Mean, covariance and Mahalanobis distances of n points with d components, a chunk at a time in float64."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy.linalg import lapack, solve_triangular
from threadpoolctl import ThreadpoolController

# 16 MB of float64: large enough for a full-speed matrix product, small beside any cloud worth chunking.
CHUNK_VALUES = ContextVar("CHUNK_VALUES", default=2**21)
# Eigenvalues of the correlation matrix below this share of the largest are rounding, also for float32 sums of columns.
RANK_TOLERANCE = 1e-12
# Above this reciprocal condition number no eigenvalue needs a look, which costs ten times the Cholesky factor.
SURE_RANK = 10 * RANK_TOLERANCE
# Chunks are added up in this many sums, whatever the number of cores, so that every machine rounds alike.
STRIPS = 4

Item = TypeVar("Item")
Result = TypeVar("Result")


class DegenerateError(ValueError):
    """The points are valid numbers, but too few or too dependent for this one measure."""


@dataclass(frozen=True, eq=False)
class Moments:
    """n points' mean (d,) and unbiased covariance (d, d), both float64."""

    n: int
    mean: np.ndarray
    covariance: np.ndarray

    @property
    def d(self) -> int:
        return self.mean.size

    @cached_property
    def sd(self) -> np.ndarray:
        """Standard deviation of each component (d,), unbiased in its square."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def correlation(self) -> np.ndarray:
        """Correlation matrix (d, d). Raises DegenerateError where a component is constant."""
        check_varying(self)
        return self.covariance / np.outer(self.sd, self.sd)

    @cached_property
    def correlation_factor(self) -> np.ndarray:
        """Lower Cholesky factor (d, d) of the correlation matrix. Raises DegenerateError unless it has full rank."""
        if self.n <= self.d:
            raise DegenerateError(
                f"{self.n} points in {self.d} components have no invertible covariance; "
                f"use more than {self.d} points, or fewer components"
            )
        factor, failed = lapack.dpotrf(self.correlation, lower=1)
        # For a symmetric matrix the condition number in this norm is no smaller than the ratio of eigenvalues.
        if failed or lapack.dpocon(factor, np.abs(self.correlation).sum(axis=0).max(), uplo="L")[0] < SURE_RANK:
            _check_eigenvalues(self)
        return factor

    @cached_property
    def whitening(self) -> np.ndarray:
        """Inverse symmetric root (d, d) of the correlation matrix. Raises DegenerateError unless it has full rank."""
        check_full_rank(self)
        values, vectors = np.linalg.eigh(self.correlation)
        return (vectors / np.sqrt(values)) @ vectors.T


def in_threads(function: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None) -> list[Result]:
    """The results in order, computed by one thread per core: NumPy lets other threads run while it works."""
    work, threads = list(items), threads or cores()
    if len(work) == 1 or threads == 1:
        return [function(item) for item in work]
    # A thread has a context of its own, which knows nothing of this one's.
    chunk = (CHUNK_VALUES.get(),)
    with one_blas_thread(), ThreadPoolExecutor(threads, initializer=CHUNK_VALUES.set, initargs=chunk) as pool:
        return list(pool.map(function, work))


def one_blas_thread() -> AbstractContextManager[object]:
    """Within it matrix products take one core each.

    BLAS threads wait for one another in busy loops: together with threads of ours, or with another process that wants
    the core, products of a chunk took up to 40 times as long as by one thread.
    """
    return _blas().limit(limits=1)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def subsample(n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted indices (min(n, size),) of rows drawn without replacement; all of them where there are no more."""
    return np.arange(n) if n <= size else np.sort(rng.choice(n, size, replace=False))


@contextmanager
def chunks_of(values: int) -> Iterator[None]:
    """Within it arrays are worked on in chunks of so many values instead of 2^21: with fewer, less memory and speed.

    Changes numbers by rounding alone.
    """
    token = CHUNK_VALUES.set(values)
    try:
        yield
    finally:
        CHUNK_VALUES.reset(token)


def row_slices(n: int, d: int) -> Iterator[slice]:
    """Consecutive slices that cut n rows of d values into chunks."""
    step = max(1, CHUNK_VALUES.get() // d)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def column_slices(n: int, d: int) -> Iterator[slice]:
    """Consecutive slices that cut d columns of n values into chunks."""
    return row_slices(d, n)


def as_points(latents: ArrayLike) -> np.ndarray:
    """The latents as a 2-D array, not copied where they are one. Raises ValueError for any other shape or type."""
    points = np.asarray(latents)
    if points.ndim != 2:
        raise ValueError(f"latents have shape {points.shape}; give a 2-D array of n points (rows) by d components")
    if points.dtype.kind not in "fiu":
        raise ValueError(f"latents have type {points.dtype}; give real numbers (floating point or integers)")
    n, d = points.shape
    if n < 2 or d < 1:
        raise ValueError(f"latents have shape {points.shape}; give at least 2 points (rows) of 1 component")
    return points


class Sample:
    """Points (n, d) whose moments are computed once, when they are first asked for.

    Every function here that takes latents takes a Sample as well: hand the same one to scores, plots and tables.
    """

    def __init__(self, latents: ArrayLike) -> None:
        """Raises ValueError for what is no array of points."""
        self.points = as_points(latents)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.points, dtype, copy=copy)

    @cached_property
    def moments(self) -> Moments:
        """Raises ValueError for NaN and infinity."""
        return moments(self.points)


def moments(latents: ArrayLike) -> Moments:
    """Mean and unbiased covariance of the latents, which are checked on the way; those of a Sample are at hand.

    latents: (n, d), any floating or integer type, read twice in chunks of rows; nothing of its size is allocated.
    Raises ValueError naming row and column of the first NaN or infinity, or for numbers too large to square.
    Cost: n d^2 multiplications. Two passes, the second around the mean, so that a large offset costs no digits.
    """
    if isinstance(latents, Sample):
        return latents.moments
    points = as_points(latents)
    n, d = points.shape
    # Around the first row a constant component sums to exactly 0, so its variance below is exactly 0 as well.
    offset = points[0].astype(np.float64)
    sums = in_threads(lambda rows: (_finite(points[rows], rows.start) - offset).sum(axis=0), row_slices(n, d))
    mean = offset + np.sum(sums, axis=0) / n
    slices = list(row_slices(n, d))
    strips = [slices[first::STRIPS] for first in range(min(STRIPS, len(slices)))]
    # Python's sum: NumPy's would first make one array of all.
    products = np.asarray(sum(in_threads(lambda strip: _products(points, mean, strip), strips)))
    if not np.isfinite(products).all():
        raise ValueError(f"latents reach {np.abs(points).max():g}, too large to square; divide them by a constant")
    return Moments(n, mean, products / (n - 1))


def rounding(moments: Moments, stored: DTypeLike) -> float:
    """The step between neighbouring numbers of the type `stored` at a component's mean, in its sd; 0 and up.

    The largest of all components that vary, 0 where none does. Within a distance of a fifth of it the marginals'
    agreement with a normal distribution is that of the steps: 0.01 is little, float16 has 0.06 at 100 sds from 0,
    float32 0.008 at 100,000. Of integers the step is 1.
    """
    kind, varying = np.dtype(stored), moments.sd > 0
    mean = np.abs(moments.mean[varying])
    step = np.spacing(mean.astype(kind)).astype(float) if kind.kind == "f" else np.ones_like(mean)
    return float(np.max(step / moments.sd[varying], initial=0.0))


def _products(points: np.ndarray, mean: np.ndarray, strip: Iterable[slice]) -> np.ndarray:
    """Sum of x x' (d, d) over the rows of all these slices, around the mean."""
    total = np.zeros((mean.size, mean.size))
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in strip:
            centred = points[rows] - mean
            total += centred.T @ centred
    return total


def _finite(chunk: np.ndarray, first_row: int) -> np.ndarray:
    """The chunk as it is. Raises ValueError for NaN and infinity."""
    finite = np.isfinite(chunk)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        place = f"row {first_row + row}, column {column}"
        raise ValueError(f"latents hold {chunk[row, column]} in {place}; remove such rows or mend their source")
    return chunk


def check_varying(moments: Moments) -> None:
    """Raises DegenerateError naming the components that are constant, at least within rounding."""
    constant = np.flatnonzero(moments.sd <= 1e-14 * np.abs(moments.mean))
    if constant.size:
        raise DegenerateError(f"constant components: {_listed(constant)}; leave them out")


def check_full_rank(moments: Moments) -> None:
    """Raises DegenerateError for n <= d, constant components, or components that depend linearly on others."""
    _ = moments.correlation_factor


def _check_eigenvalues(moments: Moments) -> None:
    """Raises DegenerateError naming the components that take part in a linear dependence."""
    values, vectors = np.linalg.eigh(moments.correlation)
    empty = vectors[:, values <= RANK_TOLERANCE * values[-1]]
    dependent = np.flatnonzero((empty**2).sum(axis=1) > 1e-6)
    if dependent.size:
        raise DegenerateError(
            f"linearly dependent components: {_listed(dependent)}; leave {empty.shape[1]} of them out"
        )


def _listed(components: Sequence[int] | np.ndarray, limit: int = 10) -> str:
    names = ", ".join(str(component) for component in components[:limit])
    return names if len(components) <= limit else f"{names} and {len(components) - limit} more"


def whiten(points: np.ndarray, moments: Moments) -> np.ndarray:
    """The points (n, d) at mean 0 and covariance I, each component still closest to the one it was (ZCA-cor).

    points: (n, d), the measured ones, a few rows of them, or any others. float64; cut large clouds into `row_slices`.
    Standardised, then multiplied with the inverse symmetric root of the correlation matrix (Kessy et al. 2018): scale
    and shift of a component drop out, permuted components stay permuted.
    """
    whitening = moments.whitening
    return (points - moments.mean) / moments.sd @ whitening


def mahalanobis_squared(points: np.ndarray, moments: Moments) -> np.ndarray:
    """Squared Mahalanobis distance of each point (n,), float64, 0 at the mean.

    points: (n, d), the measured points or any others of the same components.
    Raises DegenerateError as `check_full_rank`. Invariant under every invertible affine map of points and moments.
    Cost: n d^2 multiplications, one chunk of rows beyond the input.
    """
    factor = moments.correlation_factor

    def chunk(rows: slice) -> np.ndarray:
        standardised = (points[rows] - moments.mean) / moments.sd
        white = solve_triangular(factor, standardised.T, lower=True, check_finite=False)
        return np.einsum("ij,ij->j", white, white)

    return np.concatenate(in_threads(chunk, row_slices(*points.shape)))
