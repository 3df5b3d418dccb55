from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics import moments as moments_module
from metrics.marginals import Marginals, marginals
from metrics.moments import DegenerateError, moments
from tests.metrics.controls import cube, mixture, normal, one_bimodal, student


def measured(points: np.ndarray) -> Marginals:
    return marginals(points, moments(points))


@pytest.mark.parametrize("make", [normal, student, cube, mixture])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_each_component_is_what_scipy_says(make, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments_module, "CHUNK_VALUES", 2000)
    points = make(700, 7, np.random.default_rng(3)).astype(dtype)
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


def test_repeated_integers_are_what_scipy_says() -> None:
    points = np.random.default_rng(0).integers(0, 4, (200, 3))
    column = points[:, 1].astype(float)
    expected = stats.kstest(column, "norm", args=(column.mean(), column.std(ddof=1))).statistic
    assert measured(points).ks[1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "samples"), [(100, 600), (2000, 200)])
def test_a_normal_sample_stays_at_the_value_that_the_docstring_gives(n: int, samples: int) -> None:
    ks = measured(np.random.default_rng(0).standard_normal((n, samples))).ks
    # Five standard errors of the mean; 0.64 itself is rounded to 0.005.
    tolerance = 5 * ks.std() / np.sqrt(samples) + 0.005 / np.sqrt(n)
    assert ks.mean() == pytest.approx(0.64 / np.sqrt(n), abs=tolerance)


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


@settings(max_examples=25, deadline=None)
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
    np.testing.assert_allclose(after.ks, before.ks[order], atol=1e-8)
    np.testing.assert_allclose(after.excess_kurtosis, before.excess_kurtosis[order], atol=1e-6)
    np.testing.assert_allclose(after.skewness, before.skewness[order], atol=1e-6)


def test_a_mirrored_component_has_the_opposite_skewness() -> None:
    points = np.random.default_rng(0).gamma(2, size=(500, 2))
    np.testing.assert_allclose(measured(-points).skewness, -measured(points).skewness)


def test_a_constant_component_is_an_error_that_names_it() -> None:
    points = np.random.default_rng(0).standard_normal((100, 3))
    points[:, 2] = 7.7
    with pytest.raises(DegenerateError, match="constant components: 2"):
        measured(points)
