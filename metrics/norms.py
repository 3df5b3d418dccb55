"""Whether distances from the origin are those of N(mean, covariance), or of a shell around the origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from metrics.moments import DegenerateError, Moments, row_slices

# Frequencies of the inversion: as many as the characteristic function takes to fall below NEGLIGIBLE, within bounds.
FEWEST, MOST = 256, 8192
NEGLIGIBLE = 1e-8
# Axes that a sample of the null refits; the others' part of the distance has a law of its own.
LEADING = 64
REPLICATES, ROWS = 60, 2_000


@dataclass(frozen=True, eq=False)
class NormLaw:
    """The law of |z|^2, z normal with independent components: a generalised chi-square.

    variances: (k,) of the components; squares: (k,) of their means, both of a common unit.
    """

    variances: np.ndarray
    squares: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.variances.sum() + self.squares.sum())

    @property
    def sd(self) -> float:
        return float(np.sqrt(2 * (self.variances**2).sum() + 4 * (self.variances * self.squares).sum()))

    @property
    def reach(self) -> float:
        """Beyond so much above or below its mean there is next to nothing (1e-9): the tail is that of the widest."""
        return 8 * self.sd + 45 * float(self.variances.max(initial=0))

    def log_characteristic(self, t: np.ndarray) -> np.ndarray:
        """Logarithm (f,) of the characteristic function of |z|^2 - mean at t (f,)."""
        found = -1j * t * self.mean
        for variance, square in zip(self.variances, self.squares, strict=True):
            factor = 1 - 2j * variance * t
            found += 1j * square * t / factor - np.log(factor) / 2
        return found

    @cached_property
    def frequencies(self) -> np.ndarray:
        """Equidistant, from half a step on (Davies 1973), until the characteristic function is negligible."""
        step, count = np.pi / self.reach, FEWEST
        while count < MOST and self._size(step * count) > NEGLIGIBLE:
            count *= 2
        return step * (np.arange(count) + 0.5)

    def _size(self, t: float) -> float:
        return float(np.exp(self.log_characteristic(np.array([t])).real[0]))

    @cached_property
    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of |z|^2 - mean, ascending, and the distribution function there."""
        return inverted(self.frequencies, self.log_characteristic(self.frequencies))

    def cdf(self, squared: np.ndarray) -> np.ndarray:
        values, law = self.table
        return np.interp(squared - self.mean, values, law)


def inverted(frequencies: np.ndarray, log_characteristic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (4 f,) and distribution function there, by Gil-Pelaez' formula, its sum a fast Fourier transform.

    frequencies: (f,) equidistant from half a step on. The values cover one period of the sum, 2 pi over the step.
    """
    step, count = 2 * frequencies[0], 4 * len(frequencies)
    values = (np.arange(count) - count // 2) * (2 * np.pi / step / count)
    terms = np.exp(log_characteristic) / (np.arange(len(frequencies)) + 0.5)
    # The half step and the shift of the first value are phases; the rest is the transform.
    terms = terms * np.exp(-1j * step * np.arange(len(frequencies)) * values[0])
    sums = np.fft.fft(terms, count) * np.exp(-0.5j * step * values)
    return values, np.maximum.accumulate(np.clip(0.5 - sums.imag / np.pi, 0.0, 1.0))


def norms_squared(points: np.ndarray, unit: float = 1.0) -> np.ndarray:
    """Squared distances from the origin (n,), float64, of the points (n, d) measured by this unit."""
    squared = np.empty(len(points))
    for rows in row_slices(*points.shape):
        chunk = points[rows].astype(np.float64) / unit
        squared[rows] = np.einsum("ij,ij->i", chunk, chunk)
    return squared


def norm_law(moments: Moments) -> NormLaw:
    """The law of |z|^2 for z of N(mean, covariance). Raises DegenerateError where all points are the same.

    Principal variances of a sample are spread wider than the distribution's, visibly where n is not far above d. They
    are drawn towards their mean so far that the sum of their squares has no bias (Srivastava 2005).
    """
    variances, axes = np.linalg.eigh(moments.covariance)
    if variances[-1] <= 0:
        raise DegenerateError("all points are the same; their distances from the origin have no spread")
    return NormLaw(_unbiased(np.maximum(variances, 0.0), moments.n), (axes.T @ moments.mean) ** 2)


def _unbiased(variances: np.ndarray, n: int) -> np.ndarray:
    if n < 3:
        return variances
    total, d = variances.sum(), len(variances)
    squares = (n - 1) ** 2 / ((n - 2) * (n + 1)) * ((variances**2).sum() - total**2 / (n - 1))
    spread = (variances**2).sum() - total**2 / d
    kept = np.sqrt(np.clip((squares - total**2 / d) / spread, 0.0, 1.0)) if spread > 0 else 1.0
    return np.asarray(total / d + kept * (variances - total / d))


def norm_agreement(squared: np.ndarray, law: NormLaw) -> float:
    """1 - Kolmogorov-Smirnov distance of the distances |z| from the origin to those of N(mean, covariance); 0 to 1.

    squared: (n,) squared norms of the points; law: that of their own moments. 1 = normal. It sees a shell: vectors at
    nearly the same distance from the origin, whose marginals, contours and D^2 may all look normal. The law is exact
    but for the numerical inversion of its characteristic function, to 3e-5 in 2 and more components.
    Invariant under rotation and common scale, not under a shift. Cost: a sort.
    """
    return 1.0 - float(stats.kstest(squared, law.cdf, method="asymp").statistic)


def norm_spread(squared: np.ndarray, law: NormLaw) -> float:
    """Standard deviation of |z|^2 over that of N(mean, covariance), 0 and up; 1 = normal, near 0 a shell.

    squared: (n,) squared norms; law: that of the points' own moments.
    """
    return float(np.std(squared)) / law.sd


def norm_nulls(moments: Moments) -> dict[str, np.ndarray]:
    """Values of both over REPLICATES samples of N(mean, covariance), as far as chance moves them at this n.

    By simulation, as they depend on the spectrum and on where the center lies. A sample of at most ROWS points has its
    mean and covariance refitted along the axis of the mean and the LEADING principal axes; of what the others add to
    |z|^2 the mean alone. Both are scaled to n by the square root. In 64 and fewer components with a center on a
    principal axis it is exact. Cost: 0.3 s.
    """
    law, length = norm_law(moments), float(np.linalg.norm(moments.mean))
    variances = law.variances[::-1]
    along = (moments.mean @ moments.covariance @ moments.mean / length**2,) if length else ()
    means = np.array([length] * len(along) + [0.0] * min(LEADING, len(variances)))
    leading = np.array([*along, *variances[:LEADING]])
    rest = NormLaw(variances[LEADING:], np.zeros(max(len(variances) - LEADING, 0)))
    model = NormLaw(np.concatenate([leading, rest.variances]), np.concatenate([means**2, rest.squares]))
    n = min(moments.n, ROWS)
    rng = np.random.default_rng(0)
    others = rest.log_characteristic(model.frequencies)
    found = np.array([_refitted(n, means, leading, rest, model.frequencies, others, rng) for _ in range(REPLICATES)])
    shrunk = np.sqrt(n / moments.n)
    return {
        "norm_agreement": 1 - (1 - found[:, 0]) * shrunk,
        "norm_spread": 1 + (found[:, 1] - found[:, 1].mean()) * shrunk + (found[:, 1].mean() - 1) * shrunk**2,
    }


def _refitted(
    n: int,
    means: np.ndarray,
    variances: np.ndarray,
    rest: NormLaw,
    frequencies: np.ndarray,
    others: np.ndarray,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Agreement and spread of a sample of n points held against the law of its own moments."""
    leading = means + np.sqrt(variances) * rng.standard_normal((n, len(means)))
    squared = (leading**2).sum(axis=1)
    beyond = _draws(rest, n, rng)
    mean, covariance = leading.mean(axis=0), np.atleast_2d(np.cov(leading, rowvar=False))
    own, axes = np.linalg.eigh(covariance)
    law = NormLaw(_unbiased(np.maximum(own, 0.0), n), (axes.T @ mean) ** 2)
    values, cdf = inverted(frequencies, law.log_characteristic(frequencies) + others)
    total = squared + beyond
    agreement = stats.kstest(total - law.mean - beyond.mean(), lambda x: np.interp(x, values, cdf), method="asymp")
    return 1 - float(agreement.statistic), float(np.std(total)) / float(np.hypot(law.sd, rest.sd))


def _draws(law: NormLaw, n: int, rng: np.random.Generator) -> np.ndarray:
    """n values of |z|^2 (n,)."""
    if not len(law.variances) or law.sd == 0:
        return np.zeros(n)
    values, cdf = law.table
    return np.asarray(law.mean + np.interp(rng.random(n), cdf, values))
