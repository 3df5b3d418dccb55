from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics.moments import DegenerateError, Moments, mahalanobis_squared, moments
from metrics.radius import radius_agreement, radius_correlation, radius_spread, truncation_factor
from tests.metrics.controls import ball, mapped, student

D, N = 16, 30_000


def measured(points: np.ndarray) -> float:
    return radius_agreement(mahalanobis_squared(points, moments(points)), points.shape[1])


def scale_mixture(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Half of the points from a normal cloud, half from one twice as wide."""
    return rng.standard_normal((n, d)) * rng.integers(1, 3, size=(n, 1))


def distance_to_chi_square(cdf: np.ndarray, t: np.ndarray, d: int = D) -> float:
    return float(np.abs(cdf - stats.chi2(d).cdf(t)).max())


def standard_normal(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((n, d))


T = np.linspace(0, 20 * D, 100_001)
# Variance of a component, and the law of its squared Mahalanobis distance at T.
LAWS = {
    standard_normal: (1.0, stats.chi2(D).cdf(T)),
    scale_mixture: (2.5, (stats.chi2(D).cdf(2.5 * T) + stats.chi2(D).cdf(2.5 * T / 4)) / 2),
    # |x|^2 / d of a t is F(d, 8).
    student: (8 / 6, stats.f(D, 8).cdf(T * 8 / 6 / D)),
    ball: (1 / (D + 2), np.minimum(T / (D + 2), 1) ** (D / 2)),
}


@pytest.mark.parametrize("make", LAWS, ids=lambda make: make.__name__)
def test_the_distance_of_known_laws(make) -> None:
    variance, cdf = LAWS[make]
    known = Moments(N, np.zeros(D), variance * np.eye(D))
    found = radius_agreement(mahalanobis_squared(make(N, D, np.random.default_rng(5)), known), D)
    # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times.
    assert found == pytest.approx(1 - distance_to_chi_square(cdf, T), abs=1.95 / np.sqrt(N))


def test_it_is_scipys_distance() -> None:
    squared = np.random.default_rng(0).chisquare(5, 400)
    assert radius_agreement(squared, 5) == pytest.approx(1 - stats.kstest(squared, "chi2", args=(5,)).statistic)


def test_few_points_follow_the_beta_law_that_the_docstring_names() -> None:
    n, d = 400, 350
    points = np.random.default_rng(0).standard_normal((n, d))
    squared = mahalanobis_squared(points, moments(points))
    law = stats.beta(d / 2, (n - d - 1) / 2)
    limit = 1.95 / np.sqrt(n)
    assert stats.kstest(n * squared / (n - 1) ** 2, law.cdf).statistic < limit
    x = np.linspace(0, 3 * d, 10_001)
    expected = distance_to_chi_square(law.cdf(n * x / (n - 1) ** 2), x, d)
    assert expected > limit
    assert radius_agreement(squared, d) == pytest.approx(1 - expected, abs=limit)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-4, 4), shift=st.floats(-50, 50))
def test_affine_maps_and_the_order_of_points_change_nothing(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = student(300, 4, rng)
    moved = mapped(points, rng, log_scale, shift)
    assert measured(moved) == pytest.approx(measured(points), abs=1e-6)


# c, and F_d(c^2) / F_{d+2}(c^2); for d = 2 also (1 - e) / (1 - e - c^2 / 2 e) with e = exp(-c^2 / 2).
@pytest.mark.parametrize(
    ("d", "c", "factor", "abs_"),
    [(2, 1, 4.362, 5e-4), (2, 2, 1.456, 5e-4), (2, 3, 1.053, 5e-4)]
    + [(256, 15.5, 1.124, 5e-4), (256, 16, 1.074, 5e-4), (256, 16.5, 1.037, 5e-4), (256, 17, 1.0145, 5e-5)]
    + [(2, c, (1 - np.exp(-(c**2) / 2)) / (1 - np.exp(-(c**2) / 2) * (1 + c**2 / 2)), 1e-9) for c in (0.1, 1, 4)],
)
def test_truncation_factors(d: int, c: float, factor: float, abs_: float) -> None:
    assert truncation_factor(stats.chi2.cdf(c**2, d), d) == pytest.approx(factor, abs=abs_, rel=1e-9)


@pytest.mark.parametrize("d", [1, 2, 64, 1600])
def test_nothing_is_cut_off_at_share_1(d: int) -> None:
    assert truncation_factor(1.0, d) == 1.0
    squared = np.random.default_rng(d).chisquare(d, 300)
    assert radius_agreement(squared, d, 1.0) == radius_agreement(squared, d)


@pytest.mark.parametrize("d", [2, 10, 64])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_the_core_of_a_normal_cloud_is_restored(d: int, share: float) -> None:
    points = np.random.default_rng(d).standard_normal((N, d))
    edge, squared = stats.chi2.ppf(share, d), (points**2).sum(axis=1)
    core = points[squared <= edge]
    # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times.
    limit = 1.95 / np.sqrt(len(core))
    assert radius_agreement(squared[squared <= edge], d, share) > 1 - limit
    # Without allowing for the cut, chi-square has only `share` of its probability below the edge.
    assert radius_agreement(squared[squared <= edge], d) == pytest.approx(share, abs=limit)
    cut, factor = moments(core), truncation_factor(share, d)
    whole = Moments(cut.n, cut.mean, cut.covariance * factor)
    # A component's square has variance 2 and less when cut off; d of them, 4 standard errors.
    assert np.trace(whole.covariance) / d == pytest.approx(1, abs=4 * factor * np.sqrt(2 / (d * cut.n)))
    # By the core's own covariance points at the edge are off by an sd of edge * sqrt(2 / n), which smears it: sd /
    # sqrt(2 pi) times the density there is the share of points that cross it.
    smear = stats.chi2.pdf(edge, d) / share * edge * np.sqrt(2 / cut.n) / np.sqrt(2 * np.pi)
    assert radius_agreement(mahalanobis_squared(core, whole), d, share) > 1 - limit - smear


def test_a_cut_law_is_compared_exactly() -> None:
    # Mid-quantiles of chi-square cut off at its median: half a step from the law everywhere.
    squared = stats.chi2.ppf((np.arange(100) + 0.5) / 200, 7)
    assert radius_agreement(squared, 7, 0.5) == pytest.approx(1 - 0.5 / 100)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, np.nan])
def test_shares_that_are_none(share: float) -> None:
    with pytest.raises(ValueError, match="give a number above 0, at most 1"):
        truncation_factor(share, 3)
    with pytest.raises(ValueError, match="give a number above 0, at most 1"):
        radius_agreement(np.ones(5), 3, share)


@pytest.mark.parametrize(("n", "d"), [(N, D), (400, 100)])
def test_the_spread_of_normal_radii_follows_the_beta_law(n: int, d: int) -> None:
    rng = np.random.default_rng(n)
    clouds = [rng.standard_normal((n, d)) for _ in range(10)]
    found = [radius_spread(mahalanobis_squared(points, moments(points)), d) for points in clouds]
    expected = (n - 1) / n * np.sqrt((n - 1 - d) / (n + 1))
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found, ddof=1) / np.sqrt(10))
    assert expected == pytest.approx(stats.beta(d / 2, (n - d - 1) / 2).std() * (n - 1) ** 2 / n / np.sqrt(2 * d))


def test_the_spread_of_a_scale_mixture() -> None:
    # D^2 = r^2 chi-square / 2.5, r of 1 or 2: E D^4 = 8.5 d (d + 2) / 6.25.
    known = Moments(N, np.zeros(D), 2.5 * np.eye(D))
    squared = mahalanobis_squared(scale_mixture(N, D, np.random.default_rng(5)), known)
    variance = 1.36 * D * (D + 2) - D**2
    # The relative error of an sd is half the root of the excess kurtosis + 2 over n; D^2 is at most twice as broad.
    assert radius_spread(squared, D) == pytest.approx(np.sqrt(variance / (2 * D)), rel=4 * np.sqrt(3 / N))


def test_the_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    squared, values = rng.chisquare(5, 200), rng.integers(0, 20, 200)
    ranks = np.corrcoef(stats.rankdata(squared), stats.rankdata(values))[0, 1]
    assert radius_correlation(squared, values) == pytest.approx(ranks)
    assert radius_correlation(np.sqrt(squared), np.exp(values)) == pytest.approx(ranks)
    assert radius_correlation(squared, squared**3) == pytest.approx(1)
    assert radius_correlation(squared, -squared) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (np.ones(4), DegenerateError, "all the same"),
        (np.arange(3), ValueError, r"shape \(3,\); give one number for each of 4 points"),
        (np.array([1, 2, np.nan, 3]), ValueError, "NaN or infinity"),
    ],
)
def test_values_that_do_not_correlate(values: np.ndarray, kind: type[ValueError], message: str) -> None:
    with pytest.raises(kind, match=message) as error:
        radius_correlation(np.arange(4.0), values)
    assert type(error.value) is kind


def test_constant_radii_do_not_correlate() -> None:
    with pytest.raises(DegenerateError, match="all the same"):
        radius_correlation(np.ones(4), np.arange(4))
