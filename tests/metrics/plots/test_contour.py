from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from metrics.contours import WIDENING, contour_agreement
from metrics.moments import DegenerateError, Moments, moments
from metrics.plots import LEVELS, draw_contour_pair, draw_contours
from tests.metrics.controls import one_bimodal


@pytest.mark.parametrize(("d", "shown"), [(2, 1), (3, 3), (10, 6)])
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


def test_the_contours_are_where_the_points_are() -> None:
    points = one_bimodal(5_000, 2, np.random.default_rng(0)) @ np.array([[2.0, 0.5], [0.0, 1.0]]) + [5.0, 1.0]
    ax = Figure().add_subplot()
    own = moments(points)
    draw_contour_pair(points, own, np.array([0, 1]), ax)
    (contours,) = ax.collections
    regions = [path for path in contours.get_paths() if len(path.vertices)]
    # A region holds its share of the smoothed density, and so at least as much of the points, which lie closer.
    inside = [path.contains_points(points).mean() for path in regions[::-1]]
    assert (np.diff(inside) > 0).all()
    for level, share in zip(LEVELS, inside, strict=True):
        assert share >= 1 - np.exp(-(level**2) / 2) - 3 / np.sqrt(len(points))
    agreement = contour_agreement(points, own, np.array([[0, 1]]), LEVELS).mean()
    assert ax.get_title(loc="left").endswith(f"agreement {agreement:.2f}")


def test_origin_and_center_are_marked_inside_the_frame_however_far_apart() -> None:
    points = np.random.default_rng(0).standard_normal((400, 2)) + np.array([30.0, -8.0])
    ax = Figure().add_subplot()
    draw_contour_pair(points, moments(points), np.array([0, 1]), ax)
    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    assert x_low < 0 < 30 < x_high
    assert y_low < -8 < 0 < y_high
    center, origin = (line.get_xydata()[0] for line in ax.lines[-2:])
    np.testing.assert_allclose(center, points.mean(axis=0))
    assert origin.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.random.default_rng(0).standard_normal((50, 1)), "no pairs"),
        (np.column_stack([np.arange(50.0), np.ones(50)]), "constant"),
        (np.column_stack([np.arange(50.0), np.arange(50.0)]), "dependent"),
    ],
)
def test_what_has_no_pairs_has_no_contours(points: np.ndarray, reason: str) -> None:
    with pytest.raises(DegenerateError, match=reason):
        draw_contours(points, Figure())
