"""A cloud of points with what several measures need of it, computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from metrics import contours, copula, multivariate, nearest, norms, pca, robust
from metrics.core import Profile, core_profile
from metrics.marginals import Marginals, marginals
from metrics.moments import DegenerateError, Moments, Sample, mahalanobis_squared, moments, subsample, whiten
from metrics.pursuit import Direction, worst_direction

# Rows for what would cost too much on all of them, or whose meaning hangs on the number of points. A fixed number
# keeps p-values comparable: with 170,000 points every one of them is 0.
CORE_ROWS = PURSUIT_ROWS = 20_000
# Both copy their rows: beyond 400 components fewer of them, but enough for half of them to have a covariance.
COPIED_VALUES = 8_000_000
PCA_ROWS = 10_000
TEST_ROWS = 2_000
BLOCK_ROWS = PAIR_ROWS = 1_000
CLASSIFIED_ROWS = 4_000
CORRELATED_PAIRS = 20
# Pairs and levels for the contours of many subsets of the points, whatever the settings are for all of them.
FEW_PAIRS, LEVELS = 20, (1.0, 1.5, 2.0, 2.5, 3.0)
BLOCKS = 20
RESCALE = "multiply them by a constant"


@dataclass(frozen=True)
class Settings:
    """contour_pairs: random pairs of components. levels: of their ellipses, in sd."""

    contour_pairs: int = 200
    levels: tuple[float, ...] = LEVELS


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points (n, d) with their moments, and what several measures need of them, computed once.

    The random choices (rows, pairs, blocks, starts) have a stream each, so that none depends on another being made.
    """

    points: np.ndarray
    moments: Moments
    settings: Settings
    seeds: tuple[np.random.SeedSequence, ...]

    def rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng(self.seeds[stream])

    def some(self, size: int) -> np.ndarray:
        """At most `size` rows at random, in their order: those of a smaller size are among those of a larger one."""
        return self.points[np.sort(self._order[:size])]

    @cached_property
    def _order(self) -> np.ndarray:
        rng = self.rng(0)
        return rng.permutation(subsample(self.moments.n, max(CORE_ROWS, PURSUIT_ROWS), rng))

    @cached_property
    def pairs(self) -> np.ndarray:
        return contours.random_pairs(self.moments.d, self.settings.contour_pairs, self.rng(1))

    @cached_property
    def few_pairs(self) -> np.ndarray:
        return contours.random_pairs(self.moments.d, FEW_PAIRS, self.rng(4))

    @cached_property
    def correlated_pairs(self) -> np.ndarray:
        return contours.correlated_pairs(self.moments, CORRELATED_PAIRS)

    def blocks(self, size: int) -> np.ndarray:
        return multivariate.random_blocks(self.moments.d, size, BLOCKS, self.rng(2))

    @cached_property
    def squared(self) -> np.ndarray:
        return mahalanobis_squared(self.points, self.moments)

    @cached_property
    def white(self) -> np.ndarray:
        return whiten(self.some(TEST_ROWS), self.moments)

    @cached_property
    def marginals(self) -> Marginals:
        return marginals(self.points, self.moments)

    @cached_property
    def spectrum(self) -> pca.Spectrum:
        return pca.spectrum(self.moments)

    def copied(self, rows: int) -> np.ndarray:
        """At most this many rows for a measure that copies them."""
        d = self.moments.d
        return self.some(min(rows, max(COPIED_VALUES // d, 3 * d)))

    @cached_property
    def profile(self) -> Profile:
        few = self.copied(CORE_ROWS)
        own = self.moments if len(few) == self.moments.n else moments(few)
        return core_profile(few, own, self.few_pairs, LEVELS)

    @cached_property
    def unit(self) -> float:
        """The largest sd of a component, by which what has no unit is computed: no square of it overflows."""
        return float(self.moments.sd.max())

    @cached_property
    def norm_law(self) -> norms.NormLaw:
        """The law of the squared distances from the origin, over the square of `unit`."""
        return norms.norm_law(in_units(self.moments, self.unit))

    @cached_property
    def neighbours(self) -> tuple[float, float, float, float]:
        few = self.copied(CORE_ROWS)
        own = self.moments if len(few) == self.moments.n else moments(few)
        return nearest.neighbour_measures(few, own, self.rng(7))

    @cached_property
    def robust_core(self) -> robust.RobustCore:
        return robust.robust_core(self.copied(CORE_ROWS))

    @cached_property
    def normal_scores(self) -> Sample:
        return Sample(copula.normal_scores(self.some(PCA_ROWS)))

    @cached_property
    def white_scores(self) -> Sample:
        """Of whitened components: ranks add noise of one size, in which thin directions of the cloud would drown."""
        few = self.some(PCA_ROWS)
        return Sample(copula.normal_scores(whiten(few, moments(few))))

    @cached_property
    def worst(self) -> Direction:
        return worst_direction(self.copied(PURSUIT_ROWS), self.moments, self.rng(3))


def in_units(moments: Moments, unit: float) -> Moments:
    """The same cloud measured by a unit. Raises DegenerateError for one of 0, the largest sd of equal points."""
    if unit == 0:
        raise DegenerateError("all points are the same; they have no spread")
    return replace(moments, mean=moments.mean / unit, covariance=moments.covariance / unit / unit)


def cloud_of(points: np.ndarray, moments: Moments, settings: Settings, seed: np.random.SeedSequence) -> Cloud:
    """The cloud with its streams of random numbers."""
    return Cloud(points, moments, settings, tuple(seed.spawn(8)))
