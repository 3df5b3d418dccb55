"""Intervals of statistics of two samples, from how much they differ between random halves of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

# How well the standard error is known: 50 splits to a tenth.
SPLITS = 50
SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Estimate:
    """A statistic of two samples, and how far apart it is on two halves of them.

    value: of all points. differences: (SPLITS,), half of what it is on one half of both samples less on the other.
    trials: of a share, the number of points that it is a share of; None for other statistics.
    """

    value: float
    differences: np.ndarray
    trials: int | None = None

    @property
    def error(self) -> float:
        """Its standard error, the sd that it would have over other samples of the same sizes.

        The two halves are independent, and half as large, so that half their difference has the variance of the whole,
        as far as variances fall as 1 / n (subsampling, Politis and Romano 1994). No bootstrap: among points drawn
        twice the nearest neighbour is at distance 0. No jackknife: what a left-out point does to its neighbours'
        neighbours it counts several times, and gave up to twice the true error of a coverage.
        """
        return float(np.sqrt(np.mean(self.differences**2)))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bounds for the statistic's expectation at these sizes, by Student's t.

        Of a share those of Wilson (1927), of as many independent trials as have its standard error, at most `trials`
        (Korn and Graubard 1998): within 0 and 1, and of some width at both.
        Coverage of the 95 % intervals, 150 samples of 256 generated and 344 real points in 8, 64 and 128 dimensions,
        equal normals, a shift, less spread, a t, a half alone, and far off: kid .91 to 1.00, precision .84 to 1.00,
        recall .93 to 1.00, coverage .93 to .99; density .70 to .97, and none to speak of where it is next to 0. With
        60 and 80 points .87 for a coverage near 1.
        """
        quantile = float(stats.t.ppf((1 + confidence) / 2, len(self.differences)))
        if self.trials is None:
            return self.value - quantile * self.error, self.value + quantile * self.error
        p, error = self.value, self.error
        n = min(p * (1 - p) / error**2, self.trials) if error > 0 and 0 < p < 1 else self.trials
        middle = p + quantile**2 / (2 * n)
        half = quantile * np.sqrt(p * (1 - p) / n + quantile**2 / (4 * n**2))
        scale = 1 + quantile**2 / n
        # Exactly 0 and 1 where they are due, which rounding would miss.
        return (float(middle - half) / scale if p > 0 else 0.0), (float(middle + half) / scale if p < 1 else 1.0)

    def minus(self, other: Estimate) -> Estimate:
        """The difference from a statistic of the same real points and of generated ones that belong together."""
        return Estimate(self.value - other.value, self.differences - other.differences)


def splits(m: int, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """SPLITS times bool (2, m) and (2, n): which points are in each of two random halves, the same in every call.

    Of an odd number one point is in neither half.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    for _ in range(SPLITS):
        yield _halves(m, rng), _halves(n, rng)


def _halves(n: int, rng: np.random.Generator) -> np.ndarray:
    chosen = np.zeros((2, n), bool)
    order = rng.permutation(n)
    chosen[0, order[: n // 2]] = True
    chosen[1, order[n // 2 : n // 2 * 2]] = True
    return chosen


def half_differences(statistic: Callable[[np.ndarray, np.ndarray], np.ndarray | float], m: int, n: int) -> np.ndarray:
    """(SPLITS, ...): half the difference of the statistic, of bool (m,) and (n,), between the halves of each split."""
    return np.array([(statistic(ours[0], real[0]) - statistic(ours[1], real[1])) / 2 for ours, real in splits(m, n)])
