"""The null distributions of every size at once: interpolated in a table that comes with the package.

`python -m metrics.tabulate` made it, by simulation at a grid of numbers of points and of components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator, interp1d

from metrics.families import FAMILIES
from metrics.null import Null
from metrics.spread import sides

Interpolator = Callable[..., Callable[..., np.ndarray]]
TABLE = Path(__file__).with_name("nulls.npz")
# Fewer points for each component than this, and the covariance that is estimated of them shapes everything.
LEAST_RATIO = 1.95
# Relative variance of an sd that is smoothed over its neighbours in the table: what smoothing itself gets wrong, 10 %.
SMOOTHING = 0.01
# Slopes on either side of a node, one over the other, that make a corner there.
CORNER = 0.25
# The sd of what never varies, in the logarithm.
CONSTANT = 1e-12


@dataclass(frozen=True, eq=False)
class Table:
    """names (k,), logarithms of the sizes (a,) and dimensions (b,) of the grid, and of each measure there (a, b, k):

    mean, a logarithm of the distance from `limits` where these (k,) are known; log_sd; skewness; counts: samples that
    the sd is worth. least: (k,) logarithm of the smallest dimension that a measure is known at; ratio: (b, k) fewest
    points for each component.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, np.ndarray]
    limits: np.ndarray
    mean: np.ndarray
    log_sd: np.ndarray
    skewness: np.ndarray
    counts: np.ndarray
    least: np.ndarray
    ratio: np.ndarray


@lru_cache(maxsize=64)
def tabulated(n: int, d: int, version: str) -> Null | None:
    """The null of every built-in measure with the default settings; None beyond the table, or for another version.

    From 125 points and 1.95 points a component on (2.34 for measures of the core, 3.9 beyond 512 components), up to
    1,024 components. Means are interpolated where they are powers of n (their distance from what infinitely many points
    give), so that between nodes little is left to err; those of means over components or pairs do not depend on d and
    are pooled. More points than at the last node: on along the last interval. Checked at sizes that are no nodes in
    tests/metrics/test_null_table.py.
    """
    table = _table(version)
    if table is None:
        return None
    sizes, dimensions = table.axes
    point = np.log([n, d])
    if not (sizes[0] <= point[0] and dimensions[0] <= point[1] <= dimensions[-1] and n >= LEAST_RATIO * d):
        return None
    mean, log_sd = _at(table, table.mean, point, _bent), _log_sd_at(table, point)
    skew, count = _at(table, table.skewness, point, interp1d), _at(table, table.counts, point, interp1d)
    mean = np.where(np.isnan(table.limits), mean, table.limits + _sign(table.limits) * np.exp(mean))
    known = dimensions[np.searchsorted(dimensions, point[1], side="right") - 1] >= table.least
    known &= n >= table.ratio[np.searchsorted(dimensions, point[1])] * d
    sd = np.exp(log_sd)
    low, high = np.array([sides(s, k, max(c, 4.0)) for s, k, c in zip(sd, skew, count, strict=True)]).T
    parts = [
        {name: float(value) for name, value, there in zip(table.names, values, known, strict=True) if there}
        for values in (mean, sd, low, high)
    ]
    return Null(int(count[known].min()), *parts)


def _at(table: Table, values: np.ndarray, point: np.ndarray, method: Interpolator) -> np.ndarray:
    """The values (a, b, k) at a point: along the sizes, then along the dimensions."""
    sizes, dimensions = table.axes
    column = method(sizes, values, axis=0)(min(point[0], sizes[-1]))
    return np.asarray(method(dimensions, _beyond(column, values, sizes, point[0]), axis=0)(point[1]))


def _bent(x: np.ndarray, values: np.ndarray, axis: int = 0) -> Callable[[float], np.ndarray]:
    """`PchipInterpolator` with corners: from where on a measure looks at a sample of the points its mean is constant.

    A curve that is smooth there had to become flat before. x: (m,); values: (m, ...).
    """
    steps = np.diff(values, axis=0) / np.diff(x).reshape(-1, *[1] * (values.ndim - 1))
    smooth = PchipInterpolator(x, values, axis=axis).derivative()(x)

    def at(point: float) -> np.ndarray:
        i = int(np.clip(np.searchsorted(x, point, side="right") - 1, 0, len(x) - 2))
        own, before, after = steps[i], steps[max(i - 1, 0)], steps[min(i + 1, len(steps) - 1)]
        ends = [np.where(_is_corner(own, other), own, smooth[j]) for j, other in ((i, before), (i + 1, after))]
        return np.asarray(CubicHermiteSpline(x[i : i + 2], values[i : i + 2], ends, axis=axis)(point))

    return at


def _is_corner(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether slopes on either side of a node are no part of one smooth curve."""
    small, large = np.minimum(np.abs(own), np.abs(other)), np.maximum(np.abs(own), np.abs(other))
    return np.asarray(small < CORNER * large)


def _log_sd_at(table: Table, point: np.ndarray) -> np.ndarray:
    """The logarithms of the sds (k,): variances are straight in 1 / n, those of a mean over n points as those of some
    of the points that the moments of all have whitened."""
    sizes, dimensions = table.axes
    inverse = np.exp(-sizes[::-1])
    variances = interp1d(inverse, np.exp(2 * table.log_sd[::-1]), axis=0)(np.exp(-min(point[0], sizes[-1])))
    column = np.log(np.maximum(variances, CONSTANT**2)) / 2
    return np.asarray(interp1d(dimensions, _beyond(column, table.log_sd, sizes, point[0]), axis=0)(point[1]))


def _beyond(column: np.ndarray, values: np.ndarray, sizes: np.ndarray, size: float) -> np.ndarray:
    """The column (b, k) of the last size, on along the last interval if the size lies beyond it."""
    slope = (values[-1] - values[-2]) / (sizes[-1] - sizes[-2])
    return column + slope * max(size - sizes[-1], 0.0)


# --- the table -----------------------------------------------------------------------------------------------------


@cache
def _table(version: str) -> Table | None:
    try:
        with np.load(TABLE, allow_pickle=False) as stored:
            content = {key: stored[key] for key in stored.files}
    except OSError:
        return None
    if str(content["version"]) != version:
        return None
    nodes, names = content["nodes"], tuple(content["names"].tolist())
    sizes, dimensions = (np.unique(column) for column in nodes.T)
    place = np.searchsorted(sizes, nodes[:, 0]), np.searchsorted(dimensions, nodes[:, 1])

    def grid(values: np.ndarray) -> np.ndarray:
        found = np.full((len(sizes), len(dimensions), len(names)), np.nan)
        found[place] = values
        return found

    samples = grid(np.repeat(content["samples"][:, None], len(names), axis=1))
    mean, sd = grid(content["mean"]), grid(content["sd"])
    mean = _pooled(mean, sd, samples, names)
    limits = np.array([_limit(mean[:, :, k]) for k in range(len(names))])
    with np.errstate(divide="ignore"):
        apart = np.log(np.abs(mean - np.nan_to_num(limits)))
    transformed = np.where(np.isnan(limits), mean, apart)
    log_sd, counts = np.log(np.maximum(sd, CONSTANT)), samples
    whole = np.isfinite(samples[:, :, 0]).sum(axis=1) > 1  # sizes of more than a single node
    log_sd[whole], counts[whole] = _smoothed(log_sd[whole], samples[whole])
    skewness = _fitted(grid(content["skewness"]), samples, np.log(sizes), np.log(dimensions))
    measured = np.isfinite(grid(content["mean"]))
    there = measured.any(axis=0)  # (b, k)
    least = np.log(dimensions)[there.argmax(axis=0)]
    points_each = (sizes[:, None] / dimensions)[:, :, None]
    ratio = np.where(measured, points_each, np.inf).min(axis=0)
    axes = np.log(sizes), np.log(dimensions)
    means, sds, skews, worth = (
        _completed(_filled(v, measured), axes[0]) for v in (transformed, log_sd, skewness, counts)
    )
    return Table(names, axes, limits, means, sds, skews, worth, least, ratio)


def _pooled(mean: np.ndarray, sd: np.ndarray, samples: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Means over components, pairs or blocks at the average over all d, which they do not depend on; also for those d
    that were not simulated with so many points."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(np.isfinite(mean), samples / np.maximum(sd, 1e-12) ** 2, 0.0)
        average = np.nansum(weights * np.nan_to_num(mean), axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    free = np.array([name in _FREE_OF_D for name in names])
    allowed = np.isfinite(mean).any(axis=0)
    return np.where(free & allowed, average, mean)


_FREE_OF_D = {
    metric.name if not metric.name.endswith("/K") else f"contour/{level}"
    for family in FAMILIES
    if family.name in ("marginal", "contour", "multivariate")
    for metric in family.metrics
    # The most correlated pairs are others, and share more components, with each d.
    if metric.alike not in (None, "correlated_pairs")
    for level in (1.0, 1.5, 2.0, 2.5, 3.0)
}


def _limit(mean: np.ndarray) -> float:
    """What the mean is a power of n away from: 1 of agreements, 0 of distances; NaN where neither holds."""
    known = mean[np.isfinite(mean)]
    if (known > 0.4).all() and (known < 1).all():
        return 1.0
    return 0.0 if (known > 0).all() else np.nan


def _sign(limits: np.ndarray) -> np.ndarray:
    return np.where(limits == 1, -1.0, 1.0)


def _smoothed(log_sd: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each log sd (a, b, k) averaged with the line through its neighbours, by what either is worth; and that worth.

    An sd of r samples has a relative variance of 1 / (2 r).
    """
    own = 1 / (2 * samples)
    smooth, error = np.full_like(log_sd, np.nan), np.full_like(log_sd, np.inf)
    for i, j in np.ndindex(log_sd.shape[:2]):
        near = [(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]
        near = [(a, b) for a, b in near if 0 <= a < log_sd.shape[0] and 0 <= b < log_sd.shape[1]]
        near = [p for p in near if np.isfinite(samples[(*p, 0)])]
        if len(near) < 4:
            continue
        basis = np.array([[1.0, a - i, b - j] for a, b in near])
        weights = np.array([samples[(a, b, 0)] for a, b in near])
        inverse = np.linalg.pinv(basis.T @ (weights[:, None] * basis))
        row = (inverse @ (basis.T * weights))[0]
        smooth[i, j] = row @ np.array([log_sd[a, b] for a, b in near])
        error[i, j] = SMOOTHING + (row**2 / (2 * weights)).sum()
    usable = np.isfinite(smooth) & np.isfinite(log_sd)
    share = np.where(usable, (1 / error) / (1 / error + 1 / own), 0.0)
    found = np.where(usable, share * np.nan_to_num(smooth) + (1 - share) * np.nan_to_num(log_sd), log_sd)
    return found, np.where(usable, (1 / error + 1 / own) / 2, samples)


def _fitted(skewness: np.ndarray, samples: np.ndarray, sizes: np.ndarray, dimensions: np.ndarray) -> np.ndarray:
    """Skewness (a, b, k) as a plane in the logarithms: that of a few samples alone is mostly noise."""
    first, second = np.meshgrid(sizes, dimensions, indexing="ij")
    basis = np.stack([np.ones_like(first), first, second], axis=-1)
    found = np.full_like(skewness, np.nan)
    for k in range(skewness.shape[2]):
        there = np.isfinite(skewness[:, :, k])
        root = np.sqrt(samples[:, :, k][there])
        fit = np.linalg.lstsq(basis[there] * root[:, None], skewness[:, :, k][there] * root, rcond=None)[0]
        found[:, :, k] = basis @ fit
    return found


def _filled(values: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """The grid (a, b, k) with what a measure has in its smallest dimension in those that it does not allow."""
    simulated, found = np.asarray(measured.any(axis=2)), values.copy()
    for k, first in enumerate(np.asarray(measured.any(axis=0)).argmax(axis=0).tolist()):
        for b in range(first):
            found[simulated[:, b], b, k] = values[simulated[:, b], first, k]
    return found


def _completed(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The grid (a, b, k) without holes: between the sizes of a d interpolated, beyond the last as other d go on, before
    the first as a plane.

    A measure that small d do not allow stays unknown there.
    """
    found = values.copy()
    rows, columns, _ = found.shape
    for j in range(columns):
        _fill_between(found[:, j], sizes)
    for i in range(1, rows):  # too many values to be simulated
        step = _median(found[i] - found[i - 1])
        found[i] = np.where(np.isnan(found[i]) & _ends_before(found, i), found[i - 1] + step, found[i])
    for j in range(1, columns):  # too few points for so many components
        for i in reversed(range(rows - 1)):
            plane = found[i + 1, j] + found[i, j - 1] - found[i + 1, j - 1]
            found[i, j] = np.where(np.isnan(found[i, j]), plane, found[i, j])
    return found


def _fill_between(column: np.ndarray, sizes: np.ndarray) -> None:
    """Interpolates a column (a, k) in place where a single node of another d brought in a size."""
    known = np.isfinite(column)
    for pattern in np.unique(known, axis=1).T:
        alike, rows = (known == pattern[:, None]).all(axis=0), np.flatnonzero(pattern)
        for i in np.flatnonzero(~pattern):
            if len(rows) > 2 and rows[0] < i < rows[-1]:
                column[i, alike] = _bent(sizes[rows], column[np.ix_(rows, alike)])(sizes[i])


def _ends_before(found: np.ndarray, row: int) -> np.ndarray:
    """(b, k): where the row before is known and none from this on."""
    return np.asarray(np.isfinite(found[row - 1]) & np.isnan(found[row:]).all(axis=0))


def _median(steps: np.ndarray) -> np.ndarray:
    """(k,) of (b, k), 0 where all are unknown."""
    known = np.isfinite(steps)
    return np.where(known.any(axis=0), np.nanmedian(np.where(known.any(axis=0), steps, 0.0), axis=0), 0.0)
