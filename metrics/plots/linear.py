"""What the covariance holds: correlations of components and the spectrum of principal components."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike
from scipy.cluster.hierarchy import leaves_list, linkage

from metrics.correlations import counts_above
from metrics.moments import RANK_TOLERANCE, DegenerateError, Moments, moments
from metrics.pca import effective_dimension, spectrum
from metrics.plots.style import DATA, FAINT, INK, MODEL, SMALL, TEXT, decimals, legend, quiet

COUNTED = (0.1, 0.3, 0.5)
# The colours end at the first of these that holds 99 % of the correlations, so that pictures of runs compare.
LIMITS = (0.1, 0.2, 0.5, 1.0)
# A heat map has no more rows than pictures have pixels for.
LARGEST_MAP = 400


def draw_correlations(latents: ArrayLike, ax: Axes) -> None:
    """Heat map of the correlations, related components side by side, and the number of pairs above each of COUNTED.

    Order: leaves of average linkage on 1 - |r|. The diagonal is left white. With more than LARGEST_MAP components
    a cell shows the strongest of the correlations that fall into it. Raises DegenerateError for 1 component and for
    constant ones. 6 x 5 inches suit it.
    """
    correlation_panel(moments(latents), ax)


def correlation_panel(own: Moments, ax: Axes) -> None:
    """`draw_correlations` of the moments."""
    if own.d == 1:
        raise DegenerateError("1 component has no correlations; they need at least 2 components")
    order = related_order(own.correlation)
    ordered = np.clip(own.correlation[np.ix_(order, order)], -1, 1)
    np.fill_diagonal(ordered, 0)
    _draw_map(ordered, ax)
    _name_components(ordered, order, ax)
    counts = "   ".join(f"{x}: {count:,}" for x, count in zip(COUNTED, counts_above(own, COUNTED), strict=True))
    lines = [
        f"{own.d:,} components, related ones adjacent",
        f"pairs: {own.d * (own.d - 1) // 2:,}, of these with |r| above",
        counts,
    ]
    ax.set_xlabel("\n".join(lines), fontsize=SMALL, color=INK)


def _draw_map(ordered: np.ndarray, ax: Axes) -> None:
    """The matrix in colours, white at 0, with its color bar."""
    d = len(ordered)
    strength = np.abs(ordered[np.triu_indices(d, 1)])
    limit = next(x for x in LIMITS if x >= np.quantile(strength, 0.99))
    image = ax.imshow(
        strongest(ordered, LARGEST_MAP),
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        extent=(-0.5, d - 0.5, d - 0.5, -0.5),
        interpolation="nearest",
    )
    assert ax.figure is not None
    bar = ax.figure.colorbar(image, ax=ax, extend="both" if strength.max() > limit else "neither", shrink=0.9)
    bar.ax.tick_params(colors=INK, labelsize=SMALL, color=FAINT, length=3)
    bar.locator = MaxNLocator(4)
    bar.outline.set_visible(False)
    bar.set_label("correlation", fontsize=TEXT, color=INK)


def related_order(correlation: np.ndarray) -> np.ndarray:
    """An order (d,) of 2 or more components that puts the strongly correlated side by side, whatever the sign."""
    distances = np.clip(1 - np.abs(correlation[np.triu_indices(len(correlation), 1)]), 0, 1)
    return leaves_list(linkage(distances, "average"))


def strongest(matrix: np.ndarray, cells: int) -> np.ndarray:
    """The square matrix in at most `cells` rows and columns, each cell the value of largest size in its block."""
    step = -(-len(matrix) // cells)
    k = -(-len(matrix) // step)
    padded = np.pad(matrix, (0, k * step - len(matrix)))
    blocks = padded.reshape(k, step, k, step).swapaxes(1, 2).reshape(k, k, step * step)
    return np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[:, :, None], axis=2)[:, :, 0]


def _name_components(ordered: np.ndarray, order: np.ndarray, ax: Axes) -> None:
    """Numbers of the components where there is room for them, and the correlations where there is for those."""
    d = len(order)
    quiet(ax, "", "")
    ax.spines[:].set_visible(False)
    ticks = range(d) if d <= 20 else []
    ax.set_xticks(ticks, [str(c) for c in order[: len(ticks)]])
    ax.set_yticks(ticks, [str(c) for c in order[: len(ticks)]])
    ax.tick_params(length=0)
    if d <= 8:
        for row, column in np.argwhere(~np.eye(d, dtype=bool)):
            r = ordered[row, column]
            ax.text(column, row, decimals(r), ha="center", va="center", fontsize=7, color=INK)


def draw_spectrum(latents: ArrayLike, ax: Axes) -> None:
    """Variances of the principal components (log scale, dots), their cumulative share (line), effective dimension.

    Dotted: the variances of an isotropic normal cloud of the same n, d and total variance (Marchenko and Pastur 1967).
    Raises DegenerateError where all points are the same. 6 x 4.2 inches suit it.
    """
    spectrum_panel(moments(latents), ax)


def spectrum_panel(own: Moments, ax: Axes) -> None:
    """`draw_spectrum` of the moments."""
    values = spectrum(own).variances
    # At most n - 1 differ from 0, and rounding has no place on a logarithmic axis.
    rank = int((values > RANK_TOLERANCE * values[0]).sum())
    isotropic = values.sum() / own.d * marchenko_pastur(own.n - 1, own.d)
    effective = effective_dimension(values)
    (line,) = ax.plot(np.arange(1, isotropic.size + 1), isotropic, ":", color=MODEL, linewidth=1.5)
    (dots,) = ax.plot(np.arange(1, rank + 1), values[:rank], "o", color=DATA, markersize=3, markeredgewidth=0)
    mark = ax.axvline(effective, color=INK, linewidth=0.8)
    curve = _draw_cumulative(values[:rank], ax.twinx())
    quiet(ax, "principal component", "variance")
    ax.set_xlim(0, rank + 1)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    _log_axis(min(values[rank - 1], isotropic[-1]), values[0], ax)
    labels = ["latents", "cumulative", "isotropic normal", f"effective dimension {effective:.1f}"]
    legend(ax, [dots, curve, line, mark], labels, columns=2)


def _draw_cumulative(values: np.ndarray, ax: Axes) -> Artist:
    (curve,) = ax.plot(np.arange(1, values.size + 1), np.cumsum(values) / values.sum(), color=FAINT, linewidth=1.2)
    quiet(ax, "", "cumulative share")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_ylim(0, 1.03)
    return curve


def _log_axis(low: float, high: float, ax: Axes) -> None:
    """Plain numbers on a logarithmic axis, also where it covers less than a decade."""
    ax.set_yscale("log")
    ax.set_ylim(low / 1.6, high * 1.6)
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 30 * low else (1.0,)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def marchenko_pastur(n: int, d: int) -> np.ndarray:
    """Variances of the principal components, descending, of n degrees of freedom of N(0, I) in d components.

    The min(n, d) that are not 0, as the middles of equal parts of the limiting law (Marchenko and Pastur 1967).
    """
    ratio, count = d / n, min(n, d)
    # With this angle the law's two square-root edges become smooth.
    angle = np.linspace(0, np.pi, 20_001)
    value = 1 + ratio + 2 * np.sqrt(ratio) * np.cos(angle)
    mass = np.cumsum(np.sin(angle) ** 2 / np.maximum(value, 1e-12))
    return np.interp((np.arange(count) + 0.5) / count, mass / mass[-1], value)
