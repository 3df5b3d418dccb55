from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics.moments import DegenerateError, Moments, chunks_of, mahalanobis_squared, moments
from metrics.origin import (
    cube_radius_agreement,
    matching_cube,
    off_origin_distance,
    off_origin_norm,
    off_origin_null,
    off_origin_standard_error,
    origin_mahalanobis,
    share_nearer_than_origin,
    slab_counts,
    slab_half_width,
)
from tests.metrics.controls import cube, student

KNOWN = Moments(100, np.array([3.0, 4.0]), np.diag([9.0, 16.0]))


def test_the_closed_forms_of_a_known_cloud() -> None:
    assert off_origin_norm(KNOWN) == 5.0
    assert off_origin_distance(KNOWN) == pytest.approx(1.0)
    assert origin_mahalanobis(KNOWN) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_the_share_of_nearer_points_is_a_chi_square_probability(shift: float) -> None:
    points = np.random.default_rng(0).standard_normal((50_000, 4)) * [1, 2, 3, 4] + [shift, 0, 0, 0]
    own = moments(points)
    share = share_nearer_than_origin(mahalanobis_squared(points, own), own)
    # The origin's own distance is known to about 1 / sqrt(n), the share to half of that.
    assert share == pytest.approx(stats.chi2(4).cdf(shift**2), abs=5 / np.sqrt(50_000))


def test_only_the_norm_has_a_unit() -> None:
    points = np.random.default_rng(0).standard_normal((500, 3)) + np.array([1, 2, 3])
    one, ten = moments(points), moments(10 * points)
    assert off_origin_norm(ten) == pytest.approx(10 * off_origin_norm(one))
    assert off_origin_distance(ten) == pytest.approx(off_origin_distance(one))
    assert origin_mahalanobis(ten) == pytest.approx(origin_mahalanobis(one))


def test_points_that_are_all_the_same_have_no_spread() -> None:
    with pytest.raises(DegenerateError, match="all points are the same"):
        off_origin_distance(moments(np.full((5, 3), 2.5)))


def shifted_student(n: int, rng: np.random.Generator) -> np.ndarray:
    """Heavy tails, unequal spreads and a center about half as far off as the points are wide."""
    return (student(n, 4, rng) + np.array([0.5, 0, 0.3, 0.6])) * [4, 2, 1, 1]


def shifted_gamma(n: int, rng: np.random.Generator) -> np.ndarray:
    """Skewed towards the side where the center lies: mean and spread go up and down together."""
    return rng.gamma(2, size=(n, 3)) * [3, 1, 1]


@pytest.mark.parametrize("make", [shifted_student, shifted_gamma])
def test_the_standard_error_is_the_scatter_over_samples(make) -> None:
    rng, repeats = np.random.default_rng(0), 500
    distances, errors = np.empty((2, repeats))
    for k in range(repeats):
        points = make(400, rng)
        own = moments(points)
        distances[k], errors[k] = off_origin_distance(own), off_origin_standard_error(points, own)
    # The sd of 500 numbers is known to 1 / sqrt(1000) of itself; 5 of these, and 3 % for the first order's error.
    assert errors.mean() == pytest.approx(distances.std(ddof=1), rel=5 / np.sqrt(2 * repeats) + 0.03)


def test_the_standard_error_of_an_interval_covers_the_truth() -> None:
    rng, covered, repeats = np.random.default_rng(1), 0, 400
    truth = np.linalg.norm([2, 0, 0.3]) / np.sqrt(14)
    for _ in range(repeats):
        points = rng.standard_normal((300, 3)) * [1, 2, 3] + [2, 0, 0.3]
        own = moments(points)
        covered += abs(off_origin_distance(own) - truth) < 1.96 * off_origin_standard_error(points, own)
    assert stats.binomtest(covered, repeats, 0.95).pvalue > 1e-3


def test_the_standard_error_is_computed_in_chunks() -> None:
    points = shifted_student(300, np.random.default_rng(0)).astype(np.float32)
    own = moments(points)
    whole = off_origin_standard_error(points, own)
    with chunks_of(50):
        assert off_origin_standard_error(points, own) == pytest.approx(whole, rel=1e-12)
    # The same first order by leaving out one point at a time.
    left_out = [off_origin_distance(moments(np.delete(points, k, axis=0))) for k in range(300)]
    assert whole == pytest.approx(np.sqrt(299) * np.std(left_out) * np.sqrt(299 / 300), rel=0.03)


@pytest.mark.parametrize(
    ("n", "mean", "spread"),
    [(50, [1, 2, 0, 0], [1, 2, 3, 4]), (200, [0.1] * 12, [1] * 12), (500, [0] * 12, [2] * 12), (30, [3, 0], [1, 1])],
)
def test_the_null_is_the_mean_and_sd_over_normal_samples(n: int, mean: list[float], spread: list[float]) -> None:
    rng, repeats = np.random.default_rng(0), 4000
    samples = rng.standard_normal((repeats, n, len(mean))) * spread + mean
    squared = samples.var(axis=1, ddof=1).sum(axis=1)
    distances = np.linalg.norm(samples.mean(axis=1), axis=1) / np.sqrt(squared)
    expected = off_origin_null(Moments(n, np.array(mean, float), np.diag(np.square(spread).astype(float))))
    # Five standard errors, and the 1 % that the docstring allows the formula.
    assert expected[0] == pytest.approx(distances.mean(), rel=0.01, abs=5 * distances.std() / np.sqrt(repeats))
    assert expected[1] == pytest.approx(distances.std(), rel=0.01 + 5 / np.sqrt(2 * repeats))


def test_the_null_knows_correlations() -> None:
    covariance = np.array([[4.0, 1.9], [1.9, 1.0]])
    known = Moments(100, np.array([1.0, 2.0]), covariance)
    axes = Moments(100, *(lambda v, w: (w.T @ known.mean, np.diag(v)))(*np.linalg.eigh(covariance)))
    assert off_origin_null(known) == pytest.approx(off_origin_null(axes))


def test_without_spread_or_distance_there_is_no_error_of_it() -> None:
    same = moments(np.full((5, 3), 2.5))
    for measure in (lambda: off_origin_null(same), lambda: off_origin_standard_error(np.full((5, 3), 2.5), same)):
        with pytest.raises(DegenerateError, match="all points are the same"):
            measure()
    centered = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    with pytest.raises(DegenerateError, match="exactly the origin"):
        off_origin_standard_error(centered, moments(centered))


def brute_force(points: np.ndarray, pairs: list[tuple[int, int]], half_width: float) -> list[int]:
    inside = np.abs(points.astype(np.float64)) <= half_width
    return [int(np.delete(inside, pair, axis=1).all(axis=1).sum()) for pair in pairs]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 200),
    d=st.integers(2, 8),
    half_width=st.floats(0.1, 3),
    dtype=st.sampled_from(["float16", "float32", "int8"]),
)
def test_slab_counts_are_those_of_the_definition(seed: int, n: int, d: int, half_width: float, dtype: str) -> None:
    points = (1.5 * np.random.default_rng(seed).standard_normal((n, d))).astype(dtype)
    pairs = [(i, j) for i in range(d) for j in range(d) if i != j]
    assert slab_counts(points, pairs, half_width).tolist() == brute_force(points, pairs, half_width)


def test_the_most_negative_integer_is_far_from_the_origin() -> None:
    points = np.array([[0, 0, -128], [0, 0, 1], [0, 2, 2]], np.int8)
    with chunks_of(6):
        assert slab_counts(points, [(0, 1), (0, 2), (1, 2)], 1.5).tolist() == [1, 2, 3]


def test_slab_counts_of_normal_points_are_binomial() -> None:
    points = np.random.default_rng(0).standard_normal((20_000, 12))
    inside = (stats.norm.cdf(1.5) - stats.norm.cdf(-1.5)) ** 10
    expected = 20_000 * inside
    assert slab_counts(points, [(0, 1), (5, 11)], 1.5) == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(0, 0)], r"pair \(0, 0\) is not two different components of 0 to 3"),
        ([(0, 1), (1, 4)], r"pair \(1, 4\)"),
        ([(-1, 2)], r"pair \(-1, 2\)"),
        ([0, 1], r"shape \(2,\)"),
        ([(0.0, 1.0)], "type float64"),
    ],
)
def test_what_is_no_pair_is_an_error(pairs, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slab_counts(np.zeros((5, 4)), pairs, 1.0)


def test_the_articles_own_cloud_has_the_articles_half_width() -> None:
    points = np.random.default_rng(0).standard_normal((200, 256))
    points *= 13.9 / np.linalg.norm(points, axis=1, keepdims=True)
    assert slab_half_width(points) == pytest.approx(1.5)
    # Twice as long, or the same components in a fourth of the dimensions.
    assert slab_half_width(2 * points) == pytest.approx(3)
    assert slab_half_width(np.full((3, 64), 13.9 / 16)) == pytest.approx(1.5)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_cube_that_matches_a_cube_is_itself(dtype: str) -> None:
    points = (1.5 * cube(20_000, 16, np.random.default_rng(0))).astype(dtype)
    # The mean square of n d numbers in [-b, b], of relative sd 2 / sqrt(5), to half of that in b; and float16's digits.
    assert matching_cube(points) == pytest.approx(1.5, rel=5 / np.sqrt(5 * points.size) + 1e-3 * (dtype == "float16"))


@pytest.mark.parametrize(("d", "error"), [(2, 0.044), (5, 0.009), (16, 0.003), (64, 0.002)])
def test_radii_of_a_cube_agree_with_those_of_a_cube(d: int, error: float) -> None:
    found = cube_radius_agreement(cube(40_000, d, np.random.default_rng(0)))
    # The law's error as the docstring gives it, and 1.63 / sqrt(n), the 99 % quantile of Kolmogorov's distribution.
    assert found == pytest.approx(1, abs=error + 1.63 / np.sqrt(40_000))
    if d == 2:
        assert found < 0.97


def test_radii_of_a_normal_cloud_are_wider_than_a_cube_s() -> None:
    points = np.random.default_rng(0).standard_normal((40_000, 256))
    assert cube_radius_agreement(points) == pytest.approx(0.888, abs=1.63 / np.sqrt(40_000))
    assert cube_radius_agreement(3 * points) == pytest.approx(cube_radius_agreement(points), abs=1e-12)
    assert cube_radius_agreement(student(5000, 256, np.random.default_rng(0))) < 0.7


def test_points_at_the_origin_have_no_radii_to_match() -> None:
    assert matching_cube(np.zeros((5, 3))) == 0
    with pytest.raises(DegenerateError, match="all points are the origin"):
        cube_radius_agreement(np.zeros((5, 3)))
