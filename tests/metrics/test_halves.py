from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.halves import SPLITS, Estimate, half_differences, splits


@pytest.mark.parametrize(("m", "n"), [(10, 20), (11, 21)])
def test_halves_are_equal_disjoint_and_the_same_in_every_call(m: int, n: int) -> None:
    dealt = list(splits(m, n))
    assert len(dealt) == SPLITS
    for ours, real in dealt:
        assert ours.sum(axis=1).tolist() == [m // 2] * 2
        assert real.sum(axis=1).tolist() == [n // 2] * 2
        assert not (ours[0] & ours[1]).any()
    again = list(splits(m, n))
    assert all((one[0] == two[0]).all() and (one[1] == two[1]).all() for one, two in zip(dealt, again, strict=True))
    assert any((dealt[0][0] != other[0]).any() for other in dealt[1:])


def test_the_error_of_a_difference_of_means_is_the_textbook_one() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 400), rng.normal(0, 2, 300)
    found = half_differences(lambda a, b: x[a].mean() - y[b].mean(), 400, 300)
    expected = np.sqrt(x.var(ddof=1) / 400 + y.var(ddof=1) / 300)
    # 50 splits know it to a tenth.
    assert Estimate(x.mean() - y.mean(), found).error == pytest.approx(expected, rel=0.35)


def test_intervals_are_students() -> None:
    differences = np.full(50, 0.1)
    half = stats.t.ppf(0.95, 50) * 0.1
    assert Estimate(2.0, differences).interval(0.9) == pytest.approx((2 - half, 2 + half))


def test_a_share_of_independent_trials_has_wilsons_interval() -> None:
    p, n = 0.3, 200
    found = Estimate(p, np.full(10**6, np.sqrt(p * (1 - p) / n)), trials=1000).interval()
    assert found == pytest.approx(tuple(stats.binomtest(60, n).proportion_ci(0.95, "wilson")), abs=1e-5)


@pytest.mark.parametrize(("p", "edge"), [(0.0, 0), (1.0, 1)])
def test_a_share_at_its_bounds_has_an_interval_of_some_width(p: float, edge: int) -> None:
    found = Estimate(p, np.zeros(50), trials=100).interval()
    assert found[edge] == p
    assert 0.02 < found[1] - found[0] < 0.06


def test_differences_of_paired_statistics_know_what_both_share() -> None:
    rng = np.random.default_rng(0)
    shared, own = rng.normal(0, 1, 50), rng.normal(0, 0.1, (2, 50))
    first, second = Estimate(3.0, shared + own[0]), Estimate(1.0, shared + own[1])
    found = first.minus(second)
    assert found.value == 2
    assert found.error < 0.3 < first.error
