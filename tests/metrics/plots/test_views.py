from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from metrics import plots
from metrics.core import Profile
from metrics.moments import DegenerateError
from metrics.plots.pursuit import participants
from metrics.pursuit import Direction
from tests.metrics.controls import normal, one_bimodal

OF_LATENTS = [
    plots.draw_correlations,
    plots.draw_marginals,
    plots.draw_norms,
    plots.draw_quantiles,
    plots.draw_radii,
    plots.draw_spectrum,
]


def axes() -> Axes:
    return Figure().add_subplot()


@pytest.mark.parametrize("draw", OF_LATENTS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "int16"])
def test_a_picture_is_drawn_on_the_given_axes_and_renders(draw, dtype: str) -> None:
    figure = Figure()
    ax = figure.add_subplot()
    points = (20 * normal(500, 12, np.random.default_rng(0))).astype(dtype)
    before = points.copy()
    assert draw(points, ax) is None
    figure.draw_without_rendering()
    assert ax.has_data()
    assert ax.get_xlabel()
    np.testing.assert_array_equal(points, before)


@pytest.mark.parametrize("draw", OF_LATENTS)
@pytest.mark.parametrize("d", [2, 3])
def test_few_components_have_pictures(draw, d: int) -> None:
    figure = Figure()
    ax = figure.add_subplot()
    draw(np.random.default_rng(0).standard_normal((60, d)), ax)
    figure.draw_without_rendering()
    assert ax.has_data()


@pytest.mark.parametrize("draw", [plots.draw_correlations, plots.draw_marginals, plots.draw_norms, plots.draw_spectrum])
def test_three_points_have_a_picture_where_no_distances_are_needed(draw) -> None:
    ax = axes()
    draw(np.array([[0.0, 1.0], [2.0, 0.5], [1.0, 3.0]]), ax)
    ax.figure.draw_without_rendering()
    assert ax.has_data()


def test_the_dominant_marginals_and_their_distances() -> None:
    points = one_bimodal(3_000, 10, np.random.default_rng(0))
    points[:, 5] = 3 * points[:, 5] + 20
    ax = axes()
    plots.draw_marginals(points, ax)
    size = np.sqrt((points**2).mean(axis=0))
    shown = np.argsort(-size)[:8]
    assert [label.get_text() for label in ax.get_yticklabels()][::-1] == [f"component {c}" for c in shown]
    assert shown[0] == 5
    standard = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    for row, c in enumerate(shown):
        ks = stats.kstest(standard[:, c], "norm").statistic
        assert ax.texts[row].get_text() == f"KS {ks:.3f}"
        values, edges, base = ax.patches[row].get_data()
        height, peak = values - base, ax.lines[row].get_ydata().max() - base
        expected = np.histogram(points[:, c], edges)[0] / len(points) / np.diff(edges)
        np.testing.assert_allclose(height / peak, expected / (stats.norm.pdf(0) / points[:, c].std(ddof=1)), rtol=1e-3)
    assert ax.get_ylim()[1] > max(patch.get_data().values.max() for patch in ax.patches)


def test_constant_dominant_components_have_no_marginals() -> None:
    with pytest.raises(DegenerateError, match="constant"):
        plots.draw_marginals(np.column_stack([np.full(9, 5.0), np.arange(9.0)]), axes())


SHARES = np.array([0.5, 0.8, 1.0])
VALUES = {
    "marginal_gaussianity": np.array([0.98, 0.97, 0.96]),
    "contour_agreement": np.array([0.9, 0.91, 0.92]),
    "radius_agreement": np.array([0.8, 0.7, 0.5]),
    "off_origin_distance": np.array([2.0, 2.1, 2.2]),
}
NULL = {name: np.array([0.99, 0.99, 0.99]) for name in VALUES}


@pytest.mark.parametrize("null", [NULL, None])
def test_every_strip_holds_the_values_their_null_and_the_perfect_one(null: dict[str, np.ndarray] | None) -> None:
    figure = Figure()
    ax = figure.add_subplot()
    plots.draw_core_profile(Profile(SHARES, VALUES, null), ax)
    figure.draw_without_rendering()
    assert [strip.get_title(loc="left").replace(" ", "_") for strip in ax.child_axes] == list(VALUES)
    for strip, (name, values) in zip(ax.child_axes, VALUES.items(), strict=True):
        np.testing.assert_allclose(strip.lines[0].get_xydata(), np.column_stack([100 * SHARES, values]))
        assert strip.lines[0].get_linestyle() == "-"
        assert len(strip.lines) == (1 if null is None else 2)
        if null is not None:
            np.testing.assert_allclose(strip.lines[1].get_ydata(), null[name])
            assert strip.lines[1].get_linestyle() == ":"
        low, high = strip.get_ylim()
        assert low < (0 if name == "off_origin_distance" else 1) < high
        assert low < values.min() < values.max() < high
    assert len(ax.get_legend().get_texts()) == (1 if null is None else 2)


def test_a_profile_without_contours_has_three_strips() -> None:
    ax = axes()
    plots.draw_core_profile(Profile(SHARES, {name: VALUES[name] for name in VALUES if "contour" not in name}, NULL), ax)
    assert len(ax.child_axes) == 3


def test_the_worst_direction_is_drawn_as_it_was_judged() -> None:
    z = np.random.default_rng(0).exponential(size=600) - 1
    direction = Direction(np.eye(5)[0], np.array([0.2, -0.9, 0.1, 0.0, 0.0]), z, 0.16, 1.987, -0.001, "cube")
    ax = axes()
    plots.draw_worst_direction(direction, ax)
    values, edges, _ = ax.patches[0].get_data()
    np.testing.assert_allclose(values, np.histogram(z, edges, density=True)[0])
    assert edges[0] <= z.min() < z.max() <= edges[-1]
    x, curve = ax.lines[0].get_data()
    np.testing.assert_allclose(curve, stats.norm.pdf(x, z.mean(), z.std(ddof=1)))
    shape, part = (text.get_text() for text in ax.texts)
    assert shape == "KS 0.160\nskewness 1.99\nexcess kurtosis 0.00"
    assert part == "component 1: 94%\ncomponent 0: 5%\ncomponent 2: 1%"


def test_only_components_that_take_part_are_named() -> None:
    assert participants(np.array([0.0, -1.0, 0.01])) == ["component 1: 100%"]
    assert len(participants(np.ones(100))) == 3
