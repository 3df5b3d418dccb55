"""Whether a cloud that is not normal is an elliptical one, whose size varies from point to point."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc
from scipy.stats import kstest

from metrics.moments import DegenerateError, Moments, in_threads, mahalanobis_squared, row_slices

# Between so many exact values of the distribution function of the angles, linear interpolation errs by less than 1e-6.
NODES = 10_001


def whitened_kurtosis(points: np.ndarray, moments: Moments) -> tuple[float, float]:
    """Mean excess kurtosis of the whitened components: of the points, and of their directions; 0 = normal, both.

    points: (n, d) and their moments. The second is E w^4 / (E w^2)^2 - 3 d / (d + 2) for w = sqrt(d) x / |x|: exactly 0
    in expectation for every elliptical cloud, whatever its radii. So a cloud with the first above 0 and the second at 0
    is a normal one whose size varies from point to point, as far as fourth moments of the components tell.
    Unchanged by shift, scale and order of components. Raises DegenerateError as `check_full_rank`.
    Cost: n d^2 multiplications, a few chunks beyond the input.
    """
    transform = moments.whitening / moments.sd[:, None]
    sums = in_threads(lambda rows: _powers((points[rows] - moments.mean) @ transform), row_slices(*points.shape))
    second, fourth = np.sum(sums, axis=0)
    normal = np.array([3.0, 3 * moments.d / (moments.d + 2)])
    before, after = (len(points) * fourth / second**2).mean(axis=1) - normal
    return float(before), float(after)


def _powers(white: np.ndarray) -> np.ndarray:
    """Sums over the points (n, d) of squares and fourth powers (2, 2, d), of x and of x / |x|; overwrites the points.

    The factor sqrt(d) of the directions drops out of the ratio that is taken of them.
    """
    squares = np.square(white, out=white)
    squared = squares.sum(axis=1)
    weights = np.ones((2, len(squares)))
    # A point at the very center has no direction.
    weights[1] = np.divide(1.0, squared, out=np.zeros_like(squared), where=squared > 0)
    second = weights @ squares
    return np.stack([second, weights**2 @ np.square(squares, out=squares)])


def elliptical_cloud(points: np.ndarray, moments: Moments, rng: np.random.Generator) -> np.ndarray:
    """The cloud (n, d) that an elliptical law of the same moments and radii gives: random directions from the center.

    points: (n, d) and their moments; the cloud is of the same type. Each of its points has the Mahalanobis distance
    of one of them and, whitened, a uniform direction (Cambanis, Huang and Simons 1981). What a score says of this
    cloud as well is the radius' doing; the rest is not. Raises DegenerateError as `check_full_rank`.
    Cost: 2 n d^2 multiplications, a copy of the input.
    """
    radii = np.sqrt(mahalanobis_squared(points, moments))
    root = np.linalg.inv(moments.whitening) * moments.sd
    cloud = np.empty_like(points)
    for rows in row_slices(*points.shape):  # one after the other, as the random numbers are
        directions = rng.standard_normal((rows.stop - rows.start, moments.d))
        directions *= (radii[rows] / np.linalg.norm(directions, axis=1))[:, None]
        cloud[rows] = moments.mean + directions @ root
    return cloud


def direction_uniformity(white: np.ndarray, nodes: int = NODES) -> float:
    """1 - Kolmogorov-Smirnov distance of the points' angles to those of random directions; 0 to 1, 1 = uniform.

    white: (m, d) points at mean 0 and covariance I, d >= 2, m up to 2,000. All angles between two points, seen from the
    center; for uniform directions (1 + cos) / 2 is Beta((d - 1) / 2, (d - 1) / 2). It sees clusters and directions
    that are favored, in which no elliptical cloud has any part, and nothing of the radius; a few of many do not show.
    Own mean and covariance spread the points more evenly, visibly where their number is not far above d: read the gap.
    Raises DegenerateError for 1 component, or fewer than 2 points off the center. Invariant under rotation.
    Cost: m^2 d multiplications and a sort of m^2 / 2 values; 25 m^2 bytes.
    """
    d = white.shape[1]
    if d < 2:
        raise DegenerateError("1 component has no directions; use at least 2")
    norms = np.linalg.norm(white, axis=1)
    unit = white[norms > 0] / norms[norms > 0, None]
    if len(unit) < 2:
        raise DegenerateError(f"{len(unit)} points lie off the center; directions need at least 2")
    angles = _angles(unit)
    known = np.linspace(angles.min(), angles.max(), nodes)
    law = betainc((d - 1) / 2, (d - 1) / 2, np.sin(known / 2) ** 2)
    return 1.0 - float(kstest(angles, lambda angle: np.interp(angle, known, law), method="asymp").statistic)


def _angles(unit: np.ndarray) -> np.ndarray:
    """Angle (m (m - 1) / 2,) between any two of the unit vectors (m, d)."""
    cosines = (unit @ unit.T)[np.tri(len(unit), k=-1, dtype=bool)]
    np.clip(cosines, -1.0, 1.0, out=cosines)
    return np.arccos(cosines, out=cosines)
