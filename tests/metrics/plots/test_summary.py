from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from metrics.core import Profile
from metrics.plots import SIZE, draw_summary
from metrics.plots.summary import MISSING, SAME
from metrics.pursuit import Direction
from metrics.scores import Row, Scores
from tests.metrics.controls import normal

TITLE = "celeba, 64-64-128-128, leaky_relu, 256 components, seed 0"
MARGINALS = {"null": 0.99153, "null_sd": 0.00012, "gap": 0.00388, "gap_sds": -32.333, "low": 0.98111, "high": 0.99222}
ROWS = (Row("marginal_gaussianity", 0.98765, MARGINALS), Row("contour_agreement", 0.9, {"null": 0.95}))
SHARES = np.array([0.5, 0.8, 1.0])
PROFILE = Profile(SHARES, {"marginal_gaussianity": SHARES, "off_origin_distance": SHARES})
OMITTED = {"core/radius_50": "too few points for a core", "pursuit/ks": "too few points to search"}


def full(d: int) -> Scores:
    z = np.random.default_rng(0).standard_normal(500)
    worst = Direction(np.eye(d)[0], np.eye(d)[0], z, 0.02, 0.1, 0.2, "cube")
    return Scores(ROWS, {}, profile=PROFILE, worst=worst)


def page(points: np.ndarray, scores: Scores) -> Figure:
    figure = Figure(figsize=SIZE)
    draw_summary(points, scores, figure, TITLE)
    figure.draw_without_rendering()
    return figure


@cache
def full_page(d: int) -> Figure:
    return page(normal(600, d, np.random.default_rng(0)), full(d))


def words(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.mark.parametrize("d", [2, 8, 420])
def test_every_part_keeps_to_its_place(d: int) -> None:
    figure = full_page(d)
    parts = figure.subfigs
    assert len(parts) == 10
    for part in parts:
        drawn, place = part.get_tightbbox(), part.get_window_extent()
        # A pixel for rounding.
        assert drawn.x0 > place.x0 - 1
        assert drawn.x1 < place.x1 + 1
        assert drawn.y0 > place.y0 - 1
        assert drawn.y1 < place.y1 + 1
    everything = figure.get_tightbbox()
    assert 0 <= everything.x0 < everything.x1 <= SIZE[0]
    assert 0 <= everything.y0 < everything.y1 <= SIZE[1]


def labels(figure: Figure) -> list[Text]:
    """All words but the numbers along the axes."""
    found = [text for legend in figure.findobj(Legend) for text in legend.get_texts()]
    found += [part._suptitle for part in (figure, *figure.subfigs) if part._suptitle]
    for ax in figure.findobj(Axes):
        found += ax.texts
        if ax.axison:
            found += [ax.xaxis.label, ax.yaxis.label]
    return [text for text in found if text.get_text()]


@pytest.mark.parametrize("d", [2, 8, 420])
def test_no_words_lie_over_others(d: int) -> None:
    boxes = [(t.get_text(), t.get_window_extent()) for t in labels(full_page(d))]
    assert len(boxes) > 50
    for (one, first), (other, second) in combinations(boxes, 2):
        shared = Bbox.intersection(first, second)
        # Boxes are as high as the font, letters mostly not: a line of pixels more is no overlap.
        assert shared is None or min(shared.width, shared.height) < 2, f"{one} lies over {other}"


def test_the_table_shows_what_the_scores_hold() -> None:
    found = words(full_page(2))
    assert TITLE in found
    assert {"marginal gaussianity", "0.9877", "0.9811 – 0.9922", "0.9915 ± 0.0001", "−32.3"} <= found
    assert {"contour agreement", "0.9000", "radius agreement", "off origin distance", MISSING} <= found
    assert "n = 600   d = 2   dotted: a normal distribution with the same mean and covariance" in found
    assert not any("0.9500" in text for text in found)


def test_the_distance_from_the_origin_is_compared_with_no_normal_cloud() -> None:
    """Theirs is the same by construction."""
    scores = Scores((Row("off_origin_distance", 0.54, MARGINALS),), {})
    found = words(page(normal(60, 2, np.random.default_rng(0)), scores))
    assert {"0.5400", "0.9811 – 0.9922", SAME} <= found
    assert not {"0.9915 ± 0.0001", "−32.3"} & found


@pytest.mark.parametrize(
    ("points", "reasons"),
    [
        (normal(30, 1, np.random.default_rng(0)), {"1 component has no pairs", "1 component has no correlations"}),
        (normal(20, 40, np.random.default_rng(0)), {"20 points in 40 components"}),
        (np.ones((20, 3)), {"constant components: 0, 1, 2", "all points are the same"}),
    ],
)
def test_what_cannot_be_drawn_says_why(points: np.ndarray, reasons: set[str]) -> None:
    found = [text.replace("\n", " ") for text in words(page(points, Scores((), OMITTED)))]
    for reason in {*reasons, *OMITTED.values()}:
        assert any(reason in text for text in found), reason


def test_scores_without_a_reason_leave_the_place_of_what_they_lack() -> None:
    assert "not measured" in words(page(normal(60, 2, np.random.default_rng(0)), Scores((), {})))


def test_latents_that_are_no_numbers_have_no_page() -> None:
    with pytest.raises(ValueError, match="nan"):
        draw_summary(np.full((9, 3), np.nan), Scores((), {}), Figure(), TITLE)
