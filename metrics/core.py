"""Core or tail: the headlines for the innermost points alone, one Mahalanobis quantile after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from metrics.contours import contour_agreement
from metrics.marginals import ks_distances
from metrics.moments import DegenerateError, Moments, mahalanobis_squared, moments
from metrics.origin import off_origin_distance
from metrics.radius import radius_agreement, truncation_factor

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Profile:
    """The headlines of the innermost points.

    shares: (k,) of the points in the core, ascending up to 1, all of them. values: headline to its value at each share
    (k,). null: the same for normal clouds of this n and d, None where that is not known.
    """

    shares: np.ndarray
    values: dict[str, np.ndarray]
    null: dict[str, np.ndarray] | None = None


def core_profile(points: np.ndarray, whole: Moments, pairs: np.ndarray, levels: Sequence[float]) -> Profile:
    """The four headlines at the Mahalanobis quantiles SHARES.

    points: (n, d) and their moments; pairs: (p, 2) for the contours. From all points inwards each core holds the share
    of points with the smallest Mahalanobis distances by the moments of the core before it, so that a tail loses its
    say in what is called the center step by step (the concentration steps of Rousseeuw and Van Driessen 1999).
    A core of a normal cloud is a normal cloud cut off: its covariance times `truncation_factor` is that of the whole,
    and its radii follow the cut chi-square, which is allowed for exactly. Its marginals and contours are narrower than
    normal ones, visibly where d is small: compare them with the null. Raises DegenerateError where the smallest core
    has no invertible covariance. Cost: 8 times the headlines.
    """
    smallest = int(SHARES[0] * whole.n)
    if smallest <= whole.d:
        raise DegenerateError(
            f"half of {whole.n} points in {whole.d} components have no invertible covariance; "
            f"use more than {2 * whole.d + 1} points, or fewer components"
        )
    squared, steps = mahalanobis_squared(points, whole), []
    for share in reversed(SHARES):
        try:
            step, squared = _cut(points, squared, share, pairs, levels)
        except DegenerateError as error:
            if share == 1:
                raise
            # A component may vary among all points and not in the core.
            raise DegenerateError(f"among the innermost {100 * share:.0f} % of the points: {error}") from error
        steps.append(step)
    values = {name: np.array([step[name] for step in reversed(steps)]) for name in steps[0]}
    return Profile(np.array(SHARES), values)


def _cut(
    points: np.ndarray, squared: np.ndarray, share: float, pairs: np.ndarray, levels: Sequence[float]
) -> tuple[dict[str, float], np.ndarray]:
    """The headlines of the share of points with the smallest distances, and all distances by that core's moments."""
    inside = squared <= np.quantile(squared, share)
    core = points if share == 1 else points[inside]
    cut = moments(core)
    own = restored(cut, share)
    marginal = 1 - float(ks_distances(core, cut).mean())
    contour = float(contour_agreement(core, cut, pairs, levels).mean())
    # Both are large, and the distances need as much again.
    del core, cut
    squared = mahalanobis_squared(points, own)
    found = {
        "marginal_gaussianity": marginal,
        "contour_agreement": contour,
        "radius_agreement": radius_agreement(squared[inside], own.d, share),
        "off_origin_distance": off_origin_distance(own),
    }
    return found, squared


def restored(core: Moments, share: float) -> Moments:
    """The moments of the normal cloud whose innermost `share` of points has the moments `core`."""
    return replace(core, covariance=core.covariance * truncation_factor(share, core.d))
