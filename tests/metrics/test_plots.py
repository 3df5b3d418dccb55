from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from metrics.contours import WIDENING
from metrics.moments import DegenerateError, Moments, moments
from metrics.plots import (
    LEVELS,
    dominant_components,
    draw_contour_pair,
    draw_contours,
    draw_marginals,
    draw_quantiles,
    draw_radii,
)
from tests.metrics.controls import normal, student


@pytest.mark.parametrize("draw", [draw_marginals, draw_quantiles, draw_radii])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_picture_is_drawn_on_the_given_axes_and_renders(draw, dtype: str) -> None:
    figure = Figure()
    ax = figure.add_subplot()
    assert draw(normal(500, 12, np.random.default_rng(0)).astype(dtype), ax) is None
    figure.draw_without_rendering()
    assert ax.has_data()
    assert ax.get_xlabel()


@pytest.mark.parametrize(("d", "shown"), [(1, 0), (2, 1), (3, 3), (10, 6)])
def test_up_to_six_pairs_are_shown_the_most_correlated_first(d: int, shown: int) -> None:
    points = np.random.default_rng(0).standard_normal((500, d))
    if d == 10:
        points[:, 7] += 2 * points[:, 4]
    figure = Figure(figsize=(9, 6.6))
    draw_contours(points, figure)
    figure.draw_without_rendering()
    labels = [(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes if ax.axison]
    assert len(set(labels)) == len(labels) == shown
    if d == 10:
        assert labels[0] == ("component 4", "component 7")


def test_the_ellipses_are_those_of_the_covariance() -> None:
    known = Moments(400, np.array([1.0, -2.0]), np.array([[4.0, 1.8], [1.8, 1.0]]))
    ax = Figure().add_subplot()
    points = np.random.default_rng(0).multivariate_normal(known.mean, known.covariance, 400)
    draw_contour_pair(points, known, np.array([0, 1]), ax)
    for level, line in zip(LEVELS, ax.lines, strict=False):
        centred = line.get_xydata() - known.mean
        squared = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(known.covariance), centred)
        np.testing.assert_allclose(np.sqrt(squared), level * WIDENING)


def test_origin_and_center_are_inside_the_frame_however_far_apart() -> None:
    points = np.random.default_rng(0).standard_normal((400, 2)) + np.array([30.0, -8.0])
    ax = Figure().add_subplot()
    draw_contour_pair(points, moments(points), np.array([0, 1]), ax)
    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    assert x_low < 0 < 30 < x_high
    assert y_low < -8 < 0 < y_high


def test_the_quantiles_are_those_of_all_points() -> None:
    points = student(800, 5, np.random.default_rng(0))
    ax = Figure().add_subplot()
    draw_quantiles(points, ax)
    drawn = ax.lines[1].get_ydata()
    centred = points - points.mean(axis=0)
    squared = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(np.cov(points.T)), centred)
    assert (drawn.min(), drawn.max()) == pytest.approx((squared.min(), squared.max()))


def test_dominant_components_are_wide_or_far_off_the_origin() -> None:
    own = Moments(10, np.array([0.0, -5.0, 0.0, 1.0]), np.diag([1.0, 1.0, 9.0, 1.0]))
    assert dominant_components(own, 3).tolist() == [1, 2, 3]


@pytest.mark.parametrize("draw", [draw_quantiles, draw_radii])
def test_what_has_no_distances_has_no_picture(draw) -> None:
    with pytest.raises(DegenerateError, match="more than 9 points"):
        draw(np.random.default_rng(0).standard_normal((5, 9)), Figure().add_subplot())
