"""Density contours of pairs of components over the ellipses of their normals."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from metrics.contours import (
    BIN,
    CELLS,
    HALF_WIDTH,
    WIDENING,
    correlated_pairs,
    density_thresholds,
    level_agreement,
    pair_root,
    random_pairs,
    smoothed_density,
    whitened_pair,
)
from metrics.moments import DegenerateError, Moments, as_points, moments
from metrics.plots.style import DATA, INK, MODEL, SMALL, decimals, quiet

LEVELS = (1.0, 1.5, 2.0, 2.5, 3.0)


def draw_contours(latents: ArrayLike, figure: Figure, seed: int = 0) -> None:
    """Two rows of three pairs, the most correlated above random ones: density contours over k-sigma ellipses.

    With fewer than 6 pairs of components, those there are. Takes the whole figure; 9 x 6.6 inches suit it.
    """
    figure.set_layout_engine("constrained")
    contour_panels(as_points(latents), moments(latents), figure, seed)


def contour_panels(points: np.ndarray, own: Moments, figure: Figure | SubFigure, seed: int = 0) -> None:
    """`draw_contours` of points (n, d) and their moments, on a figure that a layout engine arranges."""
    if own.d == 1:
        raise DegenerateError("1 component has no pairs; contours need at least 2 components")
    pairs = _shown_pairs(own, seed)
    rows, columns = (2, 3) if len(pairs) > 3 else (1, len(pairs))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, pair in zip(axes, pairs, strict=False):
        draw_contour_pair(points, own, pair, ax)
    for ax in axes[len(pairs) :]:
        ax.set_axis_off()
    handles = [
        Line2D([], [], color=DATA, linewidth=1.3, label="density contours"),
        Line2D([], [], color=MODEL, linewidth=1.5, linestyle=":", label="ellipses of 1, 1.5, 2, 2.5, 3 sigma"),
        Line2D([], [], color=MODEL, marker="o", linestyle="", markersize=5, label="center"),
        Line2D([], [], color=INK, marker="+", linestyle="", markersize=9, label="origin"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=SMALL, frameon=False, labelcolor=INK)


def _shown_pairs(moments: Moments, seed: int) -> np.ndarray:
    """The three most correlated pairs, then three others at random, (6, 2) or fewer."""
    top = correlated_pairs(moments, 3)
    others = random_pairs(moments.d, 6, np.random.default_rng(seed))
    new = ~(others[:, None] == top).all(axis=2).any(axis=1)
    return np.concatenate([top, others[new][:3]])


def draw_contour_pair(points: np.ndarray, moments: Moments, pair: np.ndarray, ax: Axes) -> None:
    """One pair as `contour_agreement` sees it: highest-density contours (solid), k-sigma ellipses (dotted), the IoU.

    points: (n, d) and their moments. Both sides carry the smoothing, so that for a normal cloud they coincide.
    """
    columns = np.asarray(pair)
    i, j = columns
    density = smoothed_density(whitened_pair(points, moments, pair))
    back = moments.sd[columns][:, None] * pair_root(moments, pair)
    center = moments.mean[columns]
    _draw_density(density, back, center, ax)
    _draw_ellipses(back, center, ax)
    ax.plot(*center, "o", color=MODEL, markersize=4)
    ax.plot(0, 0, "+", color=INK, markersize=8)
    ax.set_xlim(_limits(moments, i))
    ax.set_ylim(_limits(moments, j))
    quiet(ax, f"component {i}", f"component {j}")
    iou = level_agreement(density, LEVELS).mean()
    ax.set_title(f"r {decimals(moments.correlation[i, j])}, agreement {iou:.2f}", fontsize=SMALL, color=INK, loc="left")


def _draw_density(density: np.ndarray, back: np.ndarray, center: np.ndarray, ax: Axes) -> None:
    """Contours of the whitened pair's density, mapped back to the pair by `back` (2, 2)."""
    centers = (np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH
    grid = np.stack(np.meshgrid(centers, centers, indexing="ij"))
    x, y = np.einsum("ab,bij->aij", back, grid) + center[:, None, None]
    ax.contour(x, y, density, levels=np.unique(density_thresholds(density, LEVELS)), colors=DATA, linewidths=1.0)


def _draw_ellipses(back: np.ndarray, center: np.ndarray, ax: Axes) -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = WIDENING * np.stack([np.cos(angle), np.sin(angle)])
    for level in LEVELS:
        ax.plot(*(level * back @ circle + center[:, None]), color=MODEL, linestyle=":", linewidth=1.5)


def _limits(moments: Moments, component: int) -> tuple[float, float]:
    """The cloud and the origin, with a margin around both."""
    mean, sd = moments.mean[component], moments.sd[component]
    return min(mean - 4.8 * sd, -0.5 * sd), max(mean + 4.8 * sd, 0.5 * sd)
