"""What all pictures share: colours, axes, legends, histograms, and how many points a costly picture looks at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

# Blue, vermilion and green of Okabe and Ito (2008): told apart by colour-blind readers.
DATA, MODEL, OTHER, INK, FAINT = "#0072B2", "#D55E00", "#009E73", "#333333", "#999999"
TEXT, SMALL = 10, 9
# Points that Mahalanobis distances are computed for, and that comparison samples have: with this many the edge of a
# histogram's bar is off by 1 % of the highest bar, and no picture shows more.
DRAWN_POINTS = 20_000


def quiet(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Two thin spines, small ticks, labels in ink."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=SMALL, color=FAINT, length=3)
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)


def legend(ax: Axes, handles: Sequence[Artist], labels: Sequence[str], columns: int = 3) -> None:
    """In rows above the axes, where no data are."""
    ax.legend(
        handles,
        labels,
        ncols=columns,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        fontsize=SMALL,
        labelcolor=INK,
        frameon=False,
        handlelength=1.5,
        columnspacing=1.2,
        markerscale=1.6,
        borderpad=0,
    )


def decimals(value: float, count: int = 2) -> str:
    """The number with so many decimals, a real minus sign, and no minus before zero."""
    return f"{value:z.{count}f}".replace("-", "−")


def histogram_edges(low: float, high: float, n: int) -> np.ndarray:
    """Edges of equal bins: twice the cube root of n of them (Rice's rule), 10 to 80."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, int(np.clip(2 * np.cbrt(n), 10, 80)) + 1)


def density(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Density in each bin; values outside count as well, so that it integrates to less than 1 then."""
    return np.histogram(values, edges)[0] / values.size / np.diff(edges)


def bars(ax: Axes, values: np.ndarray, edges: np.ndarray) -> Artist:
    """The density of measured values, filled."""
    return ax.stairs(density(values, edges), edges, fill=True, color=DATA, alpha=0.35)
