"""Mean and covariance that outliers do not move, and the points that a normal cloud would not have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from metrics.moments import DegenerateError, Moments, check_full_rank, mahalanobis_squared, moments, row_slices
from metrics.radius import truncation_factor

# Share of the points that the first estimate rests on, and beyond which quantile of a normal cloud a point is an
# outlier: one of a thousand of a normal cloud, so that what is left of it is whole but for that.
START, INSIDE = 0.5, 0.999
ROUNDS = 20


@dataclass(frozen=True, eq=False)
class RobustCore:
    """inside: bool (n,), the points that are no outliers; points (k, d): these; moments: theirs.

    A normal core with outliers is normal by every measure, and the share of outliers above 0.001; what is not normal in
    itself stays so. A share of 0.5 says that there is no normal core.
    """

    inside: np.ndarray
    points: np.ndarray
    moments: Moments

    @property
    def outlier_share(self) -> float:
        """0 to 0.5."""
        return 1.0 - float(self.inside.mean())


def robust_core(points: np.ndarray) -> RobustCore:
    """The points that a normal cloud through most of them would have.

    points: (n, d), n > 2 d + 1. The start is the half that is nearest to the spatial median by the covariance of
    directions (spatial signs, which no outlier can carry away; one of the starts of Hubert, Rousseeuw and Verdonck's
    deterministic MCD, 2012). Then the mean and covariance of the points inside tell who is inside, until nobody changes
    sides: whose squared distance is within the quantile INSIDE of its exact law, the Beta law for a point that these
    moments are made of, the F law for another (Hardin and Rocke 2005); with 256 components and some thousand points the
    two differ by more than the radii vary. scikit-learn's MCD tries hundreds of random starts instead.
    Where fewer than half are inside, no normal cloud goes through most of the points: the innermost half it is then, by
    its own moments, and the share of outliers is 0.5. Raises DegenerateError where
    half of the points have no invertible covariance. Cost: n d^2 multiplications a round, at most ROUNDS of them.
    """
    n, d = points.shape
    if int(START * n) <= d + 1:
        raise DegenerateError(
            f"half of {n} points in {d} components have no invertible covariance; "
            f"use more than {2 * d + 3} points, or fewer components"
        )
    inside = _start(points)
    own, share = moments(points[inside]), START
    for _ in range(ROUNDS):
        check_full_rank(own)
        # Of a normal cloud's innermost share the covariance is too small by a known factor.
        restored = replace(own, covariance=own.covariance * truncation_factor(share, d))
        squared = mahalanobis_squared(points, restored)
        within, share = squared <= _limits(inside, own.n, d), INSIDE
        if within.mean() < START:
            within, share = squared <= np.quantile(squared, START), START
        if (within == inside).all():
            break
        inside = within
        own = moments(points[inside])
    return RobustCore(inside, points if inside.all() else points[inside], own)


def _start(points: np.ndarray) -> np.ndarray:
    """bool (n,): the half of the points with the smallest distances by the covariance of their directions."""
    center = np.median(points, axis=0).astype(np.float64)
    scale = np.median(np.abs(points - center.astype(points.dtype)), axis=0).astype(np.float64)
    if not (scale > 0).all():
        raise DegenerateError(f"half of component {int(np.argmin(scale > 0))} is one value; leave it out")
    n, d = points.shape
    total = np.zeros((d, d))
    for rows in row_slices(n, d):
        signs = (points[rows] - center) / scale
        signs /= np.maximum(np.linalg.norm(signs, axis=1, keepdims=True), 1e-300)
        total += signs.T @ signs
    signs_moments = Moments(n, center, total / n * np.outer(scale, scale))
    check_full_rank(signs_moments)
    squared = mahalanobis_squared(points, signs_moments)
    return np.asarray(squared <= np.quantile(squared, START))


def _limits(inside: np.ndarray, h: int, d: int) -> np.ndarray:
    """Squared distance (n,) beyond which each point is an outlier, for moments of the h points inside."""
    own = (h - 1) ** 2 / h * stats.beta(d / 2, (h - d - 1) / 2).ppf(INSIDE)
    other = (h + 1) * (h - 1) * d / (h * (h - d)) * stats.f(d, h - d).ppf(INSIDE)
    return np.where(inside, own, other)
