"""Latent vectors in order: along lines, arcs and ladders, to see how pictures change on the way."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cae.latent_distribution import ROUNDING, LatentDistribution, from_scores, plane_roots

# Sines of smaller angles between two vectors are rounding of their float32 components, as is the arc's plane.
SMALLEST_SINE = 1e-6


def origin_to_center(cloud: LatentDistribution, steps: int) -> np.ndarray:
    """float32 (steps, d): equidistant points on the line from the origin to the center, both included."""
    return (_fractions(steps)[:, None] * cloud.mean).astype(np.float32)


def through_center(
    cloud: LatentDistribution, i: int, j: int, angles: ArrayLike, sigma: float, steps: int
) -> np.ndarray:
    """float32 (len(angles), steps, d): points on lines through the center in the plane of components i and j.

    angles: in radians, 0 along i, pi / 2 along j. A line goes from -sigma to +sigma in sd of the data's projections on
    it; all other components stay at the center. That is inside the plane's ellipse of sigma sd only along its main
    axes, and farther out elsewhere. Raises ValueError where i and j are no two components.
    """
    d = len(cloud.mean)
    if i == j or not (0 <= i < d and 0 <= j < d):
        raise ValueError(f"components {i} and {j} span no plane; give two different ones from 0 to {d - 1}")
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    spread = np.linalg.norm(directions @ plane_roots(cloud, np.array([i, j])), axis=1)
    along = sigma * (2 * _fractions(steps) - 1)
    points = np.tile(cloud.mean, (len(directions), steps, 1))
    points[:, :, [i, j]] += (spread[:, None] * along)[:, :, None] * directions[:, None, :]
    return points.astype(np.float32)


def slerp(a: np.ndarray, b: np.ndarray, steps: int, center: np.ndarray) -> np.ndarray:
    """float32 (steps, d): from a to b (d,), both included, turning around `center` at an even pace (Shoemake 1985).

    The distance from the center changes evenly from that of a to that of b, where a straight line would come nearer to
    the center than either, into a region that holds next to no data in many dimensions. The points are those of the
    straight line where no arc is defined: a or b at the center, or both in one or in opposite directions from it.
    """
    t = _fractions(steps)[:, None]
    u, v = np.asarray(a, np.float64) - center, np.asarray(b, np.float64) - center
    straight = (center + (1 - t) * u + t * v).astype(np.float32)
    lengths = np.linalg.norm(u), np.linalg.norm(v)
    if min(lengths) == 0:
        return straight
    start, end = u / lengths[0], v / lengths[1]
    # Exact also for small angles, unlike the arc cosine (Kahan 2006).
    angle = 2 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end))
    if np.sin(angle) < SMALLEST_SINE:
        return straight
    directions = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return (center + ((1 - t) * lengths[0] + t * lengths[1]) * directions).astype(np.float32)


def ladder(cloud: LatentDistribution, draws: np.ndarray, sigmas: ArrayLike) -> np.ndarray:
    """float32 (count, len(sigmas), d): the mnd points of standard-normal draws (count, d) for each scale s in sigmas.

    Each row leaves the center (s = 0) in the direction of its draw; at s = 1 it is the point of `mnd`.
    """
    return from_scores(cloud, draws[:, None, :] * np.asarray(sigmas)[:, None]).astype(np.float32)


def dominant_planes(cloud: LatentDistribution, count: int) -> np.ndarray:
    """min(count, d // 2) pairs (p, 2) of the components with the largest root mean square value, no one twice.

    Those are far off the origin or wide. From the most dominant one on, each is put beside the one of the others left
    that it is most correlated with, since a cloud that no correlation tilts shows least. Constant ones are left out.
    """
    size = np.where(cloud.sd > ROUNDING * cloud.scales[0], np.hypot(cloud.mean, cloud.sd), 0.0)
    dominant = np.argsort(-size, kind="stable")[: min(2 * count, np.count_nonzero(size))]
    roots = plane_roots(cloud, dominant) / cloud.sd[dominant, None]
    correlation = np.abs(roots @ roots.T)
    left, planes = list(range(len(dominant))), []
    while len(left) > 1:
        first = left.pop(0)
        partner = left.pop(int(np.argmax(correlation[first, left])))
        planes.append(dominant[[first, partner]])
    return np.array(planes, dtype=np.int64).reshape(-1, 2)


def _fractions(steps: int) -> np.ndarray:
    """0 ... 1 in equal steps. Raises ValueError for fewer than 2."""
    if steps < 2:
        raise ValueError(f"steps are {steps}; a path has at least 2, its start and its end")
    return np.linspace(0, 1, steps)
