from __future__ import annotations

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path

from metrics.contours import WIDENING
from metrics.moments import DegenerateError
from metrics.plots import draw_generated
from tests.metrics.controls import normal, student

PLANES = np.array([[3, 0], [1, 2]])


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    rng = np.random.default_rng(0)
    return student(4_000, 4, rng) @ rng.normal(size=(4, 4)) + [0, 2, 0, 20]


def drawn(points: np.ndarray, generated: dict[str, np.ndarray], planes: np.ndarray = PLANES) -> Figure:
    figure = Figure(figsize=(5, 5))
    draw_generated(points, generated, planes, figure)
    figure.draw_without_rendering()
    return figure


@pytest.fixture(scope="module")
def figure(points: np.ndarray) -> Figure:
    return drawn(points, {"first": points[:50] + 1, "second": points[100:103]})


def regions(figure: Figure, panel: int) -> list[Path]:
    (contours,) = (artist for artist in figure.axes[panel].get_children() if isinstance(artist, ContourSet))
    return contours.get_paths()


def test_a_row_for_each_plane_and_a_column_for_each_method(figure: Figure) -> None:
    assert [ax.get_title() for ax in figure.axes] == ["first", "second", "", ""]
    assert [ax.get_xlabel() for ax in figure.axes] == ["component 3", "", "component 1", ""]
    assert [ax.get_ylabel() for ax in figure.axes] == ["component 0", "", "component 2", ""]
    for row in (figure.axes[:2], figure.axes[2:]):
        assert (row[0].get_xlim(), row[0].get_ylim()) == (row[1].get_xlim(), row[1].get_ylim())


def test_panels_hold_the_points_the_center_and_the_origin(figure: Figure, points: np.ndarray) -> None:
    for ax, plane, shown in zip(
        figure.axes,
        PLANES.repeat(2, axis=0),
        [points[:50] + 1, points[100:103], points[:50] + 1, points[100:103]],
        strict=True,
    ):
        cloud, center, origin = (line.get_xydata() for line in ax.lines)
        assert cloud == pytest.approx(shown[:, plane])
        assert center == pytest.approx(points.mean(axis=0)[None, plane])
        assert origin.tolist() == [[0, 0]]


def test_the_axes_reach_the_origin_and_a_far_cloud(points: np.ndarray) -> None:
    ax = drawn(points, {"far": points + 100, "near": points}).axes[0]
    for (low, high), component in ((ax.get_xlim(), 3), (ax.get_ylim(), 0)):
        assert low < min(0, points[:, component].mean() - 3 * points[:, component].std())
        assert high > np.median(points[:, component]) + 100


def test_the_legend_names_everything(figure: Figure) -> None:
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["99 %", "86 %", "39 % of the latents", "generated", "center", "origin"]


def test_regions_hold_the_shares_of_the_legend() -> None:
    n = 20_000
    points = normal(n, 3, np.random.default_rng(1)) @ np.array([[2, 1, 0], [0, 0.3, 1], [0, 0, 1]]) + 5
    figure = drawn(points, {"mnd": points[:9]}, np.array([[1, 0]]))
    # The outline of each filled band, whatever hole it has.
    held = [path.contains_points(points[:, [1, 0]]).mean() for path in regions(figure, 0)]
    # 99, 86 and 39 % of the smoothed density, whose ellipses of 3, 2 and 1 sd are wider than those of the points.
    shares = 1 - np.exp(-((np.array([3, 2, 1]) * WIDENING) ** 2) / 2)
    # Four standard errors of a share of one half.
    assert held == pytest.approx(shares, abs=4 * 0.5 / np.sqrt(n))


def test_three_latents_are_enough() -> None:
    points = normal(3, 2, np.random.default_rng(0))
    assert len(drawn(points, {"mnd": points}, np.array([[0, 1]])).axes) == 1


def test_dependent_components_are_degenerate(points: np.ndarray) -> None:
    twice = np.column_stack([points[:, 0], -2 * points[:, 0], np.ones(len(points))])
    with pytest.raises(DegenerateError, match="components 0 and 1 are linearly dependent"):
        drawn(twice, {"mnd": twice}, np.array([[0, 1]]))
    with pytest.raises(DegenerateError, match="component 0 or 2 is constant"):
        drawn(twice, {"mnd": twice}, np.array([[0, 2]]))
    with pytest.raises(DegenerateError, match="no plane to draw"):
        drawn(points, {"mnd": points}, np.empty((0, 2), int))


def test_points_need_the_components_of_the_latents(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"points of mnd have shape \(9, 3\); give \(m, 4\)"):
        drawn(points, {"mnd": np.zeros((9, 3))})
    with pytest.raises(ValueError, match="no generated points"):
        drawn(points, {})
