"""Tests and measures of multivariate normality that see all components of a few thousand points at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.special import ndtr, poch
from scipy.stats import chi2

from metrics.moments import DegenerateError, check_full_rank, in_threads, moments, whiten

# Products of so many rows with some thousand others stay in the processor's cache.
STRIP = 256
# 40 nodes give the integral below to 1e-13, measured against 60-digit arithmetic for d from 1 to 1600.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
# The integrand falls to exp(-CUT^2 / 2), 3e-18, of its peak where it is cut off.
_CUT = 9.0
# The statistic is near 1 and known to a few 1e-16: below this spread its p-value would be made of rounding errors.
_LEAST_SPREAD = 1e-12


@dataclass(frozen=True)
class Mardia:
    """Mardia's skewness b1 and kurtosis b2 (0 and d (d + 2) for a large normal cloud), and the tests of each."""

    skewness: float
    kurtosis: float
    skewness_statistic: float
    skewness_p: float
    kurtosis_statistic: float
    kurtosis_p: float


def mardia(points: np.ndarray) -> Mardia:
    """Mardia's tests of multivariate skewness and kurtosis; p below 0.05 speaks against normal.

    points: (n, d), n up to a few thousand: the p-values mean something at a fixed n alone. Covariance over n.
    n b1 / 6 is compared with chi-square of d (d + 1) (d + 2) / 6 degrees of freedom, below 20 points with the factor of
    Mardia (1974); b2, standardised with its large-sample mean d (d + 2) and variance 8 d (d + 2) / n, with N(0, 1).
    With 200 to 1,000 points in 2 to 10 components 5 % tests reject 4.5 to 5.4 % and 4.0 to 5.3 % of normal clouds. The
    second drifts where n is not far above d^2: the exact mean of b2 is d (d + 2) (n - 1) / (n + 1), about d / sqrt(2 n)
    sd below d (d + 2). At 19 points in 3 components it rejects 0.1 %, at 2,000 in 40 about 9 %.
    Raises DegenerateError as `check_full_rank`. Affine-invariant. Cost: n^2 d multiplications.
    Source: Mardia (1970), as R's MVN.
    """
    white = _white(points)
    n, d = white.shape
    squared = np.einsum("ij,ij->i", white, white)
    b1 = (_sum_over_pairs(white, _cube) + float((squared**3).sum())) / n**2
    b2 = float((squared**2).mean())
    skewness_statistic = n * b1 / 6 * (small_sample_factor(n, d) if n < 20 else 1.0)
    kurtosis_statistic = (b2 - d * (d + 2)) / np.sqrt(8 * d * (d + 2) / n)
    skewness_p = chi2.sf(skewness_statistic, d * (d + 1) * (d + 2) / 6)
    kurtosis_p = 2 * ndtr(-abs(kurtosis_statistic))
    return Mardia(b1, b2, skewness_statistic, float(skewness_p), float(kurtosis_statistic), float(kurtosis_p))


def small_sample_factor(n: int, d: int) -> float:
    """The factor that gives n b1 / 6 of n normal points its large-sample mean d (d + 1) (d + 2) / 6 (Mardia 1974)."""
    return (d + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (d + 1) - 6))


def skewness_excess(white: np.ndarray, n: int | None = None) -> float:
    """Mardia's population skewness per component, estimated without bias; 0 = normal, for any d.

    white: (m, d) points at mean 0 and covariance I, m up to a few thousand. For independent components it is the mean
    of their squared skewness. It is the mean of (x_i . x_j)^3 over different points, divided by d: Mardia's b1 has the
    points with themselves in it as well, which alone makes it grow with d and fall with the number of points.
    n: the number of points, these among them, whose own moments whitened them; None if the moments are known. Own
    moments lower the mean of a normal cloud to -3 (d + 2) / n or so; it is taken out exactly.
    Sampling takes it below 0 as well: for a normal cloud the sd is about sqrt(12 d) / m. Cost: m^2 d multiplications.
    """
    m, d = white.shape
    return _sum_over_pairs(white, _cube) / (m * (m - 1)) / d - (_normal_skewness(n, d) if n else 0.0)


def _normal_skewness(n: int, d: int) -> float:
    """Expectation of (x_i . x_j)^3 / d, i and j different, for n normal points whitened by their own moments.

    Mardia's (1970) exact mean of b1 without its diagonal, |x_i|^6, whose mean follows from the beta law of |x_i|^2.
    """
    factor = (n - 1) ** 2 * (d + 2) / (n**3 * (n + 1) * (n + 3))
    return factor * (n * ((n + 1) * (d + 1) - 6) - (n - 1) ** 2 * (d + 4))


def kurtosis_excess(squared: np.ndarray, d: int) -> float:
    """Mardia's kurtosis relative to a normal cloud's, less 1: -1 and up, 0 = normal, above 0 heavy tails.

    squared: (n,) squared Mahalanobis distances of all points by their own mean and unbiased covariance, d components.
    It is a third of the excess kurtosis averaged over all directions of the whitened space. Divided by the exact mean
    for n normal points, d (d + 2) (n - 1)^3 / (n^2 (n + 1)) (Mardia 1970), so that few points do not lower it.
    """
    n = len(squared)
    return float(np.mean(np.square(squared))) / (d * (d + 2) * (n - 1) ** 3 / (n**2 * (n + 1))) - 1.0


def henze_zirkler(points: np.ndarray) -> tuple[float, float]:
    """Henze and Zirkler's statistic, 0 and up, and its p-value; p below 0.05 speaks against normal.

    points: (n, d), n up to 5,000: the p-value means something at a fixed n alone. It compares the points'
    characteristic function with a normal's, and in few components sees every deviation. With many its kernel is so
    narrow that no point sees another: from 64 components on the statistic is 1.000 for normal, t, cube and mixture.
    The p-value is that of a lognormal law with the statistic's asymptotic mean and variance: with 200 to 1,000 points
    in 2 to 10 components a 5 % test rejects 5.0 to 5.6 % of normal clouds. Covariance over n. Raises DegenerateError as
    `check_full_rank`, and where d is so large that rounding hides the statistic's spread (about 90).
    Affine-invariant. Cost: n^2 / 2 exponentials.
    Source: Henze and Zirkler (1990), as R's MVN and pingouin.
    """
    white = _white(points)
    n, d = white.shape
    beta_squared = ((2 * d + 1) * n / 4) ** (2 / (d + 4)) / 2
    mean, variance = _henze_zirkler_law(beta_squared, d)
    statistic = _henze_zirkler_statistic(white, beta_squared)
    log_variance = np.log1p(variance / mean**2)
    log_mean = np.log(mean) - log_variance / 2
    return statistic, float(ndtr((log_mean - np.log(statistic)) / np.sqrt(log_variance)))


def _henze_zirkler_statistic(white: np.ndarray, beta_squared: float) -> float:
    """n times the weighted square distance of the characteristic functions, of points whitened by covariance over n."""
    n, d = white.shape
    half = beta_squared / 2 * np.einsum("ij,ij->i", white, white)

    def kernel(products: np.ndarray, rows: slice) -> np.ndarray:
        products *= beta_squared
        products -= half[rows, None]
        products -= half[rows.start :]
        return np.exp(products, out=products)

    pairs = 1.0 + _sum_over_pairs(white, kernel) / n
    single = 2 * (1 + beta_squared) ** (-d / 2) * float(np.exp(-half / (1 + beta_squared)).sum())
    return pairs - single + n * (1 + 2 * beta_squared) ** (-d / 2)


def _henze_zirkler_law(beta_squared: float, d: int) -> tuple[float, float]:
    """Asymptotic mean and variance of the statistic for normal points (Henze and Zirkler 1990)."""
    b, b2 = beta_squared, beta_squared**2
    a, w = 1 + 2 * b, (1 + b) * (1 + 3 * b)
    mean = 1 - a ** (-d / 2) * (1 + d * b / a + d * (d + 2) * b2 / (2 * a**2))
    variance = (
        2 * (1 + 4 * b) ** (-d / 2)
        + 2 * a**-d * (1 + 2 * d * b2 / a**2 + 3 * d * (d + 2) * b2**2 / (4 * a**4))
        - 4 * w ** (-d / 2) * (1 + 3 * d * b2 / (2 * w) + d * (d + 2) * b2**2 / (2 * w**2))
    )
    if variance <= _LEAST_SPREAD**2:
        raise DegenerateError(f"in {d} components the statistic is 1 for every cloud; use blocks of at most 10")
    return mean, variance


def random_blocks(d: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Different blocks (b, size) of `size` different components, ascending, each block equally likely.

    b is count, or all there are if these are fewer; 0 for size > d. Raises ValueError for size or count < 1.
    """
    if size < 1 or count < 1:
        raise ValueError(f"block size and count are {size} and {count}; give at least 1")
    wanted = min(count, comb(d, size))
    blocks: dict[tuple[int, ...], None] = {}
    while len(blocks) < wanted:
        blocks[tuple(np.sort(rng.choice(d, size, replace=False)).tolist())] = None
    return np.array(list(blocks), dtype=np.intp).reshape(wanted, size)


def henze_zirkler_blocks(points: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`henze_zirkler` of each block of components: statistics (b,) and p-values (b,).

    points: (n, d); blocks: (b, size). Raises DegenerateError without blocks, or for constant or dependent components.
    """
    if not len(blocks):
        raise DegenerateError(f"there are no blocks; {points.shape[1]} components are fewer than a block needs")
    statistics, p = zip(*in_threads(lambda block: henze_zirkler(points[:, block]), blocks), strict=True)
    return np.array(statistics), np.array(p)


def energy_distance(white: np.ndarray, n: int | None = None) -> float:
    """Energy distance to N(0, I) relative to 2 E|X - Z|; 0 = normal, at most 1.

    white: (m, d) points at mean 0 and covariance I, m up to 2,000. Z normal, X the points: 2 E|X - Z| - E|Z - Z'| -
    E|X - X'|, which is 0 for no other distribution, is estimated without bias (over different points), so that sampling
    takes it below 0 as well. It sees every deviation, but in many components those of a few hardly: of 2,000 points in
    16 components a t with 8 df stands 690 sd of the null out, one bimodal component 5.
    n: the number of points, these among them, whose own moments whitened them; None if the moments are known. Own
    moments lower the mean of a normal cloud to -5 / (16 n) or so; it is taken out, exactly but for the ratio.
    A squared distance: small deviations of half the size give a quarter.
    Invariant under rotation. Cost: m^2 d multiplications. Source: Szekely and Rizzo (2005).
    """
    m, d = white.shape
    squared = np.einsum("ij,ij->i", white, white)

    def distance(products: np.ndarray, rows: slice) -> np.ndarray:
        products *= -2.0
        products += squared[rows, None]
        products += squared[rows.start :]
        return np.sqrt(np.maximum(products, 0.0, out=products), out=products)

    between = 2 * float(mean_distance_to_normal(squared, d).mean())
    within = _sum_over_pairs(white, distance) / (m * (m - 1))
    norm = np.sqrt(2) * poch(d / 2, 0.5)
    own = norm * _own_moments_energy(n) if n else 0.0
    return float((between - np.sqrt(2) * norm - within - own) / between)


def mean_distance_to_normal(squared: np.ndarray, d: int) -> np.ndarray:
    """E|x - Z| (n,) of points x with squared norms `squared` (n,), Z normal with d components.

    It is sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2) 1F1(-1/2; d/2; -|x|^2 / 2), written as the integral of
    cos^d(t) exp(-|x|^2 sin^2(t) / 2) (d + |x|^2 cos^2(t)) / sqrt(2 pi) over t from -pi/2 to pi/2, a sum of positive
    terms: SciPy's 1F1 overflows at d = 256 to 1600 for |x|^2 near d.
    """
    # sin(t) >= 2 t / pi and log(cos(t)) <= -t^2 / 2 bound the integrand beyond `width`.
    width = np.minimum(np.pi / 2, _CUT / np.sqrt((2 / np.pi) ** 2 * squared + d))[:, None]
    t = width * (_NODES + 1) / 2
    cosine = np.cos(t)
    column = squared[:, None]
    values = np.exp(d * np.log(cosine) - column * np.sin(t) ** 2 / 2) * (d + column * cosine**2)
    return (width * values) @ _WEIGHTS / np.sqrt(2 * np.pi)


def _own_moments_energy(n: int) -> float:
    """Mean of the unbiased energy distance over E|Z| for n normal points whitened by their own moments; no d in it.

    n |x|^2 / (n - 1)^2 is Beta(d/2, (n - 1 - d)/2) then, |x - x'|^2 / (2 (n - 1)) as well, and E|x - Z| averages over
    the former to the same 1F1 with n - 1 in place of d.
    """
    ratio = poch((n - 1) / 2, 0.5)
    distance = mean_distance_to_normal(np.array([(n - 1) ** 2 / n]), n - 1)[0]
    return float(np.sqrt(2) * distance / ratio - np.sqrt(2) - np.sqrt(n - 1) / ratio)


def _white(points: np.ndarray) -> np.ndarray:
    """The points (n, d) whitened by their own mean and covariance over n. Raises DegenerateError without an inverse."""
    own = moments(points)
    check_full_rank(own)
    return whiten(points, own) * np.sqrt(own.n / (own.n - 1))


def _cube(products: np.ndarray, rows: slice) -> np.ndarray:
    return products * products * products


def _sum_over_pairs(white: np.ndarray, function: Callable[[np.ndarray, slice], np.ndarray]) -> float:
    """Sum over all ordered pairs of different points i, j of a symmetric function of x_i . x_j.

    function: the products of some rows with all from the first of these on, which it may overwrite, and the rows.
    """

    def strip(start: int) -> float:
        rows = slice(start, min(start + STRIP, len(white)))
        values = function(white[rows] @ white[start:].T, rows)
        inner = values[:, : len(values)]
        return float(2 * values.sum() - inner.sum() - np.trace(inner))

    return sum(in_threads(strip, range(0, len(white), STRIP)))
