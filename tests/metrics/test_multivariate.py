from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import erf
from sklearn.datasets import load_iris

from metrics.moments import DegenerateError, mahalanobis_squared, moments, whiten
from metrics.multivariate import (
    STRIP,
    energy_distance,
    henze_zirkler,
    henze_zirkler_blocks,
    kurtosis_excess,
    mardia,
    mean_distance_to_normal,
    random_blocks,
    skewness_excess,
    small_sample_factor,
)
from tests.metrics.controls import ball, cube, mapped, mixture, normal, one_bimodal, student

CONTROLS = (student, ball, cube, mixture, one_bimodal)
SETOSA = load_iris().data[:50]
# Fever, Pressure and Aches of pingouin's data set `multivariate`.
FEVER = np.array([
    [38.4, 36.8, 40.0, 39.8, 38.6, 39.1, 38.9, 36.8, 40.4, 39.4, 38.0, 38.6, 40.1, 38.1, 37.2, 39.5, 37.3, 39.1,
     40.9, 39.5, 39.4, 38.2, 39.7, 38.9, 38.6, 39.9, 41.3, 38.1, 39.6, 37.1, 39.5, 40.3, 41.5, 39.3, 37.6, 40.6],
    [73, 85, 58, 80, 68, 52, 79, 100, 64, 53, 70, 75, 48, 57, 78, 65, 77, 67,
     54, 75, 57, 71, 65, 49, 58, 52, 62, 57, 78, 92, 63, 52, 46, 56, 86, 48],
    [18, 14, 20, 20, 25, 27, 26, 8, 21, 22, 15, 14, 28, 22, 16, 18, 13, 16,
     14, 18, 24, 24, 22, 30, 25, 17, 18, 20, 19, 15, 13, 25, 27, 14, 16, 21],
]).T  # fmt: skip


def random_cloud(seed: int, n: int, d: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def own_white(points: np.ndarray) -> np.ndarray:
    return whiten(points, moments(points))


def assert_mean(values: list[float], expected: float) -> None:
    """Their mean lies within 4 standard errors of what is expected, which chance exceeds once in 16,000 times."""
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values, ddof=1) / np.sqrt(len(values)))


def assert_five_percent(rejections: list[bool]) -> None:
    low, high = stats.binom(len(rejections), 0.05).interval(0.999)
    assert low <= sum(rejections) <= high


@pytest.mark.parametrize(
    ("points", "skewness", "skewness_p", "kurtosis", "kurtosis_p", "abs_"),
    [
        # R's MVN 5.9 on setosa and on all of iris; its tutorial (version 6) on two components of setosa.
        (SETOSA, 25.6643445196298, 0.177185884467652, 1.29499223711605, 0.195322907441935, 1e-9),
        (load_iris().data, 67.4305087780629, 4.75799820400705e-07, -0.230112114480775, 0.818004651478188, 1e-9),
        (SETOSA[:, :2], 0.760, 0.944, 0.093, 0.926, 5e-4),
    ],
)
def test_mardia_is_that_of_r(
    points: np.ndarray, skewness: float, skewness_p: float, kurtosis: float, kurtosis_p: float, abs_: float
) -> None:
    found = mardia(points)
    assert found.skewness_statistic == pytest.approx(skewness, abs=abs_)
    assert found.skewness_p == pytest.approx(skewness_p, abs=abs_)
    assert found.kurtosis_statistic == pytest.approx(kurtosis, abs=abs_)
    assert found.kurtosis_p == pytest.approx(kurtosis_p, abs=abs_)


def test_the_small_sample_factor_is_that_of_r() -> None:
    # chi.small.skew and p.value.small of R's MVN 4.0 on setosa, which it reports for any n.
    statistic = mardia(SETOSA).skewness_statistic * small_sample_factor(50, 4)
    assert statistic == pytest.approx(27.85973, abs=5e-6)
    assert stats.chi2.sf(statistic, 20) == pytest.approx(0.1127617, abs=5e-8)


def test_mardia_of_one_component_is_skewness_squared_and_kurtosis() -> None:
    points = np.random.default_rng(0).exponential(size=(100, 1))
    found = mardia(points)
    assert found.skewness == pytest.approx(stats.skew(points[:, 0]) ** 2)
    assert found.kurtosis == pytest.approx(stats.kurtosis(points[:, 0], fisher=False))


@pytest.mark.parametrize("n", [STRIP - 1, STRIP, STRIP + 1, 3 * STRIP + 7])
def test_strips_change_nothing(n: int) -> None:
    points = student(n, 4, np.random.default_rng(n))
    white = own_white(points)
    products = white @ white.T
    assert mardia(points).skewness == pytest.approx((products**3).mean() * (n / (n - 1)) ** 3)
    off_diagonal = products[~np.eye(n, dtype=bool)]
    assert skewness_excess(white) == pytest.approx((off_diagonal**3).mean() / 4)
    assert henze_zirkler(points)[0] == pytest.approx(plain_henze_zirkler(points))
    distances = np.linalg.norm(white[:, None] - white, axis=2).sum() / (n * (n - 1))
    between = 2 * mean_distance_to_normal((white**2).sum(axis=1), 4).mean()
    twice = mean_distance_to_normal(np.zeros(1), 4)[0] * np.sqrt(2)
    assert energy_distance(white) == pytest.approx((between - twice - distances) / between, abs=1e-12)


def plain_henze_zirkler(points: np.ndarray) -> float:
    """The double sum of the article, one pair after the other."""
    n, d = points.shape
    inverse = np.linalg.inv(np.cov(points.T, bias=True))
    beta = ((2 * d + 1) * n / 4) ** (1 / (d + 4)) / np.sqrt(2)
    differences = points[:, None] - points
    pairs = np.einsum("ijk,kl,ijl->ij", differences, inverse, differences, optimize=True)
    centered = points - points.mean(axis=0)
    single = np.einsum("ik,kl,il->i", centered, inverse, centered)
    return float(
        np.exp(-(beta**2) / 2 * pairs).sum() / n
        - 2 * (1 + beta**2) ** (-d / 2) * np.exp(-(beta**2) / (2 * (1 + beta**2)) * single).sum()
        + n * (1 + 2 * beta**2) ** (-d / 2)
    )


@pytest.mark.parametrize(
    ("points", "statistic", "p"),
    [
        # R's MVN (R Journal 2014) to all digits printed; the tutorial of its version 6; pingouin's documentation.
        (SETOSA, pytest.approx(0.9488453, abs=5e-8), pytest.approx(0.04995356, abs=5e-9)),
        (SETOSA[:, :2], pytest.approx(0.286, abs=5e-4), pytest.approx(0.915, abs=5e-4)),
        (FEVER, pytest.approx(0.540086101851555, rel=1e-10), pytest.approx(0.7173686509622386, rel=1e-10)),
        # pingouin 0.7.0.
        (random_cloud(0, 200, 5), pytest.approx(0.8166817801027543), pytest.approx(0.9037564668909495)),
        (np.exp(random_cloud(0, 200, 5) / 3), pytest.approx(1.4526817261242115), pytest.approx(9.091332453428319e-12)),
        (random_cloud(1, 1000, 10), pytest.approx(0.9984456321076459), pytest.approx(0.17976786709215364)),
    ],
)
def test_henze_zirkler_is_that_of_r_and_pingouin(points: np.ndarray, statistic: float, p: float) -> None:
    assert henze_zirkler(points) == (statistic, p)


@pytest.mark.parametrize(("n", "d", "clouds"), [(200, 2, 400), (200, 5, 400)])
def test_a_test_at_5_percent_rejects_5_percent_of_normal_clouds(n: int, d: int, clouds: int) -> None:
    rng = np.random.default_rng([n, d])
    samples = [rng.standard_normal((n, d)) for _ in range(clouds)]
    tests = [mardia(points) for points in samples]
    assert_five_percent([test.skewness_p < 0.05 for test in tests])
    assert_five_percent([test.kurtosis_p < 0.05 for test in tests])
    assert_five_percent([henze_zirkler(points)[1] < 0.05 for points in samples])


def test_below_20_points_the_skewness_statistic_has_the_mean_of_its_chi_square() -> None:
    rng = np.random.default_rng(0)
    assert_mean([mardia(rng.standard_normal((19, 3))).skewness_statistic for _ in range(400)], 10)


@pytest.mark.parametrize("make", CONTROLS)
def test_every_control_is_rejected(make: Callable[..., np.ndarray]) -> None:
    points = make(1000, 5, np.random.default_rng(0))
    assert henze_zirkler(points)[1] < 1e-6
    if make not in (mixture, one_bimodal):  # a symmetric deviation in one of 5 directions moves the kurtosis little
        assert mardia(points).kurtosis_p < 1e-6


@pytest.mark.parametrize(("n", "d"), [(30, 4), (30, 20)])
def test_what_own_moments_take_away_is_given_back(n: int, d: int) -> None:
    rng = np.random.default_rng([n, d])
    clouds = [own_white(normal(n, d, rng)) for _ in range(200)]
    assert_mean([skewness_excess(white, n) for white in clouds], 0)
    assert_mean([kurtosis_excess((white**2).sum(axis=1), d) for white in clouds], 0)
    # -5 / (16 n) is the leading term of what the second argument takes out of the energy distance, for any d.
    assert_mean([energy_distance(white, n) for white in clouds], 0)
    taken = energy_distance(clouds[0]) - energy_distance(clouds[0], n)
    assert taken == pytest.approx(-5 / (16 * n), rel=0.1)


def test_part_of_a_whitened_cloud_has_the_same_expectation_as_all_of_it() -> None:
    rng = np.random.default_rng(3)
    clouds = [own_white(rng.standard_normal((60, 10)))[:20] for _ in range(300)]
    assert_mean([skewness_excess(white, 60) for white in clouds], 0)
    assert_mean([energy_distance(white, 60) for white in clouds], 0)


@pytest.mark.parametrize("m", [25, 100])
def test_skewness_of_independent_gamma_components_at_any_number_of_points(m: int) -> None:
    rng = np.random.default_rng(m)
    # Skewness 2 / sqrt(4) each; whitened by the known moments.
    clouds = [(rng.gamma(4, size=(m, 8)) - 4) / 2 for _ in range(100)]
    assert_mean([skewness_excess(white) for white in clouds], 1)


@pytest.mark.parametrize(("n", "d"), [(100, 2), (3000, 20)])
def test_kurtosis_of_a_t_at_any_number_of_points_and_components(n: int, d: int) -> None:
    rng = np.random.default_rng([n, d])
    # Known moments: covariance df / (df - 2) I. A large df for the sake of the mean's own variance.
    clouds = [student(n, d, rng, df=30) * np.sqrt(28 / 30) for _ in range(200)]
    exact = (n - 1) ** 3 / (n**2 * (n + 1))
    assert_mean([(kurtosis_excess((w**2).sum(axis=1), d) + 1) * exact - 1 for w in clouds], 2 / 26)


def test_kurtosis_is_a_third_of_the_mean_over_all_directions() -> None:
    points = mixture(500, 2, np.random.default_rng(0))
    white = own_white(points)
    # Eight directions of the half circle integrate a polynomial of degree 4 exactly.
    angles = np.arange(8) * np.pi / 8
    views = white @ np.stack([np.cos(angles), np.sin(angles)])
    mean_fourth = (views**4).mean()
    expected = mean_fourth / (3 * 499**3 / (500**2 * 501)) - 1
    assert kurtosis_excess(mahalanobis_squared(points, moments(points)), 2) == pytest.approx(expected)


# sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2) 1F1(-1/2; d/2; -s/2) by mpmath with 80 digits. SciPy's hyp1f1 gives infinity
# for the second of 256 and the second of 1600.
@pytest.mark.parametrize(
    ("d", "squared", "distance"),
    [
        (1, 0, 0.7978845608028654),
        (1, 9, 3.0007643086340954),
        (2, 0.5, 1.4052789381211548),
        (3, 1e6, 1000.001),
        (5, 50, 7.3510820972153486),
        (64, 64, 11.28052583948788),
        (256, 76.8, 18.225943766253206),
        (256, 256, 22.610839484743718),
        (600, 660, 35.48574513830622),
        (1600, 0, 39.993750488662656),
        (1600, 480, 45.60027062268424),
        (1600, 1600, 56.56191306696945),
        (1600, 16000, 132.66139390746142),
    ],
)
def test_mean_distance_to_a_normal(d: int, squared: float, distance: float) -> None:
    np.testing.assert_allclose(mean_distance_to_normal(np.array([squared]), d), distance, rtol=1e-12)


@settings(max_examples=50)
@given(x=st.floats(0, 1e4))
def test_mean_distance_in_one_component_is_that_of_the_folded_normal(x: float) -> None:
    folded = np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2) + x * erf(x / np.sqrt(2))
    assert mean_distance_to_normal(np.array([x * x]), 1)[0] == pytest.approx(folded, rel=1e-11)


def test_the_energy_statistic_is_that_of_r() -> None:
    white = own_white(SETOSA)
    between = 2 * mean_distance_to_normal((white**2).sum(axis=1), 4).mean()
    coefficient = energy_distance(white)
    within = between * (1 - coefficient) - np.sqrt(2) * mean_distance_to_normal(np.zeros(1), 4)[0]
    # energy's mvnorm.e counts each point as a pair with itself, of distance 0, and multiplies with n.
    assert 50 * coefficient * between + within == pytest.approx(1.203397, abs=5e-7)


@pytest.mark.parametrize("d", [1, 10, 300])
def test_energy_distance_of_a_normal_cloud_twice_as_wide(d: int) -> None:
    rng = np.random.default_rng(d)
    found = [energy_distance(2 * rng.standard_normal((100, d))) for _ in range(40)]
    assert_mean(found, 1 - (1 + 2) * np.sqrt(2) / (2 * np.sqrt(5)))


def test_energy_distance_sees_every_control() -> None:
    rng = np.random.default_rng(0)
    null = [energy_distance(own_white(normal(400, 5, rng)), 400) for _ in range(20)]
    # The null is skewed and its sd known to 16 %: 8 of them are beyond both.
    limit = np.mean(null) + 8 * np.std(null, ddof=1)
    assert all(energy_distance(own_white(make(400, 5, rng)), 400) > limit for make in CONTROLS)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-4, 4), shift=st.floats(-50, 50))
def test_affine_maps_and_the_order_of_points_change_nothing(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = student(300, 4, rng)
    moved = mapped(points, rng, log_scale, shift)
    assert henze_zirkler(moved)[0] == pytest.approx(henze_zirkler(points)[0], rel=1e-6)
    assert mardia(moved).skewness == pytest.approx(mardia(points).skewness, rel=1e-6)
    assert mardia(moved).kurtosis == pytest.approx(mardia(points).kurtosis, rel=1e-6)
    white, moved_white = own_white(points), own_white(moved)
    assert energy_distance(moved_white) == pytest.approx(energy_distance(white), abs=1e-6)
    assert skewness_excess(moved_white) == pytest.approx(skewness_excess(white), abs=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32", "uint8"])
def test_every_number_type_is_measured_in_double_precision(dtype: str) -> None:
    points = (100 + 20 * random_cloud(0, 200, 3)).astype(dtype)
    assert henze_zirkler(points) == pytest.approx(henze_zirkler(points.astype(np.float64)), rel=1e-12)
    assert mardia(points).skewness == pytest.approx(mardia(points.astype(np.float64)).skewness, rel=1e-12)


@pytest.mark.parametrize("test", [mardia, henze_zirkler])
@pytest.mark.parametrize(
    ("points", "message"),
    [
        (random_cloud(0, 3, 3), "3 points in 3 components"),
        (random_cloud(0, 50, 3) * [1, 0, 1], "constant components: 1"),
        (random_cloud(0, 50, 3)[:, [0, 1, 0]], "linearly dependent components: 0, 2"),
    ],
)
def test_what_has_no_inverse_covariance(test: Callable[..., object], points: np.ndarray, message: str) -> None:
    with pytest.raises(DegenerateError, match=message):
        test(points)


def test_three_points_of_two_components_are_enough() -> None:
    points = random_cloud(0, 3, 2)
    assert 0 <= henze_zirkler(points)[1] <= 1
    # All triangles are the same after whitening: |x_i|^2 = 2, so that b2 is 4.
    assert mardia(points).kurtosis == pytest.approx(4)
    assert np.isfinite([energy_distance(own_white(points), 3), skewness_excess(own_white(points), 3)]).all()


def test_where_henze_zirkler_is_one_for_every_cloud() -> None:
    with pytest.raises(DegenerateError, match="in 100 components the statistic is 1 for every cloud"):
        henze_zirkler(random_cloud(0, 200, 100))


@pytest.mark.parametrize(
    ("d", "size", "count", "expected"),
    [(256, 10, 20, 20), (5, 2, 20, 10), (5, 5, 20, 1), (4, 5, 20, 0), (1, 1, 3, 1), (1600, 10, 20, 20)],
)
def test_blocks_are_different_and_of_different_components(d: int, size: int, count: int, expected: int) -> None:
    blocks = random_blocks(d, size, count, np.random.default_rng(0))
    assert blocks.shape == (expected, size)
    assert (np.diff(blocks, axis=1) > 0).all()
    assert ((blocks >= 0) & (blocks < d)).all()
    assert len({tuple(block) for block in blocks}) == expected


def test_each_block_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    drawn = np.concatenate([random_blocks(5, 2, 4, rng) for _ in range(500)])
    counts = np.unique(drawn @ [5, 1], return_counts=True)[1]
    # Without replacement within a draw the counts vary less than binomial ones; the bound only gets safer.
    assert len(counts) == 10
    assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize(("size", "count"), [(0, 5), (2, 0)])
def test_no_blocks_can_be_asked_for(size: int, count: int) -> None:
    with pytest.raises(ValueError, match="give at least 1"):
        random_blocks(5, size, count, np.random.default_rng(0))


def test_blocks_are_tested_one_by_one() -> None:
    points = one_bimodal(300, 6, np.random.default_rng(0))
    blocks = np.array([[0, 1, 2], [1, 2, 3], [3, 4, 5]])
    statistics, p = henze_zirkler_blocks(points, blocks)
    np.testing.assert_allclose(np.stack([statistics, p], axis=1), [henze_zirkler(points[:, block]) for block in blocks])
    assert p[0] < 1e-6


def test_no_blocks_no_test() -> None:
    with pytest.raises(DegenerateError, match="1 components are fewer than a block needs"):
        henze_zirkler_blocks(random_cloud(0, 50, 1), random_blocks(1, 2, 20, np.random.default_rng(0)))
