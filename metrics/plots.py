"""Pictures of how normal a cloud of vectors is: each function draws on given axes or a given figure, and saves nothing.

They work with any `matplotlib.figure.Figure`, with no pyplot state. Where a measure raises DegenerateError
(`metrics.moments`), so does its picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike
from scipy import stats

from metrics.contours import (
    BIN,
    CELLS,
    HALF_WIDTH,
    WIDENING,
    density_thresholds,
    level_agreement,
    pair_root,
    random_pairs,
    smoothed_density,
    whitened_pair,
)
from metrics.marginals import marginals
from metrics.moments import Moments, as_points, mahalanobis_squared, moments

LEVELS = (1.0, 1.5, 2.0, 2.5, 3.0)
# Blue and vermilion of Okabe and Ito (2008): told apart by colour-blind readers.
DATA, MODEL, INK, FAINT = "#0072B2", "#D55E00", "#333333", "#999999"


def _quiet(ax: Axes, xlabel: str, ylabel: str) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=8, color=FAINT, length=3)
    ax.set_xlabel(xlabel, fontsize=9, color=INK)
    ax.set_ylabel(ylabel, fontsize=9, color=INK)


def _legend(ax: Axes, handles: list[Artist], labels: list[str], **options: Any) -> None:
    ax.legend(handles, labels, fontsize=8, frameon=False, labelcolor=INK, **options)


def dominant_components(moments: Moments, count: int = 8) -> np.ndarray:
    """Components (count,) with the largest root mean square value, far off the origin or wide; largest first."""
    return np.argsort(-(moments.mean**2 + moments.sd**2), kind="stable")[:count]


def draw_marginals(latents: ArrayLike, ax: Axes) -> None:
    """The dominant components one above the other: density (filled), normal of its mean and sd (dotted), KS distance.

    Each is scaled to the height of its normal, all share the axis of values.
    """
    points = as_points(latents)
    shown = dominant_components(moments(points))
    columns = points[:, shown].astype(np.float64)
    each = marginals(columns, moments(columns))
    for row, (mean, sd) in enumerate(zip(each.mean, each.sd, strict=True)):
        base = len(shown) - 1.0 - row
        edges = np.linspace(mean - 4 * sd, mean + 4 * sd, 61)
        density = np.histogram(columns[:, row], edges)[0] / len(columns) / np.diff(edges)
        height = 0.8 * sd * np.sqrt(2 * np.pi)
        bars = ax.stairs(base + height * density, edges, baseline=base, fill=True, color=DATA, alpha=0.35)
        (line,) = ax.plot(edges, base + height * stats.norm.pdf(edges, mean, sd), ":", color=MODEL, linewidth=1.3)
        ax.text(1.01, base + 0.1, f"KS {each.ks[row]:.3f}", transform=ax.get_yaxis_transform(), fontsize=8, color=INK)
    ax.axvline(0, color=FAINT, linewidth=0.6, zorder=0)
    _quiet(ax, "value", "")
    ax.spines.left.set_visible(False)
    ax.set_yticks(np.arange(len(shown)), [f"component {c}" for c in shown[::-1]])
    _legend(ax, [bars, line], ["latents", "normal, same mean and sd"], loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def draw_contours(latents: ArrayLike, figure: Figure, seed: int = 0) -> None:
    """Two rows of three pairs, the most correlated above random ones: density contours over k-sigma ellipses.

    With fewer than 6 pairs of components, those there are. Takes the whole figure; 9 x 6.6 inches suit it.
    """
    points, own = as_points(latents), moments(latents)
    pairs = _shown_pairs(own, seed)
    axes = figure.subplots(2, 3).ravel()
    for ax, pair in zip(axes, pairs, strict=False):
        draw_contour_pair(points, own, pair, ax)
    for ax in axes[len(pairs) :]:
        ax.set_axis_off()
    handles = [
        Line2D([], [], color=DATA, linewidth=1.3, label="density contours"),
        Line2D([], [], color=MODEL, linewidth=1.3, linestyle=":", label="ellipses of 1, 1.5, 2, 2.5, 3 sigma"),
        Line2D([], [], color=MODEL, marker="o", linestyle="", markersize=5, label="center"),
        Line2D([], [], color=INK, marker="+", linestyle="", markersize=9, label="origin"),
    ]
    figure.set_layout_engine("constrained")
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9, frameon=False, labelcolor=INK)


def _shown_pairs(moments: Moments, seed: int) -> np.ndarray:
    """The three most correlated pairs, then three others at random, (6, 2) or fewer."""
    i, j = np.triu_indices(moments.d, 1)
    order = np.argsort(-np.abs(moments.correlation[i, j]), kind="stable")
    top = np.column_stack([i, j])[order[:3]]
    others = random_pairs(moments.d, 6, np.random.default_rng(seed))
    new = ~(others[:, None] == top).all(axis=2).any(axis=1)
    return np.concatenate([top, others[new][:3]])


def draw_contour_pair(points: np.ndarray, moments: Moments, pair: np.ndarray, ax: Axes) -> None:
    """One pair as `contour_agreement` sees it: highest-density contours (solid), k-sigma ellipses (dotted), the IoU.

    points: (n, d) and their moments. Both sides carry the smoothing, so that for a normal cloud they coincide.
    """
    density = smoothed_density(whitened_pair(points, moments, pair))
    columns = np.asarray(pair)
    back = moments.sd[columns][:, None] * pair_root(moments, pair)
    centers = (np.arange(CELLS) + 0.5) * BIN - HALF_WIDTH
    grid = np.stack(np.meshgrid(centers, centers, indexing="ij"))
    x, y = np.einsum("ab,bij->aij", back, grid) + moments.mean[columns][:, None, None]
    thresholds = np.unique(density_thresholds(density, LEVELS))
    ax.contour(x, y, density, levels=thresholds, colors=DATA, linewidths=1.0)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = WIDENING * np.stack([np.cos(angle), np.sin(angle)])
    for level in LEVELS:
        ax.plot(*(level * back @ circle + moments.mean[columns][:, None]), color=MODEL, linestyle=":", linewidth=1.3)
    ax.plot(*moments.mean[columns], "o", color=MODEL, markersize=4)
    ax.plot(0, 0, "+", color=INK, markersize=8)
    low, high = moments.mean - 4.8 * moments.sd, moments.mean + 4.8 * moments.sd
    i, j = columns
    ax.set_xlim(min(low[i], -0.5 * moments.sd[i]), max(high[i], 0.5 * moments.sd[i]))
    ax.set_ylim(min(low[j], -0.5 * moments.sd[j]), max(high[j], 0.5 * moments.sd[j]))
    _quiet(ax, f"component {i}", f"component {j}")
    iou = level_agreement(density, LEVELS).mean()
    ax.set_title(f"r = {moments.correlation[i, j]:z.2f}    agreement {iou:.2f}", fontsize=9, color=INK, loc="left")


def draw_quantiles(latents: ArrayLike, ax: Axes) -> None:
    """Quantiles of the squared Mahalanobis distance over those of chi-square; a normal cloud lies on the diagonal."""
    points, own = as_points(latents), moments(latents)
    squared = np.sort(mahalanobis_squared(points, own))
    # All of both tails, where the news is, and a few hundred of the many in between.
    every = np.arange(own.n)
    rank = np.unique(np.concatenate([every[:50], every[-50:], np.linspace(0, own.n - 1, 400).astype(int)]))
    expected = stats.chi2(own.d).ppf((rank + 0.5) / own.n)
    ends = [expected[0], expected[-1]]
    (line,) = ax.plot(ends, ends, ":", color=MODEL, linewidth=1.5)
    (dots,) = ax.plot(expected, squared[rank], "o", color=DATA, markersize=2.5, markeredgewidth=0)
    _quiet(ax, f"quantile of chi-square, {own.d} degrees of freedom", "quantile of squared Mahalanobis distance")
    _legend(ax, [dots, line], ["latents", "normal"], loc="upper left")


def draw_radii(latents: ArrayLike, ax: Axes) -> None:
    """Histogram of the Mahalanobis distances and the chi density (dotted) that those of a normal cloud follow."""
    points, own = as_points(latents), moments(latents)
    radii = np.sqrt(mahalanobis_squared(points, own))
    model = stats.chi(own.d)
    low, high = min(radii.min(), model.ppf(1e-4)), max(radii.max(), model.ppf(1 - 1e-4))
    edges = np.linspace(low, high, 81)
    density = np.histogram(radii, edges)[0] / own.n / np.diff(edges)
    bars = ax.stairs(density, edges, fill=True, color=DATA, alpha=0.35)
    x = np.linspace(low, high, 400)
    (line,) = ax.plot(x, model.pdf(x), ":", color=MODEL, linewidth=1.5)
    ax.set_ylim(bottom=0)
    _quiet(ax, "Mahalanobis distance from the center", "density")
    _legend(ax, [bars, line], ["latents", f"normal in {own.d} components"])
