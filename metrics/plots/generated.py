"""Where generated points lie among the latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from metrics.contours import BIN, CELLS, HALF_WIDTH, density_thresholds, pair_root, smoothed_density, whitened_pair
from metrics.moments import DegenerateError, Moments, as_points, moments
from metrics.plots.style import DATA, INK, MODEL, SMALL, TEXT, quiet

# Highest-density regions that hold as many points as the ellipses of 3, 2 and 1 sd of a normal, and their opacity.
LEVELS = {3.0: 0.13, 2.0: 0.3, 1.0: 0.5}
# How far the panels reach beyond the mean of the latents, in sd: some more than the outermost region of a normal.
REACH = 4.0


class Plane(NamedTuple):
    """Two components, the latents' density (c, c) in them at x, y (c, c), and the thresholds (k,) of its regions."""

    components: np.ndarray
    x: np.ndarray
    y: np.ndarray
    density: np.ndarray
    thresholds: np.ndarray


def draw_generated(latents: ArrayLike, generated: Mapping[str, np.ndarray], planes: np.ndarray, figure: Figure) -> None:
    """A row for each plane of two components, a column for each method: its points over the density of the latents.

    latents: (n, d). generated: method to points (m, d). planes: (p, 2) components. The blue regions hold 39, 86 and
    99 % of the latents' smoothed density, as the ellipses of 1, 2 and 3 sd do of a normal one (and up to 2 % more of
    the latents themselves, were they normal). The panels of a row have the same axes, which hold the latents, the
    origin and most of the generated points. Takes the whole figure; 2.3 inches for each column and row suit it.
    Raises ValueError without methods or for points of other components, DegenerateError without planes, or where a
    component is constant or determines its partner. Cost: `moments`, 0.3 s for 6 methods and 3 planes at n = 5,400.
    """
    points, own = as_points(latents), moments(latents)
    _check(generated, planes, own.d)
    figure.set_layout_engine("constrained")
    panels = figure.subplots(len(planes), len(generated), squeeze=False, sharex="row", sharey="row")
    for row, components in zip(panels, planes, strict=True):
        plane = _plane(points, own, np.asarray(components))
        for ax, drawn in zip(row, generated.values(), strict=True):
            _draw_panel(plane, own, drawn, ax)
        _set_limits(plane, own, generated, row[0])
        row[0].set_xlabel(f"component {components[0]}", fontsize=TEXT, color=INK)
        row[0].set_ylabel(f"component {components[1]}", fontsize=TEXT, color=INK)
    for ax, method in zip(panels[0], generated, strict=True):
        ax.set_title(method, fontsize=TEXT + 1, fontweight="bold", color=INK)
    _legend(figure)


def _check(generated: Mapping[str, np.ndarray], planes: np.ndarray, d: int) -> None:
    if not len(planes):
        raise DegenerateError("no plane to draw generated points in; give at least one pair of components that vary")
    if not generated:
        raise ValueError("no generated points; give those of at least one method")
    for method, points in generated.items():
        if points.ndim != 2 or points.shape[1] != d:
            raise ValueError(f"points of {method} have shape {points.shape}; give (m, {d}), as the latents have {d}")


def _plane(points: np.ndarray, own: Moments, components: np.ndarray) -> Plane:
    density = smoothed_density(whitened_pair(points, own, components))
    back = own.sd[components][:, None] * pair_root(own, components)
    centers = (np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH
    grid = np.stack(np.meshgrid(centers, centers, indexing="ij"))
    x, y = np.einsum("ab,bij->aij", back, grid) + own.mean[components][:, None, None]
    return Plane(components, x, y, density, density_thresholds(density, list(LEVELS)))


def _draw_panel(plane: Plane, own: Moments, drawn: np.ndarray, ax: Axes) -> None:
    i, j = plane.components
    levels = np.unique([*plane.thresholds, plane.density.max()])
    ax.contourf(plane.x, plane.y, plane.density, levels=levels, colors=_shades())
    # Many points are small ones, few are large: a cloud and a path are both to be seen.
    size = float(np.clip(50 / np.sqrt(len(drawn)), 1.5, 4.5))
    ax.plot(drawn[:, i], drawn[:, j], "o", color=INK, markersize=size, markeredgewidth=0, alpha=0.6)
    ax.plot(*own.mean[plane.components], "o", color=MODEL, markersize=6, markeredgecolor="white")
    ax.plot(0, 0, "+", color=MODEL, markersize=10, markeredgewidth=1.8)
    quiet(ax, "", "")


def _shades() -> list[tuple[float, float, float, float]]:
    return [to_rgba(DATA, opacity) for opacity in LEVELS.values()]


def _set_limits(plane: Plane, own: Moments, generated: Mapping[str, np.ndarray], ax: Axes) -> None:
    """The latents, the origin and 98 % of each method's points along either axis, with a margin of half an sd."""
    (left, right), (bottom, top) = (_ends(component, own, generated) for component in plane.components)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)


def _ends(component: int, own: Moments, generated: Mapping[str, np.ndarray]) -> tuple[float, float]:
    mean, sd = own.mean[component], own.sd[component]
    reached = [np.quantile(points[:, component], [0.01, 0.99]) for points in generated.values()]
    ends = np.concatenate([*reached, [0.0, mean - REACH * sd, mean + REACH * sd]])
    return ends.min() - sd / 2, ends.max() + sd / 2


def _legend(figure: Figure) -> None:
    regions = [Patch(color=color, linewidth=0) for color in _shades()]
    handles = [
        *regions,
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=3),
        Line2D([], [], color=MODEL, marker="o", linestyle="", markersize=6, markeredgecolor="white"),
        Line2D([], [], color=MODEL, marker="+", linestyle="", markersize=9, markeredgewidth=1.8),
    ]
    labels = ["99 %", "86 %", "39 % of the latents", "generated", "center", "origin"]
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=SMALL, frameon=False, labelcolor=INK)
