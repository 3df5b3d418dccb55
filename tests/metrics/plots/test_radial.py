from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from metrics.moments import DegenerateError, mahalanobis_squared, moments
from metrics.plots import draw_norms, draw_quantiles, draw_radii, radial
from tests.metrics.controls import normal, student


def axes() -> Axes:
    return Figure().add_subplot()


def test_the_quantiles_are_those_of_all_points() -> None:
    points = student(800, 5, np.random.default_rng(0))
    ax = axes()
    draw_quantiles(points, ax)
    expected, drawn = ax.lines[1].get_data()
    centred = points - points.mean(axis=0)
    squared = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(np.cov(points.T)), centred)
    assert (drawn.min(), drawn.max()) == pytest.approx((squared.min(), squared.max()))
    assert expected.max() == pytest.approx(stats.chi2(5).ppf(1 - 0.5 / 800))


@pytest.mark.parametrize(("n", "d"), [(40, 30), (400, 300), (5_000, 3)])
def test_the_dotted_line_is_the_law_of_normal_points_whatever_n(n: int, d: int) -> None:
    law = radial.normal_distances(n, d)
    squared = mahalanobis_squared(points := normal(n, d, np.random.default_rng(3)), moments(points))
    # Sums to (n - 1) d over all points, whatever they are.
    assert law.mean() == pytest.approx((n - 1) * d / n) == pytest.approx(squared.mean())
    # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times; these are nearly independent.
    assert stats.kstest(squared, law.cdf).statistic < 1.95 / np.sqrt(n)


def test_many_points_have_the_diagonal() -> None:
    ax = axes()
    draw_quantiles(normal(20_000, 3, np.random.default_rng(0)), ax)
    # Beta differs from chi-square by a relative x / (2 n) or so: at most 30 / 40,000 here.
    np.testing.assert_allclose(*ax.lines[0].get_data(), rtol=1e-3)


def test_the_histogram_of_radii_holds_all_and_its_curve_integrates_to_1() -> None:
    points = student(700, 4, np.random.default_rng(0))
    ax = axes()
    draw_radii(points, ax)
    (bars,), (curve,) = ax.patches, ax.lines
    values, edges, _ = bars.get_data()
    radii = np.sqrt(mahalanobis_squared(points, moments(points)))
    np.testing.assert_allclose(values, np.histogram(radii, edges, density=True)[0])
    assert (edges[0], edges[-1]) == (min(radii.min(), edges[0]), max(radii.max(), edges[-1]))
    assert np.trapezoid(curve.get_ydata(), curve.get_xdata()) == pytest.approx(1, abs=1e-3)


def root_mean_square(x: np.ndarray, height: np.ndarray) -> float:
    return float(np.sqrt((height * x**2).sum() / height.sum()))


@pytest.mark.parametrize("d", [1, 2, 16, 256])
def test_normal_and_uniform_norms_have_the_size_of_the_latents(d: int) -> None:
    points = 3 * student(2_000, d, np.random.default_rng(0)) + 1
    ax = axes()
    draw_norms(points, ax)
    (bars,), (normal_curve, sphere) = ax.patches, ax.lines
    values, edges, _ = bars.get_data()
    norms = np.linalg.norm(points, axis=1)
    counts = np.histogram(norms, edges)[0]
    np.testing.assert_allclose(values, counts / counts.max())
    assert counts.sum() == len(points)
    # |x|^2 of 20,000 points has a relative standard error below 2 / sqrt(20,000) = 1.4 %; bars add less than 0.5 %.
    for curve in (normal_curve, sphere):
        assert root_mean_square(*curve.get_data()) == pytest.approx(np.sqrt((norms**2).mean()), rel=0.03)
    b = np.sqrt(3 * (norms**2).mean() / d)
    assert ax.get_legend().get_texts()[2].get_text() == f"uniform in ±{b:.3g}"
    assert sphere.get_xdata().max() <= b * np.sqrt(d)


def test_the_sphere_of_uniform_vectors_is_thin_in_many_components() -> None:
    ax = axes()
    draw_norms(normal(2_000, 256, np.random.default_rng(0)), ax)
    x, height = ax.lines[1].get_data()
    mean = (height * x).sum() / height.sum()
    sd = np.sqrt((height * (x - mean) ** 2).sum() / height.sum())
    b = mean / np.sqrt(256 / 3)
    # Of |x|^2 / b^2, a sum of squares, the variance is 4 d / 45: of |x| it is 1 / 15. The bars' width adds 1 %.
    assert sd == pytest.approx(b / np.sqrt(15), rel=0.05)


def test_of_many_points_a_random_part_is_drawn_by_the_moments_of_all() -> None:
    points = normal(400, 3, np.random.default_rng(0))
    own = moments(points)
    drawn = radial.drawn_distances(points, own, drawn=100)
    assert drawn.size == 100
    assert np.isin(drawn, mahalanobis_squared(points, own)).all()
    assert (np.diff(drawn) >= 0).all()


@pytest.mark.parametrize("draw", [draw_quantiles, draw_radii])
@pytest.mark.parametrize(
    ("shape", "reason"), [((5, 9), "more than 9 points"), ((9, 9), "more than 9"), ((10, 9), "the same Mahalanobis")]
)
def test_what_has_no_distances_has_no_picture(draw, shape: tuple[int, int], reason: str) -> None:
    with pytest.raises(DegenerateError, match=reason):
        draw(np.random.default_rng(0).standard_normal(shape), axes())


@pytest.mark.parametrize(("value", "reason"), [(0.0, "all points are 0"), (2.0, "all points are the same")])
def test_one_place_has_no_sphere(value: float, reason: str) -> None:
    with pytest.raises(DegenerateError, match=reason):
        draw_norms(np.full((9, 3), value), axes())


def test_equal_norms_are_one_bar() -> None:
    ax = axes()
    draw_norms(np.array([[1.0], [-1.0], [1.0], [-1.0]]), ax)
    values, edges, _ = ax.patches[0].get_data()
    (full,) = np.flatnonzero(values)
    assert edges[full] <= 1 <= edges[full + 1]
