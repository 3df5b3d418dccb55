from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import cumulative_trapezoid
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq
from scipy.special import ndtr

from metrics.contours import (
    BANDWIDTH,
    BIN,
    CELLS,
    HALF_WIDTH,
    WIDENING,
    check_levels,
    contour_agreement,
    correlated_pairs,
    density_thresholds,
    level_agreement,
    pair_root,
    random_pairs,
    smoothed_density,
    whitened_pair,
)
from metrics.moments import DegenerateError, Moments, moments
from tests.metrics.controls import cube, mixture, normal, student

LEVELS = (1.0, 1.5, 2.0, 2.5, 3.0)
GRID = np.stack(np.meshgrid(*2 * [(np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH], indexing="ij"))
IID = Moments(10, np.zeros(3), np.eye(3))


def normal_density(sd_x: float, sd_y: float) -> np.ndarray:
    """Exact probability per cell of a centred normal with independent components."""
    edges = np.linspace(-HALF_WIDTH, HALF_WIDTH, CELLS + 1)
    return np.outer(np.diff(ndtr(edges / sd_x)), np.diff(ndtr(edges / sd_y)))


def measured(points: np.ndarray) -> np.ndarray:
    pairs = np.column_stack(np.triu_indices(points.shape[1], 1))
    return contour_agreement(points, moments(points), pairs, LEVELS)


def smoothed(sd: float) -> float:
    """sd after binning and smoothing."""
    return float(np.sqrt(sd**2 + BANDWIDTH**2 + BIN**2 / 12))


@pytest.mark.parametrize("levels", [LEVELS, (0.5,), (0.7, 1.2, 4.0)])
def test_the_exact_normal_loses_less_than_half_a_percent_to_the_grid(levels: tuple[float, ...]) -> None:
    loss = 1 - level_agreement(normal_density(WIDENING, WIDENING), levels)
    # Half a sigma covers four times fewer cells than one, and may lose more.
    assert (loss < [0.02 if level < 1 else 0.005 for level in levels]).all()


@pytest.mark.parametrize("share", [0.3, 0.7])
@pytest.mark.parametrize("wide", [1.5, 3.0])
def test_a_round_scale_mixture_has_the_agreement_of_two_discs(share: float, wide: float) -> None:
    narrow = np.sqrt((1 - share * (wide / 2) ** 2) / (1 - share)) if share * (wide / 2) ** 2 < 1 else 0.3
    unit = np.sqrt((1 - share) * narrow**2 + share * wide**2)
    sds = [smoothed(narrow / unit), smoothed(wide / unit)]
    density = (1 - share) * normal_density(sds[0], sds[0]) + share * normal_density(sds[1], sds[1])

    def outside(radius: float) -> float:
        tails = np.exp(-(radius**2) / (2 * np.square(sds)))
        return float((1 - share) * tails[0] + share * tails[1])

    radii = np.array([brentq(lambda r, k=k: outside(r) - np.exp(-k * k / 2), 0.01, 20) for k in LEVELS])
    discs = np.multiply(LEVELS, WIDENING)
    expected = (np.minimum(radii, discs) / np.maximum(radii, discs)) ** 2
    # Lattice points on both rims, of regions no smaller than about 0.6 sd.
    np.testing.assert_allclose(level_agreement(density, LEVELS), expected, atol=0.01)


@pytest.mark.parametrize("stretch", [1.1, 1.5])
def test_an_ellipse_against_the_disc_of_its_area(stretch: float) -> None:
    density = normal_density(WIDENING * stretch, WIDENING / stretch)
    angle = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    rim = 1 / np.sqrt((np.cos(angle) / stretch) ** 2 + (np.sin(angle) * stretch) ** 2)
    # In units of the disc's radius, for which both areas are pi.
    common = np.mean(np.minimum(rim, 1) ** 2)
    levels = (1.0, 1.5, 2.0)
    np.testing.assert_allclose(level_agreement(density, levels), common / (2 - common), atol=0.01)


def test_a_large_round_sample_reaches_its_closed_form() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((400_000, 2)) * rng.choice([0.5, np.sqrt(1.75)], (400_000, 1))
    sds = np.array([smoothed(0.5), smoothed(np.sqrt(1.75))])
    radii = [
        brentq(lambda r, k=k: np.exp(-(r**2) / (2 * sds**2)).mean() - np.exp(-k * k / 2), 0.01, 20) for k in LEVELS
    ]
    ratio = np.divide(radii, np.multiply(LEVELS, WIDENING))
    np.testing.assert_allclose(measured(points)[0], np.minimum(ratio, 1 / ratio) ** 2, atol=0.02)


def smoothed_t(r: np.ndarray, df: float) -> np.ndarray:
    """Density at distance r of a round bivariate t of sd 1, binned and smoothed."""
    # A scale mixture of normals, at 1,000 quantiles of its chi-square.
    variances = (df - 2) / stats.chi2(df).ppf((np.arange(1000) + 0.5) / 1000) + BANDWIDTH**2 + BIN**2 / 12
    return (np.exp(-(r[:, None] ** 2) / (2 * variances)) / (2 * np.pi * variances)).mean(axis=1)


def smoothed_disc(r: np.ndarray) -> np.ndarray:
    """The same of points spread evenly in a disc, whose radius is 2 for sd 1."""
    variance = BANDWIDTH**2 + BIN**2 / 12
    return stats.ncx2(2, r**2 / variance).cdf(4 / variance) / (4 * np.pi)


@pytest.mark.parametrize(
    "density", [lambda r: smoothed_t(r, 3), lambda r: smoothed_t(r, 8), smoothed_disc], ids=["t 3", "t 8", "disc"]
)
def test_a_round_law_has_the_agreement_of_two_discs(density) -> None:
    # All these fall outwards: the highest-density region is a disc, whose radius a 1-D integral gives.
    r = np.linspace(0, 20, 2001)
    height = density(r)
    share = cumulative_trapezoid(2 * np.pi * r * height, r, initial=0)
    radii = np.interp(1 - np.exp(-np.square(LEVELS) / 2), share, r)
    ratio = radii / np.multiply(LEVELS, WIDENING)
    cells = BIN**2 * np.interp(np.hypot(*GRID), r, height)
    # Lattice points on both rims, as above.
    np.testing.assert_allclose(level_agreement(cells, LEVELS), np.minimum(ratio, 1 / ratio) ** 2, atol=0.01)


def test_evenly_spread_points_of_a_disc_reach_its_closed_form() -> None:
    # A lattice as fine as 1/5 bin stands for infinitely many points: no sampling error, the whole computation.
    line = np.arange(-200.5, 201) / 200 * 2
    lattice = np.stack(np.meshgrid(line, line)).reshape(2, -1)
    points = lattice[:, np.hypot(*lattice) < 2].T
    r = np.linspace(0, 6, 1201)
    share = cumulative_trapezoid(2 * np.pi * r * smoothed_disc(r), r, initial=0)
    ratio = np.interp(1 - np.exp(-np.square(LEVELS) / 2), share, r) / np.multiply(LEVELS, WIDENING)
    np.testing.assert_allclose(measured(points)[0], np.minimum(ratio, 1 / ratio) ** 2, atol=0.01)


@pytest.mark.parametrize("n", [1000, 10_000])
def test_the_null_score_is_that_of_any_normal_cloud(n: int) -> None:
    rng = np.random.default_rng(0)
    # Pairs that share no component, so that their scores are independent.
    pairs = np.arange(200).reshape(100, 2)
    scores = []
    for points in (rng.standard_normal((n, 200)), normal(n, 200, rng)):
        scores.append(contour_agreement(points, moments(points), pairs, LEVELS))
    error = np.sqrt(sum(s.var(axis=0, ddof=1) / len(pairs) for s in scores))
    assert (np.abs(scores[0].mean(axis=0) - scores[1].mean(axis=0)) < 4 * error).all()


def test_the_null_of_14000_points_is_the_one_that_was_measured_before() -> None:
    each = measured(np.random.default_rng(0).standard_normal((14_000, 12))).mean(axis=0)
    # DESIGN.md, section 8: .952 .968 .968 .969 .953 by another script.
    np.testing.assert_allclose(each, [0.952, 0.968, 0.968, 0.969, 0.953], atol=0.015)


def test_smoothing_keeps_the_mass_and_widens_by_what_the_disc_gets() -> None:
    density = smoothed_density(np.random.default_rng(0).standard_normal((2, 200_000)))
    centers = (np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH
    assert density.sum() == pytest.approx(1, abs=1e-6)
    assert np.sqrt(density.sum(axis=1) @ centers**2) == pytest.approx(WIDENING, abs=0.01)


@pytest.mark.parametrize("make", [normal, student, cube, mixture])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16"])
def test_the_density_is_the_smoothed_histogram(make, dtype: str) -> None:
    points = (30 * make(3000, 2, np.random.default_rng(0))).astype(dtype)
    whitened = whitened_pair(points, moments(points), (0, 1))
    edges = np.arange(CELLS + 1) * BIN - HALF_WIDTH
    counts = np.histogram2d(*whitened, bins=[edges, edges])[0]
    expected = gaussian_filter(counts / 3000, BANDWIDTH / BIN, mode="constant")
    # A cell of the peak holds 4e-4. Points on an edge of a bin may fall on either side.
    np.testing.assert_allclose(smoothed_density(whitened), expected, atol=1e-7 if dtype == "float64" else 2e-6)


@pytest.mark.parametrize("make", [normal, student, mixture])
@pytest.mark.parametrize("outside", [0.0, 0.001, 0.01, 0.2, 1.0])
def test_thresholds_are_those_of_all_cells_in_order(make, outside: float) -> None:
    rng = np.random.default_rng(0)
    points = make(3000, 2, rng)
    whitened = np.where(rng.random(3000) < outside, 9.0, whitened_pair(points, moments(points), (0, 1)))
    density, levels = smoothed_density(whitened), (*LEVELS, 5.0)
    ordered = np.sort(density, axis=None)[::-1]
    last = np.searchsorted(np.cumsum(ordered, dtype=float), 1 - np.exp(-np.square(levels) / 2))
    np.testing.assert_array_equal(density_thresholds(density, levels), ordered[np.minimum(last, ordered.size - 1)])


def test_points_outside_the_grid_stay_in_the_total() -> None:
    whitened = np.zeros((2, 100))
    whitened[:, :25] = [[-7.0], [1e300]]
    assert smoothed_density(whitened).sum() == pytest.approx(0.75, abs=1e-6)


@pytest.mark.parametrize("r", [-0.999, -0.5, 0.0, 0.8])
def test_whitening_is_the_inverse_symmetric_root(r: float) -> None:
    root = pair_root(Moments(10, np.zeros(2), np.array([[4.0, 6 * r], [6 * r, 9.0]])), (0, 1))
    np.testing.assert_allclose(root @ root, [[1, r], [r, 1]], atol=1e-12)
    assert root[0, 1] == root[1, 0]
    points = normal(500, 3, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(whitened_pair(points, moments(points), (0, 2))), np.eye(2), atol=1e-10)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_shift_and_scale_of_components_change_nothing(seed: int, scale: float, shift: float) -> None:
    points = cube(2000, 2, np.random.default_rng(seed))
    mapped = points * [scale, 1.0] + [0.0, shift]
    # A point on the edge of a bin may change sides by rounding.
    np.testing.assert_allclose(measured(mapped), measured(points), atol=0.005)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(0, np.pi), r=st.floats(-0.98, 0.98))
def test_rotation_and_correlation_of_a_pair_cost_no_more_than_the_grid(seed: int, angle: float, r: float) -> None:
    points = student(5000, 2, np.random.default_rng(seed))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mapped = points @ turn @ np.linalg.cholesky(np.array([[1, r], [r, 1]])).T
    assert measured(mapped).mean() == pytest.approx(measured(points).mean(), abs=0.01)


@pytest.mark.parametrize(("d", "count", "drawn"), [(5, 3, 3), (5, 10, 10), (5, 200, 10), (2, 200, 1), (1, 5, 0)])
def test_pairs_are_drawn_without_replacement(d: int, count: int, drawn: int) -> None:
    pairs = random_pairs(d, count, np.random.default_rng(0))
    assert pairs.shape == (drawn, 2)
    assert len({tuple(pair) for pair in pairs.tolist()}) == drawn
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_every_pair_is_drawn_equally_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.zeros((5, 5))
    for _ in range(2000):
        np.add.at(counts, tuple(random_pairs(5, 3, rng).T), 1)
    found = counts[np.triu_indices(5, 1)]
    # 600 expected, binomial sd 20.
    assert (np.abs(found - 600) < 100).all()


def test_pairs_of_many_components_are_drawn_without_listing_them() -> None:
    tracemalloc.start()
    pairs = random_pairs(1600, 400, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All 1.3 million pairs would take 20 MB.
    assert peak < 1e6
    assert len(np.unique(pairs, axis=0)) == 400
    assert pairs.min() >= 0
    assert pairs.max() < 1600


def test_the_most_correlated_pairs_come_first() -> None:
    r = np.array([[1.0, 0.3, -0.9, 0.0], [0.3, 1.0, 0.5, 0.2], [-0.9, 0.5, 1.0, -0.1], [0.0, 0.2, -0.1, 1.0]])
    sd = np.array([1.0, 10.0, 0.1, 2.0])
    found = Moments(10, np.zeros(4), r * np.outer(sd, sd))
    order = [[0, 2], [1, 2], [0, 1], [1, 3], [2, 3], [0, 3]]
    assert correlated_pairs(found, 3).tolist() == order[:3]
    assert correlated_pairs(found, 99).tolist() == order


def test_uncorrelated_pairs_come_in_order() -> None:
    assert correlated_pairs(Moments(10, np.zeros(3), np.eye(3)), 9).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_one_component_has_no_correlated_pairs() -> None:
    assert correlated_pairs(Moments(10, np.zeros(1), np.eye(1)), 9).shape == (0, 2)


def test_a_constant_component_has_no_correlation() -> None:
    with pytest.raises(DegenerateError, match="constant components: 1"):
        correlated_pairs(Moments(10, np.ones(2), np.diag([1.0, 0.0])), 1)


@pytest.mark.parametrize(
    "draw", [lambda: random_pairs(3, 0, np.random.default_rng(0)), lambda: correlated_pairs(IID, 0)]
)
def test_no_pairs_are_no_choice(draw) -> None:
    with pytest.raises(ValueError, match="contour pairs are 0; give at least 1"):
        draw()


def test_no_pairs_have_no_contours() -> None:
    with pytest.raises(DegenerateError, match="1 component has no pairs"):
        contour_agreement(np.zeros((10, 1)), IID, np.empty((0, 2), int), LEVELS)


def test_three_points_are_three_discs_against_one() -> None:
    scores = measured(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    # Each point is a kernel's disc of 1/3 of the probability: three of k kernel sds against one of k * WIDENING.
    # The disc of 1 sigma is too small to hold them, 2 / sqrt(3) sd from the center.
    np.testing.assert_allclose(scores[0, 1:], 3 * smoothed(0.0) ** 2 / WIDENING**2, atol=0.02)


@pytest.mark.parametrize(
    ("levels", "message"),
    [((), "levels are empty"), ((1.0, 7.0), "levels hold 7.0"), ((0.0,), "0.5 to 5.0"), ((np.nan,), "levels hold nan")],
)
def test_levels_that_the_grid_cannot_hold(levels: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_levels(levels)


def test_a_pair_of_the_same_component_is_named() -> None:
    points = np.repeat(np.random.default_rng(0).standard_normal((50, 1)), 2, axis=1)
    with pytest.raises(DegenerateError, match="components 0 and 1 are linearly dependent"):
        measured(points)


def test_a_constant_component_of_a_pair_is_named() -> None:
    points = np.random.default_rng(0).standard_normal((50, 2))
    points[:, 1] = 4
    with pytest.raises(DegenerateError, match="component 0 or 1 is constant"):
        measured(points)
