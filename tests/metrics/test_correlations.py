from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.correlations import THRESHOLDS, counts_above, largest, pairs_above
from metrics.moments import DegenerateError, Moments, moments
from tests.metrics.controls import normal, student

# The articles' strongest pairs among four of their components (post III).
ARTICLE = np.array(
    [
        [1.0, -0.809, -0.766, 0.823],
        [-0.809, 1.0, 0.752, -0.846],
        [-0.766, 0.752, 1.0, -0.696],
        [0.823, -0.846, -0.696, 1.0],
    ]
)
KNOWN = Moments(5000, np.array([1.5, -1.0, -0.5, -0.25]), ARTICLE * np.outer([4, 2, 2, 3], [4, 2, 2, 3]))


def test_the_pairs_of_a_known_matrix_come_strongest_first() -> None:
    found = pairs_above(KNOWN, 0.75)
    assert [(i, j) for i, j, _ in found] == [(1, 3), (0, 3), (0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose([r for *_, r in found], [-0.846, 0.823, -0.809, -0.766, 0.752])
    assert largest(KNOWN) == pytest.approx(0.846)
    assert counts_above(KNOWN, (0.6, 0.7, 0.8, 0.9)).tolist() == [6, 5, 3, 0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "int16"])
def test_counts_and_pairs_are_those_of_numpy(dtype: str) -> None:
    points = (100 * normal(300, 12, np.random.default_rng(0))).astype(dtype)
    r = np.corrcoef(points.astype(np.float64).T)[np.triu_indices(12, 1)]
    own = moments(points)
    assert counts_above(own).tolist() == [np.count_nonzero(np.abs(r) > t) for t in THRESHOLDS]
    assert len(pairs_above(own, 0.2)) == counts_above(own, [0.2])[0]
    assert largest(own) == pytest.approx(np.abs(r).max())


def test_above_means_above() -> None:
    half = Moments(10, np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]]))
    assert counts_above(half, [0.5, 0.499]).tolist() == [0, 1]
    assert pairs_above(half, 0.5) == []
    assert pairs_above(half, 0.499) == [(0, 1, 0.5)]


def test_independent_components_have_the_counts_of_chance() -> None:
    n, d = 400, 120
    pairs = d * (d - 1) // 2
    found = counts_above(moments(np.random.default_rng(0).standard_normal((n, d))), [0.05, 0.1])
    for count, threshold in zip(found, [0.05, 0.1], strict=True):
        # (r + 1) / 2 of independent normals is Beta, and the r of different pairs are independent two by two.
        chance = 2 * stats.beta(n / 2 - 1, n / 2 - 1).sf((1 + threshold) / 2)
        assert count == pytest.approx(pairs * chance, abs=4 * np.sqrt(pairs * chance * (1 - chance)))


def test_counts_say_nothing_of_normality() -> None:
    own = moments(student(20_000, 6, np.random.default_rng(0)))
    assert counts_above(own, [0.1]).tolist() == [0]


def test_scale_shift_and_order_change_nothing() -> None:
    points = normal(300, 8, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    mapped = moments((points * rng.uniform(0.1, 10, 8) + rng.uniform(-9, 9, 8))[:, rng.permutation(8)])
    assert counts_above(mapped).tolist() == counts_above(moments(points)).tolist()
    assert largest(mapped) == pytest.approx(largest(moments(points)))


def test_a_duplicated_component_has_correlation_1_and_no_more() -> None:
    points = np.random.default_rng(0).standard_normal((100, 3)) / 3
    own = moments(np.column_stack([points, points[:, 1], -points[:, 2]]))
    assert largest(own) == pytest.approx(1)
    assert largest(own) <= 1
    assert [(i, j) for i, j, _ in pairs_above(own, 0.99)] in ([(1, 3), (2, 4)], [(2, 4), (1, 3)])


def test_fewer_points_than_components_are_counted_as_well() -> None:
    # Of three points in four components every |r| exists, and many are large by chance.
    assert counts_above(moments(np.random.default_rng(0).standard_normal((3, 4))), [0.0]).tolist() == [6]


def test_a_single_component_has_no_pairs() -> None:
    own = moments(np.arange(5.0)[:, None])
    assert counts_above(own).tolist() == [0] * 6
    assert pairs_above(own) == []
    with pytest.raises(DegenerateError, match="1 component has no pair"):
        largest(own)


@pytest.mark.parametrize("measure", [counts_above, pairs_above, largest])
def test_constant_components_are_named(measure) -> None:
    points = np.random.default_rng(0).standard_normal((50, 4))
    points[:, 2] = 1.5
    with pytest.raises(DegenerateError, match="constant components: 2"):
        measure(moments(points))
