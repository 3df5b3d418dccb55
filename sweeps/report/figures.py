"""What a report draws of a comparison: effects, and cells beside each other."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metrics.plots import DATA, FAINT, INK
from metrics.plots.style import SMALL, TEXT, quiet
from sweeps.analysis.answer import decimals
from sweeps.analysis.cells import Cell
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.effects import Effect, Effects, Estimate
from sweeps.errors import SweepError
from sweeps.report.embed import PAPER, name
from sweeps.report.text import as_number
from sweeps.spec.display import short_name
from sweeps.spec.goals import goal_of

# The cells that are shown by themselves, in colors of Okabe and Ito (2008) that hold on white and on black.
COLORS = {"best": DATA, "median": "#E69F00", "worst": "#CC79A7"}
WIDTH, LABEL_WIDTH = 10.0, 34
# Behind words that lines run through; `as_svg` gives it the color of the page.
BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
# An axis with more levels names its ends alone.
NAMED = 8


def marked(groups: Sequence[Cell]) -> dict[str, Cell]:
    """The best, median and worst of the ranked cells, each once. groups: from worst to best."""
    rated = [group for group in reversed(groups) if group.rank is not None]
    places = {"best": 0, "worst": len(rated) - 1, "median": len(rated) // 2}
    found: dict[str, Cell] = {}
    for mark, place in places.items():
        if rated and rated[place] not in found.values():
            found[mark] = rated[place]
    return {mark: found[mark] for mark in COLORS if mark in found}


def is_higher_better(comparison: Comparison, metric: str) -> bool | None:
    """None where the metric's name does not tell."""
    goals = {asked.name: asked.goal for asked in comparison.ranking}
    try:
        return (goals.get(metric) or goal_of(metric)) == "maximize"
    except SweepError:
        return None


def legend(figure: Figure, comparison: Comparison, *more: Line2D) -> None:
    """The marked cells above a figure, and what else there is."""
    lines = [
        Line2D([], [], color=COLORS[mark], linewidth=2, label=f"{mark}: {_short(group.label)}")
        for mark, group in marked(comparison.groups).items()
    ]
    if len(comparison.groups) > len(lines):
        lines.append(Line2D([], [], color=FAINT, linewidth=1, label="other cells"))
    figure.legend(
        handles=[*lines, *more], loc="outside upper left", ncols=2, fontsize=SMALL, frameon=False, labelcolor=INK
    )


def _short(label: str) -> str:
    return textwrap.shorten(label, 60, placeholder=" ...")


def style_of(comparison: Comparison, group: Cell) -> dict[str, object]:
    """Color, width and place of a cell's line."""
    mark = next((mark for mark, cell in marked(comparison.groups).items() if cell is group), None)
    if mark is None:
        return {"color": FAINT, "linewidth": 0.8, "zorder": 1, "alpha": 0.7}
    return {"color": COLORS[mark], "linewidth": 2, "zorder": 3}


def words_of(comparison: Comparison, group: Cell, metrics: Sequence[str]) -> str:
    """A cell's label and its means of these metrics: what it says when a pointer comes near."""
    known = [(metric, group.summaries[metric]) for metric in metrics if metric in group.summaries]
    means = [f"{short_name(metric)} {summary.mean:.{decimals(comparison, metric)}f}" for metric, summary in known]
    return " · ".join([group.label, *means])


# --- effects -----------------------------------------------------------------------------------------------------


def draw_effects(comparison: Comparison) -> Figure:
    """Each effect that is one number or a few, on each metric, with its 95 % interval: a column a metric."""
    rows = _rows(comparison.effects)
    figure = Figure(figsize=(WIDTH, 1.2 + 0.32 * sum(1 + text.count("\n") for text in rows.values())))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, len(comparison.effects), sharey=True, squeeze=False)[0]
    for ax, found in zip(panels, comparison.effects, strict=True):
        _draw_estimates(ax, found, list(rows))
        _name_panel(ax, comparison, found.metric)
    panels[0].set_yticks(range(len(rows)), rows.values())
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    return figure


def _rows(found: Sequence[Effects]) -> dict[tuple[str, str], str]:
    """Effect and estimate to the words beside them. Interactions of more than one number stand in the tables."""
    shown: dict[tuple[str, str], str] = {}
    for effect in (effect for metric in found for effect in metric.effects if _is_drawn(effect)):
        for estimate in effect.estimates:
            words = f"{effect.name}: {estimate.label}"
            shown[effect.name, estimate.label] = "\n".join(textwrap.wrap(words, LABEL_WIDTH))
    return shown


def _is_drawn(effect: Effect) -> bool:
    return len(effect.parameters) == 1 or len(effect.estimates) == 1


def has_effects(comparison: Comparison) -> bool:
    """Whether there is anything for `draw_effects`."""
    return bool(_rows(comparison.effects))


def _draw_estimates(ax: Axes, found: Effects, rows: Sequence[tuple[str, str]]) -> None:
    ax.axvline(0, color=FAINT, linewidth=0.8)
    for effect in filter(_is_drawn, found.effects):
        for estimate in effect.estimates:
            y = rows.index((effect.name, estimate.label))
            if estimate.low is not None and estimate.high is not None:
                ax.plot([estimate.low, estimate.high], [y, y], color=DATA, linewidth=1.6, solid_capstyle="butt")
            face = DATA if effect.is_told else "none"
            (point,) = ax.plot([estimate.value], [y], "o", color=DATA, markerfacecolor=face, markersize=6)
            name(point, f"{effect.name}: {estimate.label} · {short_name(found.metric)} {_interval(estimate)}")


def _interval(estimate: Estimate) -> str:
    between = "" if estimate.low is None else f" ({estimate.low:+.2g} to {estimate.high:+.2g})"
    return f"{estimate.value:+.2g}{between}"


def _name_panel(ax: Axes, comparison: Comparison, metric: str) -> None:
    good = "nearer" if metric.endswith("off_origin_distance") else "better"
    better = {True: f"{good} →", False: f"← {good}", None: ""}[is_higher_better(comparison, metric)]
    quiet(ax, better, "")
    ax.set_title(short_name(metric), fontsize=TEXT, color=INK, fontweight="bold")
    ax.locator_params(axis="x", nbins=3)
    ax.margins(x=0.12)


# --- cells -------------------------------------------------------------------------------------------------------


def draw_parallel(comparison: Comparison) -> Figure:
    """Parallel coordinates: a line a cell through its parameters and its metrics, better upwards."""
    groups = comparison.groups
    axes = [*groups[0].values, *comparison.metrics]
    figure = Figure(figsize=(WIDTH, 4.2))
    figure.set_layout_engine("constrained")
    ax = figure.subplots()
    heights = np.array([_heights(comparison, axis, ax, x) for x, axis in enumerate(axes)])
    for group, column in zip(groups, heights.T, strict=True):
        (line,) = ax.plot(range(len(axes)), column, **style_of(comparison, group))  # type: ignore[arg-type]
        name(line, words_of(comparison, group, comparison.metrics))
    ax.set_xticks(range(len(axes)), [_axis_name(axis) for axis in axes], fontsize=TEXT, color=INK)
    ax.set_xlim(-0.4, len(axes) - 0.4)
    ax.set_ylim(-0.1, 1.1)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=10)
    legend(figure, comparison)
    return figure


def _axis_name(axis: str) -> str:
    return short_name(axis) if "/" in axis else axis.split(".")[1]


def _heights(comparison: Comparison, axis: str, ax: Axes, x: int) -> list[float]:
    """Where each cell's line crosses an axis, 0 to 1, NaN where it has no value; draws the axis."""
    ax.axvline(x, color=FAINT, linewidth=0.8, zorder=0)
    if axis in comparison.groups[0].values:
        return _levels([group.values[axis] for group in comparison.groups], ax, x)
    return _means(comparison, axis, ax, x)


def _levels(values: Sequence[str], ax: Axes, x: int) -> list[float]:
    levels = sorted(set(values), key=as_number)
    places = {level: i / (len(levels) - 1) if len(levels) > 1 else 0.5 for i, level in enumerate(levels)}
    for level in levels if len(levels) <= NAMED else (levels[0], levels[-1]):
        ax.text(
            x, places[level], level or "-", fontsize=SMALL, color=INK, ha="center", va="center", bbox=BEHIND, zorder=5
        )
    return [places[value] for value in values]


def _means(comparison: Comparison, metric: str, ax: Axes, x: int) -> list[float]:
    known = [g.summaries[metric].mean if metric in g.summaries else np.nan for g in comparison.groups]
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    if is_higher_better(comparison, metric) is False:
        low, high = high, low
    for value, y, side in ((low, -0.02, "top"), (high, 1.02, "bottom")):
        ax.text(x, y, f"{value:.3g}", fontsize=SMALL, color=INK, ha="center", va=side, bbox=BEHIND, zorder=5)
    return [0.5 if low == high else (value - low) / (high - low) for value in known]


def draw_pairs(comparison: Comparison) -> Figure:
    """Each two metrics against each other: a point a cell, its mean, and bars of an sd over its seeds."""
    names = comparison.metrics
    size = len(names) - 1
    figure = Figure(figsize=(WIDTH, 0.9 + 2 * size if size > 1 else WIDTH / 2))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(size, size, squeeze=False)
    for row, column in itertools.product(range(size), repeat=2):
        ax = panels[row][column]
        if column > row:
            ax.set_axis_off()
            continue
        _draw_pair(ax, comparison, names[column], names[row + 1])
        below, left = row == size - 1, column == 0
        quiet(ax, short_name(names[column]) if below else "", short_name(names[row + 1]) if left else "")
        ax.tick_params(labelbottom=below, labelleft=left)
        ax.locator_params(nbins=3)
    legend(figure, comparison)
    return figure


def _draw_pair(ax: Axes, comparison: Comparison, x: str, y: str) -> None:
    for group in comparison.groups:
        if x in group.summaries and y in group.summaries:
            a, b = group.summaries[x], group.summaries[y]
            style = style_of(comparison, group)
            drawn = ax.errorbar(a.mean, b.mean, xerr=a.sd, yerr=b.sd, fmt="o", markersize=4, elinewidth=0.7, **style)  # type: ignore[arg-type]
            name(drawn.lines[0], words_of(comparison, group, (x, y)))
