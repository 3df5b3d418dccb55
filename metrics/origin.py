"""How far the cloud's center lies from the origin of its coordinates, in four forms.

None of them tells normal from other clouds; they say where a cloud lies. The origin has a meaning for a network with
linear latent components, so shifting the points changes all four; a rotation or a common scale changes only the norm.
"""

from __future__ import annotations

import numpy as np

from metrics.moments import DegenerateError, Moments, mahalanobis_squared


def off_origin_norm(moments: Moments) -> float:
    """Euclidean norm of the mean, 0 and up, in the latents' own units."""
    return float(np.linalg.norm(moments.mean))


def off_origin_distance(moments: Moments) -> float:
    """Norm of the mean over sqrt(trace of the covariance), 0 and up, 0 = centered; no unit.

    The denominator is the root mean square distance of the points from their center: at 1 the origin is as far from the
    center as a typical point. Raises DegenerateError where all points are the same.
    """
    spread = np.sqrt(np.trace(moments.covariance))
    if spread == 0:
        raise DegenerateError("all points are the same; their spread is 0")
    return off_origin_norm(moments) / float(spread)


def origin_mahalanobis(moments: Moments) -> float:
    """Mahalanobis distance of the origin from the center, 0 and up; points of a normal cloud lie near sqrt(d).

    Invariant under every invertible linear map. Raises DegenerateError without a covariance of full rank.
    """
    return float(np.sqrt(mahalanobis_squared(np.zeros((1, moments.d)), moments)[0]))


def share_nearer_than_origin(squared: np.ndarray, moments: Moments) -> float:
    """Share of points nearer to the center than the origin is, 0 to 1, by Mahalanobis distance.

    squared: (n,) squared Mahalanobis distances of the points. It is the quantile of the smallest core that holds the
    origin: near 0 the origin is among the innermost points, at 1 it lies outside the cloud.
    """
    return float(np.mean(np.sqrt(squared) < origin_mahalanobis(moments)))
