"""Everything about a cloud on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from textwrap import fill
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import ArrayLike

from metrics.moments import DegenerateError, Moments, as_points, moments
from metrics.plots.contour import contour_panels
from metrics.plots.core import PERFECT, draw_core_profile
from metrics.plots.linear import correlation_panel, spectrum_panel
from metrics.plots.marginal import marginal_panel
from metrics.plots.pursuit import draw_worst_direction
from metrics.plots.radial import drawn_distances, norm_panel, quantile_panel, radius_panel
from metrics.plots.style import FAINT, INK, TEXT
from metrics.scores import Scores

SIZE = (16.0, 11.0)
MISSING, SAME = "–", "same by construction"
# Left or right edges of the table's columns, as shares of its width, without and with others beside: name, value,
# interval, the last of the others, normal clouds, gap.
COLUMNS = ((0.0, 0.46, 0.68, 0.68, 0.89, 1.0), (0.0, 0.32, 0.51, 0.7, 0.9, 1.0))


def draw_summary(
    latents: ArrayLike,
    scores: Scores,
    figure: Figure,
    title: str,
    beside: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
    seed: int = 0,
) -> None:
    """One page: the headlines in a table, and every picture of this package. SIZE in inches suits it.

    latents: (n, d). scores: those of the same latents. What they do not allow leaves its reason in its place.
    beside: what others score, such as an untrained network: their names as columns of the table, to metric and value.
    Cost: with saving 2 s at 15,000 x 256 and 3 s at 170,000 x 256 on 2 idle cores.
    """
    points, own = as_points(latents), moments(latents)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    figure.suptitle(title, fontsize=14, fontweight="bold", color=INK, x=0.005, ha="left")
    # A figure of its own for each part: long labels of one cannot narrow its neighbours.
    grid = figure.add_gridspec(3, 4)
    left = grid[:2, :2].subgridspec(2, 1, height_ratios=(1, 3.2))
    _draw_table(scores.values, own, beside, figure.add_subfigure(left[0]).subplots())
    contours = _part(figure, left[1], "Pairs of components")
    _or_reason(lambda: contour_panels(points, own, contours, seed), contours)
    places = [grid[0, 2], grid[0, 3], grid[1, 2], grid[1, 3], *(grid[2, column] for column in range(4))]
    for place, (name, draw) in zip(places, _panels(points, own, scores, seed).items(), strict=True):
        ax = _part(figure, place, name).subplots()
        _or_reason(partial(draw, ax), ax)


def _part(figure: Figure, place: SubplotSpec, title: str) -> SubFigure:
    part = figure.add_subfigure(place)
    part.suptitle(title, fontsize=TEXT + 1, fontweight="bold", color=INK, x=0.005, ha="left")
    return part


def _panels(points: np.ndarray, own: Moments, scores: Scores, seed: int) -> dict[str, Callable[[Axes], None]]:
    """Title to what draws the panel, in reading order."""
    squared = cache(lambda: drawn_distances(points, own, seed))
    return {
        "Dominant components": lambda ax: marginal_panel(points, own, ax),
        "Correlations": lambda ax: correlation_panel(own, ax),
        "Squared distances from the center": lambda ax: quantile_panel(squared(), own, ax),
        "Distances from the center": lambda ax: radius_panel(squared(), own, ax),
        "Distances from the origin": lambda ax: norm_panel(points, own, ax, seed),
        "Principal components": lambda ax: spectrum_panel(own, ax),
        "Core or tail": lambda ax: draw_core_profile(_measured(scores.profile, "core/", scores), ax),
        "Worst direction": lambda ax: draw_worst_direction(_measured(scores.worst, "pursuit/", scores), ax),
    }


def _measured(part: Any, family: str, scores: Scores) -> Any:
    """What the scores hold. Raises DegenerateError with the reason why they do not."""
    if part is None:
        reasons = (reason for name, reason in scores.omitted.items() if name.startswith(family))
        raise DegenerateError(next(reasons, "not measured"))
    return part


def _or_reason(draw: Callable[[], None], place: Axes | SubFigure) -> None:
    """Draws, or writes why it cannot be drawn."""
    try:
        draw()
    except DegenerateError as error:
        if isinstance(place, Axes):
            place.set_axis_off()
        place.text(0.5, 0.5, fill(str(error), 40), ha="center", va="center", fontsize=TEXT, color=FAINT)


def _draw_table(values: dict[str, float], own: Moments, beside: Mapping[str, Mapping[str, float]], ax: Axes) -> None:
    """A row for each headline: value, interval, what others score, mean and sd of normal clouds, gap."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(-len(PERFECT), 1.4))
    words = f"n = {own.n:,}   d = {own.d:,}   dotted: a normal distribution with the same mean and covariance"
    ax.text(0, 1.05, words, fontsize=TEXT + 1, color=INK)
    others = [name for name in beside if beside[name]]
    heads = ("", "value", "95 % interval", *others, "normal clouds", "gap in sd")
    edges = COLUMNS[len(others) > 0]
    places = (*edges[:3], *np.linspace(edges[2], edges[3], len(others) + 1)[1:], *edges[4:])
    for name, x in zip(heads, places, strict=True):
        ax.text(x, 0.25, name, ha="right" if x else "left", fontsize=TEXT, color=FAINT)
    ax.axhline(0.05, color=FAINT, linewidth=0.8)
    for row, name in enumerate(PERFECT):
        cells = _row(name, values, [beside[other].get(name) for other in others])
        for column, (text, x) in enumerate(zip(cells, places, strict=True)):
            weight = "bold" if column == 1 else "normal"
            ax.text(x, -0.75 - row, text, ha="right" if x else "left", fontsize=TEXT + 1, fontweight=weight, color=INK)


def _row(name: str, values: dict[str, float], others: Sequence[float | None]) -> list[str]:
    """The cells of a headline's row; MISSING for numbers that are not there."""

    def written(form: str, *endings: str) -> str:
        keys = [name + ending for ending in endings]
        return form.format(*(values[key] for key in keys)) if all(key in values for key in keys) else MISSING

    # Normal clouds with this mean and covariance lie as far from the origin, whatever was measured.
    normal = (written("{:.4f} ± {:.4f}", "_null", "_null_sd"), written("{:z.1f}", "_gap_sds").replace("-", "−"))
    return [
        name.replace("_", " "),
        written("{:.4f}", ""),
        written("{:.4f} – {:.4f}", "_low", "_high"),
        *(MISSING if other is None else f"{other:.3f}" for other in others),
        *(("", SAME) if name == "off_origin_distance" else normal),
    ]
