"""How far the points lie from their center and from the origin, against normal and uniform vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from scipy import stats

from metrics.moments import DegenerateError, Moments, as_points, mahalanobis_squared, moments, row_slices, subsample
from metrics.pca import spectrum
from metrics.plots.style import DATA, DRAWN_POINTS, MODEL, OTHER, bars, histogram_edges, legend, quiet


def draw_quantiles(latents: ArrayLike, ax: Axes, seed: int = 0) -> None:
    """Quantiles of the squared Mahalanobis distance over those of chi-square; a normal cloud lies on the dotted line.

    The line is the diagonal where n is far above d, and the exact law of a normal cloud's distances at any n.
    Of more than DRAWN_POINTS points so many at random, by the moments of all. 6 x 5 inches suit it.
    """
    own = moments(latents)
    quantile_panel(drawn_distances(as_points(latents), own, seed), own, ax)


def draw_radii(latents: ArrayLike, ax: Axes, seed: int = 0) -> None:
    """Histogram of the Mahalanobis distances and the density (dotted) that those of a normal cloud of this n follow.

    Of more than DRAWN_POINTS points so many at random, by the moments of all. 6 x 4.2 inches suit it.
    """
    own = moments(latents)
    radius_panel(drawn_distances(as_points(latents), own, seed), own, ax)


def draw_norms(latents: ArrayLike, ax: Axes, seed: int = 0) -> None:
    """Histograms of |x|, the distance from the origin, of latents, N(m, S) and uniform vectors, all of one height.

    The uniform ones fill [-b, b]^d with b = sqrt(3 mean|x|^2 / d): in many components they lie on a thin sphere, on
    which the latents need not lie. Comparison samples have DRAWN_POINTS points. Raises DegenerateError where all
    points are 0. 6 x 4.2 inches suit it.
    """
    norm_panel(as_points(latents), moments(latents), ax, seed)


def drawn_distances(points: np.ndarray, own: Moments, seed: int = 0, drawn: int = DRAWN_POINTS) -> np.ndarray:
    """Squared Mahalanobis distances of at most `drawn` points at random, by the moments of all; ascending.

    Raises DegenerateError without an invertible covariance, or where n = d + 1: all distances are the same then.
    """
    if own.n == own.d + 1:
        raise DegenerateError(
            f"{own.n} points in {own.d} components all have the same Mahalanobis distance; "
            f"use more than {own.n} points, or fewer components"
        )
    rows = subsample(own.n, drawn, np.random.default_rng(seed))
    return np.sort(mahalanobis_squared(points if len(rows) == own.n else points[rows], own))


def normal_distances(n: int, d: int) -> stats.rv_continuous:
    """Law of a normal cloud's squared Mahalanobis distances by its own moments (Gnanadesikan and Kettenring 1972).

    A Beta, near chi-square with d degrees of freedom for n far above d.
    """
    return stats.beta(d / 2, (n - d - 1) / 2, scale=(n - 1) ** 2 / n)


def quantile_panel(squared: np.ndarray, own: Moments, ax: Axes) -> None:
    """`draw_quantiles` of squared Mahalanobis distances, ascending."""
    n = squared.size
    # All of both tails, where the news is, and a few hundred of the many in between.
    every = np.arange(n)
    rank = np.unique(np.concatenate([every[:50], every[-50:], np.linspace(0, n - 1, 400).astype(int)]))
    share = (rank + 0.5) / n
    expected = stats.chi2(own.d).ppf(share)
    (line,) = ax.plot(expected, normal_distances(own.n, own.d).ppf(share), ":", color=MODEL, linewidth=1.5)
    (dots,) = ax.plot(expected, squared[rank], "o", color=DATA, markersize=2.5, markeredgewidth=0)
    quiet(ax, f"quantile of chi-square with d = {own.d:,}", "squared Mahalanobis distance")
    legend(ax, [dots, line], ["latents", "normal"])


def radius_panel(squared: np.ndarray, own: Moments, ax: Axes) -> None:
    """`draw_radii` of squared Mahalanobis distances, ascending."""
    radii = np.sqrt(squared)
    law = normal_distances(own.n, own.d)
    low, high = min(radii[0], law.ppf(1e-4) ** 0.5), max(radii[-1], law.ppf(1 - 1e-4) ** 0.5)
    filled = bars(ax, radii, histogram_edges(low, high, radii.size))
    x = np.linspace(low, high, 400)
    (line,) = ax.plot(x, 2 * x * law.pdf(x**2), ":", color=MODEL, linewidth=1.5)
    ax.set_ylim(bottom=0)
    quiet(ax, "Mahalanobis distance from the center", "density")
    legend(ax, [filled, line], ["latents", "normal"])


def norm_panel(points: np.ndarray, own: Moments, ax: Axes, seed: int = 0) -> None:
    """`draw_norms` of points (n, d) and their moments."""
    norms = np.concatenate([np.linalg.norm(points[s].astype(np.float64), axis=1) for s in row_slices(*points.shape)])
    b = float(np.sqrt(3 * np.mean(norms**2) / own.d))
    if b == 0:
        raise DegenerateError("all points are 0; there is no sphere to compare them with")
    rng = np.random.default_rng(seed)
    drawn = replace(own, n=DRAWN_POINTS)
    normal, uniform = _normal_norms(drawn, rng), b * _uniform_norms(drawn, rng)
    edges = histogram_edges(norms.min(), norms.max(), norms.size)
    filled = ax.stairs(_to_one(norms, edges), edges, fill=True, color=DATA, alpha=0.35)
    (line,) = ax.plot(*_curve(normal), ":", color=MODEL, linewidth=1.5)
    (sphere,) = ax.plot(*_curve(uniform), color=OTHER, linewidth=1.2)
    ax.set_ylim(bottom=0)
    quiet(ax, "distance from the origin", "density over its maximum")
    legend(ax, [filled, line, sphere], ["latents", "normal", f"uniform in ±{b:.3g}"])


def _to_one(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Heights of the histogram's bars, the highest at 1."""
    counts = np.histogram(values, edges)[0]
    return counts / counts.max()


def _curve(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles and heights of such bars: few, each of so many points that they scatter by about 3 % at the top."""
    edges = np.linspace(values.min(), values.max(), 33)
    return (edges[1:] + edges[:-1]) / 2, _to_one(values, edges)


def _uniform_norms(shape: Moments, rng: np.random.Generator) -> np.ndarray:
    """Norms (n,) of vectors uniform in [-1, 1]^d."""
    return np.concatenate(
        [np.linalg.norm(rng.uniform(-1, 1, (s.stop - s.start, shape.d)), axis=1) for s in row_slices(shape.n, shape.d)]
    )


def _normal_norms(own: Moments, rng: np.random.Generator) -> np.ndarray:
    """Norms (n,) of vectors of N(m, S), drawn along the principal axes: norms do not change with a rotation."""
    axes = spectrum(own)
    sd, mean = np.sqrt(axes.variances), own.mean @ axes.axes
    return np.concatenate(
        [
            np.linalg.norm(mean + sd * rng.standard_normal((s.stop - s.start, own.d)), axis=1)
            for s in row_slices(own.n, own.d)
        ]
    )
