"""Every measure of one cloud, family by family, each with its reason where it cannot be computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrics import contours, correlations, elliptical, multivariate, origin, pca, radius
from metrics.core import SHARES, Profile, core_profile
from metrics.marginals import NORMAL_HALF_WIDTH, Marginals, anderson_darling, marginals, shapiro_wilk
from metrics.moments import (
    DegenerateError,
    Moments,
    check_full_rank,
    check_varying,
    mahalanobis_squared,
    moments,
    subsample,
    whiten,
)
from metrics.pursuit import Direction, worst_direction

# Rows for what would cost too much on all of them, or whose meaning hangs on the number of points. A fixed number
# keeps p-values comparable: with 170,000 points every one of them is 0.
CORE_ROWS = PURSUIT_ROWS = 20_000
# Both copy their rows: beyond 400 components fewer of them, but enough for half of them to have a covariance.
COPIED_VALUES = 8_000_000
PCA_ROWS = 10_000
TEST_ROWS = 2_000
BLOCK_ROWS = PAIR_ROWS = 1_000
BLOCKS, BLOCK_SIZES = 20, (2, 5, 10)
CORRELATED_PAIRS = 20
CORE_PAIRS = 50
LEADING_AXES = 10
# Scores along principal axes are kept in float32: within this range their narrowest axis and their tails fit in.
FLOAT32 = 1e-30, 1e30
RESCALE = "multiply them by a constant"
CORE_NAMES = ("marginal_gaussianity", "contour_agreement", "radius_agreement")
CORE_PERCENT = tuple(round(100 * share) for share in SHARES)


def core_name(name: str, percent: int) -> str:
    return f"core/{name}_{percent}"


# Means over components, and the order in which correlated components make them vary more (`metrics.null.alikeness`).
ALIKE = {
    "marginal_gaussianity": 6,
    "marginal/wasserstein": 6,
    "marginal/skewness_abs": 6,
    "marginal/excess_kurtosis": 4,
    "marginal/half_width": 4,
    "marginal/fit_sd": 4,
    "marginal/anderson_darling": 6,
    "marginal/anderson_darling_rejected": 6,
    "marginal/shapiro_wilk": 6,
    "marginal/shapiro_wilk_rejected": 6,
    **{core_name("marginal_gaussianity", percent): 6 for percent in CORE_PERCENT},
}


@dataclass(frozen=True)
class Settings:
    """contour_pairs: random pairs of components. levels: of their ellipses, in sd."""

    contour_pairs: int = 200
    levels: tuple[float, ...] = (1.0, 1.5, 2.0, 2.5, 3.0)


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
        return core_profile(few, own, self.pairs[:CORE_PAIRS], self.settings.levels)

    @cached_property
    def worst(self) -> Direction:
        return worst_direction(self.copied(PURSUIT_ROWS), self.moments, self.rng(3))


Part = tuple[tuple[str, ...], Callable[[Cloud], Sequence[float]]]


def cloud_of(points: np.ndarray, moments: Moments, settings: Settings, seed: np.random.SeedSequence) -> Cloud:
    """The cloud with its streams of random numbers."""
    return Cloud(points, moments, settings, tuple(seed.spawn(4)))


def shape(cloud: Cloud) -> tuple[dict[str, float], dict[str, str]]:
    """Values by name, and reasons by name of what was left out, of every measure that a normal cloud calibrates."""
    return _measured(cloud, _shape_parts(cloud.settings))


def place(cloud: Cloud) -> tuple[dict[str, float], dict[str, str]]:
    """The same for what tells where the cloud lies and how its components correlate, whatever its shape."""
    return _measured(cloud, PLACE)


def _measured(cloud: Cloud, parts: Sequence[Part]) -> tuple[dict[str, float], dict[str, str]]:
    """What raises DegenerateError is omitted, all measures of the same part together."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for names, compute in parts:
        try:
            values |= zip(names, _finite(compute(cloud)), strict=True)
        except DegenerateError as error:
            omitted |= dict.fromkeys(names, str(error))
    return values, omitted


def _finite(values: Sequence[float]) -> list[float]:
    """Plain floats. Squares of latents of 1e-160 vanish and leave 0 / 0: that is no value."""
    found = [float(value) for value in values]
    if not np.isfinite(found).all():
        raise DegenerateError(f"the latents are too small or too large to compute with; {RESCALE}")
    return found


def _marginal(cloud: Cloud) -> list[float]:
    each = cloud.marginals
    return [
        1 - each.ks.mean(),
        each.ks.max(),
        each.wasserstein.mean(),
        np.abs(each.skewness).mean(),
        each.excess_kurtosis.mean(),
        (each.half_width / each.sd).mean() / NORMAL_HALF_WIDTH,
        (each.fit_sd / each.sd).mean(),
    ]


def _marginal_tests(cloud: Cloud) -> list[float]:
    columns = cloud.some(TEST_ROWS)
    squares, square_p = anderson_darling(columns)
    w, w_p = shapiro_wilk(columns)
    return [squares.mean(), (square_p < 0.05).mean(), w.mean(), (w_p < 0.05).mean()]


def _contours(cloud: Cloud) -> list[float]:
    each = contours.contour_agreement(cloud.points, cloud.moments, cloud.pairs, cloud.settings.levels)
    return [each.mean(), each.mean(axis=1).min(), *each.mean(axis=0)]


def _correlated_contours(cloud: Cloud) -> list[float]:
    pairs = contours.correlated_pairs(cloud.moments, CORRELATED_PAIRS)
    return [contours.contour_agreement(cloud.points, cloud.moments, pairs, cloud.settings.levels).mean()]


def _radii(cloud: Cloud) -> list[float]:
    d = cloud.moments.d
    return [
        radius.radius_agreement(cloud.squared, d),
        radius.radius_spread(cloud.squared, d),
        multivariate.kurtosis_excess(cloud.squared, d),
    ]


def _henze_zirkler(size: int) -> Callable[[Cloud], list[float]]:
    def blocks(cloud: Cloud) -> list[float]:
        chosen = multivariate.random_blocks(cloud.moments.d, size, BLOCKS, cloud.rng(2))
        if not len(chosen):
            raise DegenerateError(f"{cloud.moments.d} components have no block of {size}; use at least {size}")
        few = cloud.some(BLOCK_ROWS)
        try:
            statistics, p = multivariate.henze_zirkler_blocks(few, chosen)
        except DegenerateError:
            _check_all(moments(few))
            raise
        return [statistics.mean(), (p < 0.05).mean()]

    return blocks


def _check_all(own: Moments) -> None:
    """Raises DegenerateError with the cloud's own numbers of components, where a block would name its own."""
    check_varying(own)
    check_full_rank(own)


def _directions(cloud: Cloud) -> list[float]:
    return [elliptical.direction_uniformity(whiten(cloud.some(PAIR_ROWS), cloud.moments))]


def _worst(cloud: Cloud) -> list[float]:
    return [cloud.worst.ks, cloud.worst.skewness, cloud.worst.excess_kurtosis]


def _axes(cloud: Cloud) -> list[float]:
    widest = float(np.sqrt(cloud.spectrum.variances[0]))
    if not FLOAT32[0] < widest < FLOAT32[1]:
        raise DegenerateError(f"the latents have an sd of {widest:.0e} along their widest axis; {RESCALE}")
    ks = pca.axis_marginals(cloud.some(PCA_ROWS), cloud.moments, cloud.spectrum).ks
    return [1 - ks.mean(), 1 - ks[:LEADING_AXES].mean()]


def _core(cloud: Cloud) -> list[float]:
    return [value for name in CORE_NAMES for value in cloud.profile.values[name]]


def _shape_parts(settings: Settings) -> tuple[Part, ...]:
    levels = tuple(f"contour/{float(level)}" for level in settings.levels)
    return (
        (
            (
                "marginal_gaussianity",
                "marginal/ks_largest",
                "marginal/wasserstein",
                "marginal/skewness_abs",
                "marginal/excess_kurtosis",
                "marginal/half_width",
                "marginal/fit_sd",
            ),
            _marginal,
        ),
        (
            (
                "marginal/anderson_darling",
                "marginal/anderson_darling_rejected",
                "marginal/shapiro_wilk",
                "marginal/shapiro_wilk_rejected",
            ),
            _marginal_tests,
        ),
        (("contour_agreement", "contour/least", *levels), _contours),
        (("contour/correlated",), _correlated_contours),
        (("radius_agreement", "radius/spread", "multivariate/mardia_kurtosis"), _radii),
        (("multivariate/mardia_skewness",), lambda cloud: [multivariate.skewness_excess(cloud.white, cloud.moments.n)]),
        *(
            (
                (f"multivariate/henze_zirkler_{size}", f"multivariate/henze_zirkler_{size}_rejected"),
                _henze_zirkler(size),
            )
            for size in BLOCK_SIZES
        ),
        (("multivariate/energy_distance",), lambda cloud: [multivariate.energy_distance(cloud.white, cloud.moments.n)]),
        (
            ("elliptical/kurtosis", "elliptical/kurtosis_of_directions"),
            lambda cloud: elliptical.whitened_kurtosis(cloud.points, cloud.moments),
        ),
        (("elliptical/direction_uniformity",), _directions),
        (("pursuit/ks", "pursuit/skewness", "pursuit/excess_kurtosis"), _worst),
        (("pca/marginal_gaussianity", "pca/leading_gaussianity"), _axes),
        (tuple(core_name(name, percent) for name in CORE_NAMES for percent in CORE_PERCENT), _core),
    )


def _place_by_radius(cloud: Cloud) -> list[float]:
    own = cloud.moments
    return [origin.origin_mahalanobis(own), origin.share_nearer_than_origin(cloud.squared, own)]


def _cube(cloud: Cloud) -> list[float]:
    few = cloud.copied(CORE_ROWS)
    return [origin.matching_cube(few), origin.cube_radius_agreement(few)]


def _slab(cloud: Cloud) -> list[float]:
    if not len(cloud.pairs):
        raise DegenerateError("1 component has no pairs; the slab needs at least 2 components")
    counts = origin.slab_counts(cloud.points, cloud.pairs, origin.slab_half_width(cloud.points))
    return [counts.mean() / cloud.moments.n]


def _correlations(cloud: Cloud) -> list[float]:
    return [*correlations.counts_above(cloud.moments), correlations.largest(cloud.moments)]


def _spectrum(cloud: Cloud) -> list[float]:
    # Both are ratios: relative to the largest no variance is too small or too large to square.
    variances = cloud.spectrum.variances / cloud.spectrum.variances[0]
    return [pca.effective_dimension(variances), pca.components_for(variances, 0.9)]


PLACE: tuple[Part, ...] = (
    (("off_origin_distance",), lambda cloud: [origin.off_origin_distance(cloud.moments)]),
    (("origin/norm",), lambda cloud: [origin.off_origin_norm(cloud.moments)]),
    (("origin/mahalanobis", "origin/share_nearer"), _place_by_radius),
    (("origin/slab_share",), _slab),
    (("radius/cube", "radius/cube_agreement"), _cube),
    (
        (*(f"correlation/above_{threshold}" for threshold in correlations.THRESHOLDS), "correlation/largest"),
        _correlations,
    ),
    (("pca/effective_dimension", "pca/components_90"), _spectrum),
)
