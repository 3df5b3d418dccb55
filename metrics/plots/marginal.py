"""The distributions of single components over their normals."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from scipy import stats

from metrics.marginals import dominant_components, marginals
from metrics.moments import Moments, as_points, moments
from metrics.plots.style import DATA, FAINT, INK, MODEL, SMALL, density, histogram_edges, legend, quiet


def draw_marginals(latents: ArrayLike, ax: Axes) -> None:
    """The dominant components one above the other: density (filled), normal of its mean and sd (dotted), KS distance.

    Each is scaled to the height of its normal, all share the axis of values. 6 x 5 inches suit it.
    """
    marginal_panel(as_points(latents), moments(latents), ax)


def marginal_panel(points: np.ndarray, own: Moments, ax: Axes) -> None:
    """`draw_marginals` of points (n, d) and their moments."""
    shown = dominant_components(own)
    columns = points[:, shown].astype(np.float64)
    each = marginals(columns, Moments(own.n, own.mean[shown], own.covariance[np.ix_(shown, shown)]))
    tops = [float(len(shown))]
    for row, ks in enumerate(each.ks):
        base = len(shown) - 1.0 - row
        top, handles = _draw_one(columns[:, row], each.mean[row], each.sd[row], base, ax)
        tops.append(top)
        words = f"KS {ks:.3f}"
        ax.text(1.01, base + 0.1, words, transform=ax.get_yaxis_transform(), fontsize=SMALL, color=INK)
    ax.axvline(0, color=FAINT, linewidth=0.6, zorder=0)
    quiet(ax, "value", "")
    ax.spines.left.set_visible(False)
    ax.set_yticks(np.arange(len(shown)), [f"component {c}" for c in shown[::-1]])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.1, 1.01 * max(tops))
    legend(ax, handles, ["latents", "normal"])


def _draw_one(column: np.ndarray, mean: float, sd: float, base: float, ax: Axes) -> tuple[float, list[Artist]]:
    """A component's histogram over its normal, standing on `base`; the top of its highest bar, and both artists."""
    height = 0.8 * sd * np.sqrt(2 * np.pi)
    edges = histogram_edges(mean - 4 * sd, mean + 4 * sd, column.size)
    top = base + height * density(column, edges)
    filled = ax.stairs(top, edges, baseline=base, fill=True, color=DATA, alpha=0.35)
    x = np.linspace(mean - 4 * sd, mean + 4 * sd, 200)
    (line,) = ax.plot(x, base + height * stats.norm.pdf(x, mean, sd), ":", color=MODEL, linewidth=1.5)
    return float(top.max()), [filled, line]
