from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import curve_fit
from sklearn.datasets import load_iris

from metrics.marginals import (
    BANDWIDTH,
    BIN,
    NORMAL_HALF_WIDTH,
    Marginals,
    anderson_darling,
    dominant_components,
    ks_distances,
    marginals,
    shapiro_wilk,
)
from metrics.moments import DegenerateError, Moments, chunks_of, moments
from tests.metrics.controls import cube, mixture, normal, one_bimodal, student


def measured(points: np.ndarray) -> Marginals:
    return marginals(points, moments(points))


def quantiles_of(law, n: int) -> np.ndarray:
    """A perfect sample (n, 1)."""
    return law.ppf((np.arange(n) + 0.5) / n)[:, None]


def one_component_of(make, n: int, rng: np.random.Generator, count: int) -> np.ndarray:
    """Independent samples (n, count) of the first component."""
    return np.concatenate([make(n, 2, rng)[:, :1] for _ in range(count)], axis=1)


@pytest.mark.parametrize("make", [normal, student, cube, mixture])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_each_component_is_what_scipy_says(make, dtype: str) -> None:
    points = make(700, 7, np.random.default_rng(3)).astype(dtype)
    with chunks_of(2000):
        found = measured(points)
    for j, column in enumerate(points.T.astype(np.float64)):
        mean, sd = column.mean(), column.std(ddof=1)
        expected = [
            mean,
            sd,
            stats.kstest(column, "norm", args=(mean, sd)).statistic,
            stats.skew(column),
            stats.kurtosis(column),
        ]
        each = [found.mean[j], found.sd[j], found.ks[j], found.skewness[j], found.excess_kurtosis[j]]
        np.testing.assert_allclose(each, expected, rtol=1e-8, atol=1e-10)


def test_ks_distances_alone_are_those_of_all_measures() -> None:
    points = student(500, 30, np.random.default_rng(0)).astype(np.float32)
    np.testing.assert_array_equal(ks_distances(points, moments(points)), measured(points).ks)


def test_repeated_integers_are_what_scipy_says() -> None:
    points = np.random.default_rng(0).integers(0, 4, (200, 3))
    column = points[:, 1].astype(float)
    expected = stats.kstest(column, "norm", args=(column.mean(), column.std(ddof=1))).statistic
    assert measured(points).ks[1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("field", "expected", "rounding"), [("ks", 0.64, 0.005), ("wasserstein", 0.83, 0.005)], ids=["ks", "wasserstein"]
)
@pytest.mark.parametrize(("n", "samples"), [(1000, 400), (4000, 200)])
def test_a_normal_sample_stays_at_the_value_that_the_docstring_gives(
    field: str, expected: float, rounding: float, n: int, samples: int
) -> None:
    found = getattr(measured(np.random.default_rng(0).standard_normal((n, samples))), field) * np.sqrt(n)
    # Five standard errors of the mean, and the rounding of the number itself.
    assert found.mean() == pytest.approx(expected, abs=5 * found.std() / np.sqrt(samples) + rounding)


@pytest.mark.parametrize(
    ("make", "law"),
    [(cube, stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))), (student, stats.t(8, scale=np.sqrt(6 / 8)))],
)
def test_large_samples_reach_the_distance_between_the_two_laws(make, law) -> None:
    x = np.linspace(-6, 6, 20001)
    expected = np.abs(law.cdf(x) - stats.norm.cdf(x)).max()
    ks = measured(make(40_000, 20, np.random.default_rng(0))).ks
    # The sampling error of a KS distance is of the size of 1 / sqrt(n) for each component.
    assert ks.mean() == pytest.approx(expected, abs=1 / np.sqrt(40_000))


def test_one_bad_component_among_many_is_found() -> None:
    ks = measured(one_bimodal(2000, 40, np.random.default_rng(0))).ks
    assert ks.argmax() == 0
    assert ks[0] > 5 * ks[1:].max()


# Wasserstein distance


NORMAL_QUANTILES = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)


@pytest.mark.parametrize("make", [normal, student, cube, mixture, one_bimodal])
def test_wasserstein_distance_is_that_of_scipy_to_a_perfect_normal_sample(make) -> None:
    points = make(400, 3, np.random.default_rng(0))
    z = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    expected = [stats.wasserstein_distance(column, NORMAL_QUANTILES) for column in z.T]
    # The perfect sample itself is nearer to the normal than half its mean step, 10 sd / 200,000.
    np.testing.assert_allclose(measured(points).wasserstein, expected, atol=2.5e-5)


@pytest.mark.parametrize(
    ("law", "unit"),
    [
        (stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)), "of sd 1"),
        (stats.t(8, scale=np.sqrt(6 / 8)), "of sd 1"),
        (stats.expon(-1), "of sd 1"),
    ],
)
def test_wasserstein_distance_of_a_law_is_the_integral_between_the_two_distributions(law, unit: str) -> None:
    expected = quad(lambda x: abs(law.cdf(x) - stats.norm.cdf(x)), -40, 40, points=[-1.8, -1, 0, 1.8], limit=1000)[0]
    # 20,000 quantiles stand in for the law, an error of about the longest step times its probability, 1e-4.
    assert measured(quantiles_of(law, 20_000)).wasserstein[0] == pytest.approx(expected, abs=3e-4)


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_wasserstein_distance_of_two_points(n: int) -> None:
    points = np.repeat([[-3.0], [5.0]], n // 2, axis=0)
    z = np.sqrt((n - 1) / n)
    expected = 2 * quad(lambda x: abs(x - z) * stats.norm.pdf(x), 0, 40, points=[z], limit=200)[0]
    assert measured(points).wasserstein[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("outlier", [1e3, 1e9])
def test_wasserstein_distance_survives_a_far_outlier(outlier: float) -> None:
    points = np.random.default_rng(0).standard_normal((300, 1))
    points[7] = outlier
    z = (points[:, 0] - points.mean()) / points.std(ddof=1)
    expected = stats.wasserstein_distance(z, NORMAL_QUANTILES)
    assert measured(points).wasserstein[0] == pytest.approx(expected, abs=2.5e-5)


# Histogram: mode, half-width, fitted Gaussian


def test_a_normal_has_its_mean_as_mode_and_its_sd_by_every_way_of_measuring_it() -> None:
    found = measured(3 + 2 * quantiles_of(stats.norm, 100_000))
    assert found.mode[0] == pytest.approx(3, abs=1e-6)
    assert found.fit_mean[0] == pytest.approx(3, abs=1e-6)
    # Straight lines between bins miss the half-maximum by up to 0.1^2 / 8 times curvature over slope, 0.33, in sd.
    assert found.half_width[0] == pytest.approx(1.1774 * found.sd[0], rel=1e-3)
    assert found.fit_sd[0] == pytest.approx(found.sd[0], rel=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_normal_samples_are_normal_by_their_histograms(dtype: str) -> None:
    samples = 200
    points = np.random.default_rng(1).standard_normal((5000, samples)).astype(dtype)
    found = measured(points)
    for ratio, bias in ((found.half_width / found.sd / NORMAL_HALF_WIDTH, 0.004), (found.fit_sd / found.sd, 0.001)):
        # Five standard errors, and the bias of the maximum of a noisy curve, which shrinks with 1 / n.
        assert ratio.mean() == pytest.approx(1, abs=5 * ratio.std() / np.sqrt(samples) + bias)


@pytest.mark.parametrize(
    ("law", "half_width"),
    [
        (stats.logistic(), np.log(3 + 2 * np.sqrt(2))),
        (stats.t(8), np.sqrt(8 * (2 ** (2 / 9) - 1))),
        (stats.uniform(-1, 2), 1.0),
    ],
)
def test_half_width_of_other_laws_is_near_the_closed_form(law, half_width: float) -> None:
    # Taking the smoothing off in squares is exact for a normal alone; elsewhere it errs by a fraction of its share,
    # 1 - sqrt(1 - 0.25^2) = 3 % of a half-width of one sd.
    assert measured(quantiles_of(law, 100_000)).half_width[0] == pytest.approx(half_width, rel=0.03)


@pytest.mark.parametrize("center", [-2.0, 0.0, 2.0])
def test_two_peaks_apart_give_the_higher_one(center: float) -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([center + 0.3 * rng.standard_normal(7000), -10 + rng.standard_normal(3000)])[:, None]
    found = measured(points)
    assert abs(found.mode[0] - center) <= BIN * found.sd[0]
    assert found.fit_mean[0] == pytest.approx(center, abs=0.02)
    # The peak is only 0.08 sd of the whole wide, less than a bin and than the smoothing: not to be told exactly.
    assert found.fit_sd[0] == pytest.approx(0.3, abs=0.06)
    assert found.half_width[0] < NORMAL_HALF_WIDTH * BANDWIDTH * found.sd[0]


@pytest.mark.parametrize("make", [normal, student, cube, mixture, one_bimodal])
def test_the_fit_is_that_of_curve_fit(make) -> None:
    points = make(3000, 4, np.random.default_rng(0))
    found = measured(points)
    z = (points - found.mean) / found.sd
    edges = (np.arange(122) - 60.5) * BIN
    centers = (edges[1:] + edges[:-1]) / 2

    def gaussian(x: np.ndarray, height: float, mean: float, sd: float) -> np.ndarray:
        return height * np.exp(-((x - mean) ** 2) / (2 * sd**2))

    for j, column in enumerate(z.T):
        heights = np.histogram(column, edges)[0] / (len(column) * BIN)
        start = (heights.max(), (found.mode[j] - found.mean[j]) / found.sd[j], found.half_width[j] / found.sd[j])
        (_, mean, sd), _ = curve_fit(gaussian, centers, heights, p0=start)
        assert found.fit_mean[j] == pytest.approx(found.mean[j] + mean * found.sd[j], abs=1e-3)
        assert found.fit_sd[j] == pytest.approx(np.sqrt(sd**2 - BIN**2 / 12) * found.sd[j], abs=1e-3)


def awkward(name: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return {
        "two values": rng.permutation(np.arange(n) % 2.0),
        "one outlier": np.where(np.arange(n) == 1, 1e6, 0.0),
        "one outlier of a normal": np.where(np.arange(n) == 1, 1e6, rng.standard_normal(n)),
        "lognormal": rng.lognormal(0, 2, n),
        "cauchy": rng.standard_cauchy(n),
        "bimodal": rng.choice([-1.0, 1.0], n) + 0.2 * rng.standard_normal(n),
        "exponential": rng.exponential(size=n),
    }[name][:, None]


@pytest.mark.parametrize("n", [3, 30, 3000])
@pytest.mark.parametrize(
    "name",
    ["two values", "one outlier", "one outlier of a normal", "lognormal", "cauchy", "bimodal", "exponential"],
)
def test_no_shape_makes_a_measure_fail(name: str, n: int) -> None:
    points = awkward(name, n)
    found = measured(points)
    for field in found.__dataclass_fields__:
        assert np.isfinite(getattr(found, field)).all(), field
    for place in (found.mode, found.fit_mean):
        # A bin may reach half its width beyond the outermost point.
        assert points.min() - BIN * found.sd <= place <= points.max() + BIN * found.sd
    assert 0 <= found.half_width[0] <= np.ptp(points)
    assert 0 <= found.fit_sd[0] <= np.ptp(points)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "int32", "uint16", "int64"])
def test_every_number_type_is_measured_as_its_float64(dtype: str) -> None:
    points = (100 + 9 * np.random.default_rng(0).standard_normal((300, 5))).astype(dtype)
    found, expected = measured(points), measured(points.astype(np.float64))
    for field in found.__dataclass_fields__:
        np.testing.assert_allclose(getattr(found, field), getattr(expected, field), rtol=1e-12, err_msg=field)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e3, 1e3),
    order=st.permutations(range(4)),
)
def test_shift_scale_and_order_change_nothing(seed: int, scale: float, shift: float, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    points = student(300, 4, rng)
    before, after = measured(points), measured(rng.permutation(points * scale + shift)[:, order])
    for field in ("ks", "wasserstein", "excess_kurtosis", "skewness"):
        np.testing.assert_allclose(getattr(after, field), getattr(before, field)[order], atol=1e-6, err_msg=field)
    for field in ("half_width", "fit_sd"):
        np.testing.assert_allclose(getattr(after, field), scale * getattr(before, field)[order], rtol=1e-4)
    for field in ("mode", "fit_mean"):
        np.testing.assert_allclose(
            getattr(after, field), scale * getattr(before, field)[order] + shift, atol=1e-4 * scale
        )


def test_a_mirrored_component_has_mirrored_values() -> None:
    points = np.random.default_rng(0).gamma(2, size=(500, 2))
    found, mirrored = measured(points), measured(-points)
    np.testing.assert_allclose(mirrored.skewness, -found.skewness)
    np.testing.assert_allclose(mirrored.mode, -found.mode)
    np.testing.assert_allclose(mirrored.fit_mean, -found.fit_mean, atol=1e-6)
    for field in ("ks", "wasserstein", "half_width", "fit_sd"):
        np.testing.assert_allclose(getattr(mirrored, field), getattr(found, field), rtol=1e-6, err_msg=field)


def test_a_constant_component_is_an_error_that_names_it() -> None:
    points = np.random.default_rng(0).standard_normal((100, 3))
    points[:, 2] = 7.7
    with pytest.raises(DegenerateError, match="constant components: 2"):
        measured(points)
    with pytest.raises(DegenerateError, match="constant components: 2"):
        ks_distances(points, moments(points))


def test_dominant_components_are_far_off_or_wide() -> None:
    found = Moments(10, np.array([0.0, -5.0, 0.1, 2.0]), np.diag([1.0, 1.0, 16.0, 0.01]))
    assert dominant_components(found, 3).tolist() == [1, 2, 3]
    assert dominant_components(found).tolist() == [1, 2, 3, 0]


# Tests of normality


def test_published_values_of_iris_setosa() -> None:
    # R's MVN (Korkmaz, Goksuluk and Zararsiz 2014 and its tutorial): first 50 rows of iris, Anderson-Darling and
    # Shapiro-Wilk with their p-values.
    setosa = load_iris().data[:50]
    a2, a2_p = anderson_darling(setosa[:, :2])
    np.testing.assert_allclose(a2, [0.408, 0.491], atol=5e-4)
    np.testing.assert_allclose(a2_p, [0.335, 0.210], atol=5e-4)
    w, w_p = shapiro_wilk(setosa)
    np.testing.assert_allclose(w, [0.9777, 0.9717, 0.9550, 0.7998], atol=5e-5)
    np.testing.assert_allclose(w_p, [0.4595, 0.2715, 0.0548, 0.0000], atol=5e-5)


def test_shapiro_and_wilks_own_example() -> None:
    # Weights of 11 men (Shapiro and Wilk 1965): W = 0.79; R's shapiro.test gives 0.78881, p = 0.006704.
    weights = np.array([[148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]]).T
    w, p = shapiro_wilk(weights)
    assert w[0] == pytest.approx(0.78881, abs=1e-5)
    assert p[0] == pytest.approx(0.006704, abs=1e-6)


@pytest.mark.parametrize("make", [normal, student, cube, mixture])
def test_statistics_are_those_of_scipy_column_by_column(make) -> None:
    columns = make(200, 6, np.random.default_rng(0))
    with chunks_of(3000):
        a2, w = anderson_darling(columns)[0], shapiro_wilk(columns)[0]
    for j, column in enumerate(columns.T):
        expected = stats.anderson(column, "norm", method="interpolate").statistic
        assert a2[j] == pytest.approx(expected, rel=1e-9)
        assert w[j] == pytest.approx(stats.shapiro(column).statistic, rel=1e-9)


@pytest.mark.parametrize(
    ("critical", "level"), [(0.561, 0.15), (0.631, 0.10), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01)]
)
def test_anderson_darling_p_values_are_the_published_critical_values(critical: float, level: float) -> None:
    # D'Agostino and Stephens (1986), mean and sd unknown, modified statistic. Mixing two samples sweeps through it.
    n, rng = 500, np.random.default_rng(0)
    shares = np.linspace(0, 1, 2000)
    columns = np.outer(rng.standard_normal(n), 1 - shares) + np.outer(rng.exponential(size=n), shares)
    a2, p = anderson_darling(columns)
    modified = a2 * (1 + 0.75 / n + 2.25 / n**2)
    nearest = np.abs(modified - critical).argmin()
    assert modified[nearest] == pytest.approx(critical, abs=0.005)
    # 0.005 of the statistic is 3 % of p, and the formula meets the table to 2 %.
    assert p[nearest] == pytest.approx(level, rel=0.05)


def test_anderson_darling_p_value_falls_with_the_statistic_and_ends_at_its_smallest() -> None:
    n = 4000
    far = np.where(np.arange(n)[:, None] < n * np.array([0.5, 0.1, 0.01]), 1.0, 0.0)
    a2, p = anderson_darling(far + 0.01 * np.random.default_rng(0).standard_normal((n, 3)))
    assert (a2 > 150).all()
    np.testing.assert_allclose(p, 3.7e-24, rtol=0.05)


@pytest.mark.parametrize("test", [anderson_darling, shapiro_wilk])
@pytest.mark.parametrize("n", [20, 200, 2000])
def test_five_percent_of_normal_samples_are_rejected(test, n: int) -> None:
    samples = 3000 if n < 2000 else 1000
    _, p = test(np.random.default_rng(n).standard_normal((n, samples)))
    for level in (0.05, 0.2, 0.5):
        # Four sd of a binomial share, and 0.01 for p-values that are fitted formulas.
        bound = 4 * np.sqrt(level * (1 - level) / samples) + 0.01
        assert np.mean(p < level) == pytest.approx(level, abs=bound)


@pytest.mark.parametrize("test", [anderson_darling, shapiro_wilk])
@pytest.mark.parametrize("make", [student, cube, mixture, one_bimodal])
def test_every_control_is_rejected_at_2000_points(test, make) -> None:
    _, p = test(one_component_of(make, 2000, np.random.default_rng(0), 100))
    # The power measured with 1,000 other samples is 0.998 for Anderson-Darling on the t, 1.000 otherwise; six misses in
    # 100 would then be a chance below 1e-7.
    assert (p < 0.05).mean() >= 0.95


@pytest.mark.parametrize("test", [anderson_darling, shapiro_wilk])
def test_shift_and_scale_do_not_change_a_test(test) -> None:
    columns = np.random.default_rng(0).gamma(5, size=(300, 4))
    for value, same in zip(test(columns), test(columns * [1e-6, 1, 1e3, 1e6] + [0, 1e3, -5, 1e6]), strict=True):
        np.testing.assert_allclose(value, same, rtol=1e-6)


@pytest.mark.parametrize("test", [anderson_darling, shapiro_wilk])
@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (np.zeros((5001, 1)), ValueError, "5001 points; give a subsample of at most 5,000"),
        (np.arange(2.0)[:, None], DegenerateError, "2 points; this test needs at least"),
        (np.column_stack([np.arange(9.0), np.full(9, 0.1)]), DegenerateError, "constant components: 1"),
        (np.array([1.0, np.nan] * 8)[:, None], ValueError, "latents hold nan in row 1, column 0"),
        (np.arange(9.0), ValueError, "give a 2-D array"),
    ],
)
def test_columns_that_cannot_be_tested(test, columns: np.ndarray, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        test(columns)


def test_fewer_points_than_the_formula_was_made_for() -> None:
    with pytest.raises(DegenerateError, match="7 points; this test needs at least 8"):
        anderson_darling(np.arange(7.0)[:, None])
    assert shapiro_wilk(np.arange(3)[:, None])[0][0] == pytest.approx(1)
