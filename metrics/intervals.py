"""How far the headlines would move with another sample of the same distribution."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from scipy import stats

from metrics.contours import contour_agreement
from metrics.marginals import ks_distances
from metrics.moments import DegenerateError, Moments, moments
from metrics.origin import off_origin_standard_error
from metrics.radius import radius_agreement

# More groups know the spread better (10 know it to 24 %), but each must still look like the whole.
GROUPS = 10
SMALLEST_GROUP = 50
# Random halves for the contours, and pairs in each; what the other pairs would average out is allowed for.
HALVES, PAIRS = 10, 50


def standard_errors(
    points: np.ndarray,
    own: Moments,
    squared: np.ndarray | None,
    pairs: np.ndarray,
    levels: Sequence[float],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Standard error of each headline, the sd it would have over samples of the same size and distribution.

    points: (n, d) and their moments; squared: (n,) their squared Mahalanobis distances, None where there are none;
    pairs: (p, 2), those of `contour_agreement`.
    The points are dealt into GROUPS groups at random; the spread of the headline between groups of n / GROUPS points,
    over sqrt(GROUPS), is that of the whole (subsampling, Politis and Romano 1994). A bootstrap with replacement would
    add its own sampling noise to distances that are noise themselves (Bickel and Freedman 1981), at many times the
    cost: this is one more pass. `off_origin_distance` has its own by the influence of each point.
    Radii: by the covariance of all points; groups are scaled to their own mean D^2, as the whole's is scaled by its.
    Contours: of a few hundred points they see little but noise, and groups gave half the true error for a t with 8 df.
    So by random halves, whose spread around the whole is that of the whole around its expectation.
    Coverage of the 95 % intervals, 200 samples of 1,500 points in 6 components (marginals, contours, radii, origin):
    MND .97, .98, .96, .98; t with 8 df .91, .88, .91, .97. Where tails are heavy they are somewhat short.
    Headlines that the points do not allow are missing; all but the last are for n < GROUPS * SMALLEST_GROUP.
    """
    errors = {}
    if own.n >= GROUPS * SMALLEST_GROUP:
        groups = np.array_split(rng.permutation(own.n), GROUPS)
        halves = [np.sort(rng.permutation(own.n)[: own.n // 2]) for _ in range(HALVES)]
        for name, compute in (
            ("marginal_gaussianity", lambda: _marginal_error(points, groups)),
            ("contour_agreement", lambda: _contour_error(points, halves, pairs, levels)),
            ("radius_agreement", lambda: _radius_error(squared, own.d, groups)),
        ):
            with suppress(DegenerateError):
                errors[name] = compute()
    # The cube of the spread of latents near 1e-110 or 1e110 is no number.
    with suppress(DegenerateError, OverflowError), np.errstate(all="ignore"):
        errors["off_origin_distance"] = off_origin_standard_error(points, own)
    return {name: error for name, error in errors.items() if np.isfinite(error)}


def interval(value: float, error: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of the confidence interval, by Student's t with GROUPS - 1 degrees of freedom."""
    half = float(stats.t.ppf((1 + confidence) / 2, GROUPS - 1)) * error
    return value - half, value + half


def _marginal_error(points: np.ndarray, groups: list[np.ndarray]) -> float:
    return _error([ks_distances(part, moments(part)).mean() for part in (points[np.sort(g)] for g in groups)])


def _radius_error(squared: np.ndarray | None, d: int, groups: list[np.ndarray]) -> float:
    if squared is None:
        raise DegenerateError("the points have no Mahalanobis distances")
    return _error([radius_agreement(squared[g] * (d / squared[g].mean()), d) for g in groups])


def _contour_error(points: np.ndarray, halves: list[np.ndarray], pairs: np.ndarray, levels: Sequence[float]) -> float:
    """From a table of halves by pairs: what the pairs share, and what each adds, shrunk to the mean of all pairs."""
    if not len(pairs):
        raise DegenerateError("1 component has no pairs")
    # The columns of these pairs alone: half of a large cloud would be too large a copy.
    columns, renumbered = np.unique(pairs[:PAIRS], return_inverse=True)
    chosen = renumbered.reshape(-1, 2)
    rows = []
    for half in halves:
        part = points[np.ix_(half, columns)]
        rows.append(contour_agreement(part, moments(part), chosen, levels).mean(axis=1))
    table = np.array(rows)
    residual = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    alone = (residual**2).sum() / max((len(table) - 1) * (len(chosen) - 1), 1)
    shared = max(table.mean(axis=1).var(ddof=1) - alone / len(chosen), 0.0)
    return float(np.sqrt(shared + alone / len(pairs)))


def _error(values: list[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
