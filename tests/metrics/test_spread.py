from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.spread import TAIL, share_sides, sides, skewness


@pytest.mark.parametrize("shape", [4.0, 16.0, 100.0])
def test_three_sds_of_either_side_are_exceeded_as_rarely_as_by_a_normal_variable(shape: float) -> None:
    law = stats.gamma(shape)
    (low,), (high,) = sides(np.array([law.std()]), np.array([float(law.stats("s"))]), 1e6)
    assert law.cdf(law.mean() - 3 * low) == pytest.approx(TAIL, abs=0.6 * TAIL)
    assert law.sf(law.mean() + 3 * high) == pytest.approx(TAIL, abs=0.1 * TAIL)
    (mirrored_low,), (mirrored_high,) = sides(np.array([law.std()]), -np.array([float(law.stats("s"))]), 1e6)
    assert (mirrored_low, mirrored_high) == pytest.approx((high, low))


def test_without_skewness_both_sides_are_the_sd_and_few_samples_widen_them() -> None:
    (low,), (high,) = sides(np.array([2.0]), np.zeros(1), 1e9)
    assert (low, high) == pytest.approx((2, 2))
    (low,), (high,) = sides(np.array([2.0]), np.zeros(1), 20)
    assert (low, high) == pytest.approx((2 * stats.t(19).ppf(1 - TAIL) * np.sqrt(1.05) / 3,) * 2)


def test_skewness_is_that_of_scipy_and_0_of_constants() -> None:
    table = np.random.default_rng(0).exponential(size=(50, 3))
    table[:, 1] = 7
    expected = stats.skew(table, axis=0)
    assert skewness(table)[[0, 2]] == pytest.approx(expected[[0, 2]])
    assert skewness(table)[1] == 0


@pytest.mark.parametrize("tests", [5, 20, 200])
def test_a_share_of_independent_tests_is_binomial(tests: int) -> None:
    share = 0.05
    low, high = share_sides(share, np.sqrt(share * (1 - share) / tests))
    law = stats.binom(tests, share)
    # Beyond 3 sides up lie at most 1 in 741, and not all that could.
    first = next(k for k in range(tests + 1) if (k / tests - share) / high > 3)
    assert law.sf(first - 1) <= TAIL * 1.3
    assert low > 0


def test_a_single_test_that_rejects_is_no_rare_event() -> None:
    low, high = share_sides(0.05, np.sqrt(0.05 * 0.95))
    assert 0.95 / high == pytest.approx(stats.norm.isf(0.05), abs=0.01)
    assert 0.05 / low < 3


def test_a_share_that_never_varies_counts_in_its_own_size() -> None:
    assert share_sides(0.05, 0.0) == (0.05, 0.05)
