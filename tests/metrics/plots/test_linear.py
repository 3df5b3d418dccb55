from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metrics.moments import DegenerateError
from metrics.pca import effective_dimension
from metrics.plots import draw_correlations, draw_spectrum
from metrics.plots.linear import LARGEST_MAP, marchenko_pastur, related_order, strongest
from tests.metrics.controls import normal


def axes() -> Axes:
    return Figure().add_subplot()


def test_the_map_is_the_correlation_matrix_in_the_order_of_its_labels() -> None:
    points = normal(300, 8, np.random.default_rng(0))
    ax = axes()
    draw_correlations(points, ax)
    order = [int(label.get_text()) for label in ax.get_xticklabels()]
    assert sorted(order) == list(range(8))
    assert order == [int(label.get_text()) for label in ax.get_yticklabels()]
    expected = np.corrcoef(points.T)[np.ix_(order, order)] * (1 - np.eye(8))
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), expected, atol=1e-12)
    low, high = image.get_clim()
    assert low == -high
    written = {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in ax.texts}
    assert len(written) == 56
    assert all(float(t.replace("−", "-")) == pytest.approx(expected[place], abs=0.0051) for place, t in written.items())


def test_the_caption_counts_the_pairs() -> None:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((5_000, 1))
    points = rng.standard_normal((5_000, 30))
    # Correlation 0.8 between three components, 0.4 of theirs with a fourth; chance stays below 5 / sqrt(5000) = 0.07.
    points[:, :3] = 2 * shared + points[:, :3]
    points[:, 3] = 0.5 * shared[:, 0] + points[:, 3]
    ax = axes()
    draw_correlations(points, ax)
    assert ax.get_xlabel().splitlines()[1:] == ["pairs: 435, of these with |r| above", "0.1: 6   0.3: 6   0.5: 3"]


def test_related_components_are_side_by_side_whatever_the_sign() -> None:
    group = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    sign = np.array([1, 1, -1, -1, 1, 1, 1, -1, 1])
    correlation = np.where(group[:, None] == group, 0.8, 0.1) * np.outer(sign, sign)
    np.fill_diagonal(correlation, 1)
    ordered = group[related_order(correlation)]
    assert (np.diff(ordered) != 0).sum() == 2


def test_a_large_map_keeps_the_strongest_of_each_block() -> None:
    matrix = np.random.default_rng(0).uniform(-1, 1, (7, 7))
    found = strongest(matrix, 3)
    assert found.shape == (3, 3)
    for i, j in np.ndindex(3, 3):
        block = matrix[3 * i : 3 * i + 3, 3 * j : 3 * j + 3]
        assert found[i, j] == block.ravel()[np.abs(block).argmax()]
    assert strongest(matrix, 7) is not matrix
    np.testing.assert_array_equal(strongest(matrix, 7), matrix)


def test_more_components_than_pixels_are_drawn_in_fewer_cells() -> None:
    points = np.random.default_rng(0).standard_normal((50, LARGEST_MAP + 1))
    ax = axes()
    draw_correlations(points, ax)
    assert max(ax.images[0].get_array().shape) <= LARGEST_MAP
    assert ax.get_xlim() == (-0.5, LARGEST_MAP + 0.5)


@pytest.mark.parametrize(("n", "d"), [(1_000, 250), (210, 200), (200, 200), (100, 300), (50, 1)])
def test_moments_of_marchenko_and_pastur(n: int, d: int) -> None:
    values = marchenko_pastur(n, d)
    assert values.size == min(n, d)
    assert (np.diff(values) <= 0).all()
    # Over all d, zeros included, the law has mean 1 and second moment 1 + d / n. At its ends quantiles go as u^(2/3),
    # where middles of parts are off by the order of count^(-5/3); another count^(1/3) leaves room for the factor.
    off = (1 + np.sqrt(d / n)) ** 2 * min(n, d) ** (-4 / 3) * max(1, d / n)
    assert values.sum() / d == pytest.approx(1, abs=off)
    assert (values**2).sum() / d == pytest.approx(1 + d / n, abs=off * (1 + np.sqrt(d / n)) ** 2)


def test_the_spectrum_of_a_normal_sample_follows_the_dotted_line() -> None:
    n, d = 1_000, 250
    ax = axes()
    draw_spectrum(np.random.default_rng(0).standard_normal((n, d)), ax)
    expected, drawn = ax.lines[0].get_ydata(), ax.lines[1].get_ydata()
    # Eigenvalues repel each other: their distribution is off by the order of log(d) / d, not by that of 1 / sqrt(d).
    ranks = np.searchsorted(np.sort(drawn), expected)
    assert np.abs(ranks - np.arange(d)[::-1]).max() < np.log(d)


def test_the_dots_are_the_variances_and_the_line_their_share() -> None:
    points = normal(300, 6, np.random.default_rng(0)) * np.arange(1, 7)
    figure = Figure()
    ax = figure.add_subplot()
    draw_spectrum(points, ax)
    values = np.sort(np.linalg.eigvalsh(np.cov(points.T)))[::-1]
    np.testing.assert_allclose(ax.lines[1].get_xydata(), np.column_stack([np.arange(1, 7), values]))
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), np.cumsum(values) / values.sum())
    assert ax.lines[2].get_xdata()[0] == pytest.approx(effective_dimension(values))
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert low < values[-1] < values[0] < high


@pytest.mark.parametrize(("shape", "dots"), [((40, 1), 1), ((40, 2), 2), ((10, 30), 9)])
def test_variances_that_are_0_have_no_dot(shape: tuple[int, int], dots: int) -> None:
    points = np.random.default_rng(0).standard_normal(shape)
    for case in (points, np.column_stack([points, np.ones(shape[0])])):
        ax = axes()
        draw_spectrum(case, ax)
        assert ax.lines[1].get_ydata().size == dots


@pytest.mark.parametrize(
    ("draw", "points", "reason"),
    [
        (draw_correlations, np.arange(9.0)[:, None], "at least 2 components"),
        (draw_correlations, np.column_stack([np.arange(9.0), np.ones(9)]), "constant components: 1"),
        (draw_spectrum, np.ones((9, 3)), "all points are the same"),
    ],
)
def test_what_has_no_covariance_has_no_picture(draw, points: np.ndarray, reason: str) -> None:
    with pytest.raises(DegenerateError, match=reason):
        draw(points, axes())


def test_a_duplicated_component_has_a_picture() -> None:
    column = np.random.default_rng(0).standard_normal((50, 1))
    ax = axes()
    draw_correlations(np.column_stack([column, column, -column]), ax)
    assert np.abs(ax.images[0].get_array()).max() == pytest.approx(1)
