"""The view of the cloud that is farthest from normal."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy import stats

from metrics.plots.style import INK, MODEL, SMALL, bars, decimals, histogram_edges, legend, quiet
from metrics.pursuit import Direction


def draw_worst_direction(direction: Direction, ax: Axes) -> None:
    """Histogram of the held-out projections on the worst direction found, their normal (dotted), how far they differ.

    With the components that take part most, by their share of the squared weights. 6 x 4.2 inches suit it.
    """
    z = direction.projections
    mean, sd = z.mean(), z.std(ddof=1)
    low, high = min(z.min(), mean - 3.5 * sd), max(z.max(), mean + 3.5 * sd)
    filled = bars(ax, z, histogram_edges(low, high, z.size))
    x = np.linspace(low, high, 400)
    (line,) = ax.plot(x, stats.norm.pdf(x, mean, sd), ":", color=MODEL, linewidth=1.5)
    quiet(ax, "projection on the worst direction", "density")
    legend(ax, [filled, line], ["held-out latents", "normal"])
    # Room for words above the highest bar.
    ax.set_ylim(0, 1.45 * ax.get_ylim()[1])
    shape = (
        f"KS {decimals(direction.ks, 3)}\n"
        f"skewness {decimals(direction.skewness)}\n"
        f"excess kurtosis {decimals(direction.excess_kurtosis)}"
    )
    part = "\n".join(participants(direction.weights))
    ax.text(0.02, 0.99, shape, transform=ax.transAxes, ha="left", va="top", fontsize=SMALL, color=INK)
    ax.text(1, 0.99, part, transform=ax.transAxes, ha="right", va="top", fontsize=SMALL, color=INK)


def participants(weights: np.ndarray, count: int = 3) -> list[str]:
    """The components with the largest shares of the squared weights and those shares, from half a percent on."""
    share = weights**2 / (weights**2).sum()
    return [f"component {c}: {share[c]:.0%}" for c in np.argsort(-share, kind="stable")[:count] if share[c] >= 0.005]
