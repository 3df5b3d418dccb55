"""How far each component's own distribution is from a normal one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import log_ndtr, ndtr, ndtri

from metrics.moments import DegenerateError, Moments, as_points, check_varying, column_slices, in_threads, moments

# Histograms have bins of a fixed share of the component's sd, the middle one around its mean, so that what is read off
# them means the same for every n, shift and scale. The peak of any distribution with a single one is within sqrt(3) sd
# of the mean; 6 sd leave room for its flanks, and for peaks of 3 % of the points far from the others.
BIN, BINS = 0.1, 121
# Smoothing before the highest bin is sought, as wide as that of the contours: finer structure is mostly noise.
BANDWIDTH = 0.25
# Half-width at half-maximum of a normal distribution, in sd.
NORMAL_HALF_WIDTH = float(np.sqrt(2 * np.log(2)))
# Measured from 500 points on: after 10 a normal's fit is within 1e-6 sd of where it ends, after 25 those of bimodal,
# uniform and exponential components are within 2e-4 sd.
FIT_STEPS = 25
# A block of columns has about this many arrays of its own size while it is measured.
BLOCK_ARRAYS = 5
# Points that the approximations behind the p-values were made for.
LEAST_ANDERSON, LEAST_SHAPIRO, MOST_TESTED = 8, 3, 5_000

_EDGES = (np.arange(BINS + 1) - BINS / 2) * BIN
_CENTERS = (np.arange(BINS) - BINS // 2) * BIN
# Of height, mean and log sd of a fitted Gaussian: narrower than that, a histogram cannot tell how narrow.
_BOUNDS = [0.0, _EDGES[0], np.log(BIN / 10)], [np.inf, _EDGES[-1], np.log(BIN * BINS)]


@dataclass(frozen=True, eq=False)
class Marginals:
    """One float64 value per component (d,); mean, sd, mode, half_width, fit_mean and fit_sd in the latents' own units.

    ks: Kolmogorov-Smirnov distance to N(mean, sd), 0 to 1, 0 = normal.
    wasserstein: Wasserstein-1 distance to N(mean, sd) in sd, 0 and up, 0 = normal.
    skewness, excess_kurtosis: third and fourth standardised moments (biased, as SciPy's default), 0 = normal.
    mode: center of the highest bin of the smoothed histogram; the mean within 0.1 sd or so = normal.
    half_width: half-width at half-maximum around that bin, 0 and up; 1.1774 sd = normal.
    fit_mean, fit_sd: least-squares Gaussian of free height on the histogram; mean and sd = normal.
    """

    mean: np.ndarray
    sd: np.ndarray
    ks: np.ndarray
    skewness: np.ndarray
    excess_kurtosis: np.ndarray
    wasserstein: np.ndarray
    mode: np.ndarray
    half_width: np.ndarray
    fit_mean: np.ndarray
    fit_sd: np.ndarray


def marginals(points: np.ndarray, moments: Moments) -> Marginals:
    """Every component against the normal distribution of its own mean and unbiased standard deviation.

    points: (n, d) and their moments. Raises DegenerateError naming constant components.
    Mean and sd come from the same points, so that normal ones have an average ks of 0.64 / sqrt(n) (Lilliefors 1967)
    and wasserstein of 0.83 / sqrt(n) (simulated from n = 1,000), never 0. The Wasserstein distance is exact, the
    integral between the two quantile functions.
    Half-width: histogram of bins of 0.1 sd, smoothed with a Gaussian of 0.25 sd whose share is taken off again (exact
    for a normal), half the distance between the nearest half-heights on both sides of the mode. Its sd over normal
    samples of n = 2,000, 15,000, 170,000 is 0.045, 0.016, 0.005 sd, that of fit_sd 0.018, 0.007, 0.002 sd; too few
    points make it too narrow (1.08 sd at n = 100). The fit starts there, on the plain histogram; with several peaks
    both describe the highest, if it stands apart. Order of points changes nothing; shift and scale only what rounding
    moves from bin to bin. Cost: d sorts of n values, n d normal probabilities (0.2 s at 15,000 x 256, 2.4 s at
    170,000 x 256 in float32 on 2 cores); some 15 MB per core beyond the input.
    """
    check_varying(moments)
    slopes = _quantile_slopes(moments.n)
    slices = column_slices(BLOCK_ARRAYS * moments.n, moments.d)
    blocks = in_threads(lambda s: _block(_sorted(points, moments, s), slopes), slices)
    distances, counts = (np.concatenate(parts, axis=0) for parts in zip(*blocks, strict=True))
    mean, sd, (ks, skewness, excess_kurtosis, wasserstein) = moments.mean, moments.sd, distances.T
    mode, half_width, fit_mean, fit_sd = _peaks(counts / (moments.n * BIN))
    peaks = (mean + sd * mode, sd * half_width, mean + sd * fit_mean, sd * fit_sd)
    return Marginals(mean, sd, ks, skewness, excess_kurtosis, wasserstein, *peaks)


def ks_distances(points: np.ndarray, moments: Moments) -> np.ndarray:
    """Kolmogorov-Smirnov distance (d,) of each component: the `ks` of `marginals` alone, for what is repeated often."""
    check_varying(moments)
    slices = column_slices(BLOCK_ARRAYS * moments.n, moments.d)
    return np.concatenate(in_threads(lambda s: _ks_distance(ndtr(_sorted(points, moments, s))), slices))


def dominant_components(moments: Moments, count: int = 8) -> np.ndarray:
    """Components (count,) with the largest root mean square value, far off the origin or wide; largest first."""
    return np.argsort(-(moments.mean**2 + moments.sd**2), kind="stable")[:count]


def _sorted(points: np.ndarray, moments: Moments, block: slice) -> np.ndarray:
    """A block of b components (b, n), each standardised and in order."""
    # One component per row: sorting runs along contiguous memory, and is twice as fast on float32 as on float64.
    rows = np.array(points[:, block].T, dtype=np.result_type(points.dtype, np.float32), order="C")
    rows.sort(axis=1)
    return (rows - moments.mean[block, None]) / moments.sd[block, None]


def _block(z: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Four measures (b, 4) and the histograms' counts (b, BINS) of b sorted components."""
    cdf = ndtr(z)
    measures = [_ks_distance(cdf), *_skewness_kurtosis(z), _wasserstein_distance(z, cdf, slopes)]
    return np.stack(measures, axis=1), np.diff([np.searchsorted(row, _EDGES) for row in z])


def _skewness_kurtosis(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skewness and excess kurtosis (b,) of rows with mean 0 and sd near 1."""
    n = z.shape[1]
    squares = z * z
    variance = squares.mean(axis=1)
    skewness = np.einsum("ij,ij->i", squares, z) / n / variance**1.5
    return skewness, np.einsum("ij,ij->i", squares, squares) / n / variance**2 - 3.0


def _ks_distance(cdf: np.ndarray) -> np.ndarray:
    """Largest gap (b,) between the steps of an empirical distribution and `cdf` (b, n) at its sorted points."""
    n = cdf.shape[-1]
    below = cdf - np.arange(n) / n
    return np.maximum(below.max(axis=-1), 1 / n - below.min(axis=-1))


def _quantile_slopes(n: int) -> np.ndarray:
    """Normal density (n + 1,) at its quantiles 0, 1/n, ..., 1; -1 times an antiderivative of the quantile function."""
    return _normal_density(ndtri(np.arange(n + 1) / n))


def _normal_density(z: np.ndarray) -> np.ndarray:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _wasserstein_distance(z: np.ndarray, cdf: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Integral (b,) of |z_(i) - normal quantile| over the probability 1/n of each sorted value, summed."""
    n = z.shape[1]
    p = np.arange(n + 1) / n
    area = np.abs(z / n + np.diff(slopes))
    # Where the quantile function passes z inside the interval, the two sides of the crossing have opposite signs.
    row, i = np.nonzero((cdf > p[:-1]) & (cdf < p[1:]))
    value, at = z[row, i], cdf[row, i]
    area[row, i] = value * (2 * at - p[i] - p[i + 1]) + 2 * _normal_density(value) - slopes[i] - slopes[i + 1]
    return area.sum(axis=1)


def _peaks(density: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mode, half-width, mean and sd of the least-squares Gaussian (d,), all in sd from the mean, of (d, BINS)."""
    kernel = _normal_density((_CENTERS - _CENTERS[:, None]) / BANDWIDTH)
    smooth = density @ (kernel / kernel[BINS // 2].sum())
    top = smooth.argmax(axis=1)
    width = BIN / 2 * (_half_maximum(smooth, top) + _half_maximum(smooth[:, ::-1], BINS - 1 - top))
    widening = NORMAL_HALF_WIDTH**2 * (BANDWIDTH**2 + BIN**2 / 12)
    half_width = np.sqrt(np.maximum(width**2 - widening, 0.0))
    fit_mean, fit_sd = _least_squares(density, _CENTERS[top], np.maximum(half_width / NORMAL_HALF_WIDTH, BIN))
    return _CENTERS[top], half_width, fit_mean, fit_sd


def _half_maximum(smooth: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Bins (d,) from the highest one rightwards to where the line between bins falls to half of it, or to the end."""
    rows = np.arange(len(smooth))
    half = smooth[rows, top] / 2
    padded = np.pad(smooth, ((0, 0), (0, 1)))
    after = ((padded < half[:, None]) & (np.arange(BINS + 1) > top[:, None])).argmax(axis=1)
    above, below = padded[rows, after - 1], padded[rows, after]
    return after - 1 - top + (above - half) / (above - below)


def _least_squares(density: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd (d,) of the Gaussians of free height closest to the histograms (d, BINS), all fitted at once.

    Levenberg-Marquardt from the given mean and sd: a step counts only where it lowers the squared error, so that no
    shape of histogram makes it fail. SciPy's curve_fit finds the same, one component after the other.
    """
    found = np.stack([density.max(axis=1), mean, np.log(sd)], axis=1)
    damping = np.full(len(density), 1e-3)
    model, slopes = _gaussian(found)
    for _ in range(FIT_STEPS):
        rest = density - model
        normal = slopes @ slopes.transpose(0, 2, 1) + damping[:, None, None] * np.eye(3)
        trial = found + np.linalg.solve(normal, slopes @ rest[:, :, None])[:, :, 0]
        trial = np.clip(trial, *_BOUNDS)
        new_model, new_slopes = _gaussian(trial)
        better = ((density - new_model) ** 2).sum(axis=1) < (rest**2).sum(axis=1)
        found[better], model[better], slopes[better] = trial[better], new_model[better], new_slopes[better]
        damping = np.clip(np.where(better, damping / 10, damping * 10), 1e-9, 1e9)
    # A bin's count averages the density over its width.
    return found[:, 1], np.sqrt(np.maximum(np.exp(2 * found[:, 2]) - BIN**2 / 12, 0.0))


def _gaussian(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians (d, BINS) of height, mean and log sd (d, 3) at the bins' centers; their derivatives (d, 3, BINS)."""
    height, mean, log_sd = parameters.T[:, :, None]
    t = (_CENTERS - mean) * np.exp(-log_sd)
    unit = np.exp(-(t**2) / 2)
    model = height * unit
    return model, np.stack([unit, model * t * np.exp(-log_sd), model * t**2], axis=1)


def anderson_darling(columns: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Anderson-Darling statistic A^2 (k,), 0 and up, small = normal, and the p-value (k,) of normality of each column.

    columns: (n, k), n from 8 to 5,000: a fixed subsample, because with n every deviation becomes significant.
    Mean and sd are the columns' own; p by D'Agostino and Stephens (1986, case 3) from A^2 (1 + 0.75 / n + 2.25 / n^2).
    Their formula ends at 10, so that no p is below 3.7e-24. Raises ValueError above 5,000 points, DegenerateError below
    8 or for constant columns. Weighs the tails more than ks does. Cost: k sorts, n k log-probabilities, n k^2 products.
    """
    points, own = _tested(columns, LEAST_ANDERSON)
    blocks = column_slices(BLOCK_ARRAYS * own.n, own.d)
    a2 = np.concatenate(in_threads(lambda s: _a_squared((points[:, s] - own.mean[s]) / own.sd[s]), blocks))
    return a2, _anderson_p(a2 * (1 + 0.75 / own.n + 2.25 / own.n**2))


def _a_squared(z: np.ndarray) -> np.ndarray:
    """A^2 (b,) of standardised columns (n, b)."""
    n = len(z)
    rows = np.sort(z.T, axis=1)
    odd = 2 * np.arange(1, n + 1) - 1
    # No BLAS product here: its own threads and those over blocks slow each other down.
    return -n - np.einsum("ij,j->i", log_ndtr(rows) + log_ndtr(-rows[:, ::-1]), odd) / n


def _anderson_p(a: np.ndarray) -> np.ndarray:
    a = np.minimum(a, 10.0)
    pieces = [
        1 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2),
        1 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2),
        np.exp(0.9177 - 4.279 * a - 1.38 * a**2),
    ]
    return np.select([a < 0.2, a < 0.34, a < 0.6], pieces, np.exp(1.2937 - 5.709 * a + 0.0186 * a**2))


def shapiro_wilk(columns: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Shapiro-Wilk statistic W (k,), 0 to 1, 1 = normal, and the p-value (k,) of normality of each column.

    columns: (n, k), n from 3 to 5,000, beyond which Royston's (1995) p-value does not hold.
    By SciPy, on standardised columns. Raises ValueError above 5,000 points, DegenerateError below 3 or for constant
    columns. Cost: k sorts of n values, n k^2 products.
    """
    points, own = _tested(columns, LEAST_SHAPIRO)
    found = stats.shapiro((points - own.mean) / own.sd, axis=0)
    return found.statistic, found.pvalue


def _tested(columns: ArrayLike, least: int) -> tuple[np.ndarray, Moments]:
    """The columns and their moments. Raises ValueError and DegenerateError for those that the tests cannot take."""
    points = as_points(columns)
    if len(points) > MOST_TESTED:
        raise ValueError(f"{len(points)} points; give a subsample of at most {MOST_TESTED:,}")
    if len(points) < least:
        raise DegenerateError(f"{len(points)} points; this test needs at least {least}")
    own = moments(points)
    check_varying(own)
    return points, own
