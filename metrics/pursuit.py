"""The direction in which a cloud looks least normal, searched in one part of the points and judged in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from metrics.marginals import ks_distances, marginals
from metrics.moments import DegenerateError, Moments, check_varying, row_slices, whiten
from metrics.moments import moments as moments_of

MIN_POINTS = 40
STEPS = 30
RANDOM_STARTS = 24
AXES = 8
# Whitened directions have sd 1; one that hardly varies within a part lives in a few points that lie in other parts.
MIN_SPREAD = 0.01


@dataclass(frozen=True, eq=False)
class Direction:
    """One direction, and what m points that had no part in finding it say of it.

    vector: (d,) unit length in the space of `metrics.moments.whiten`.
    weights: (d,) of the standardised components, whose weighted sum is the projection; the largest one is positive.
        Those of strongly correlated components may be large and cancel each other.
    projections: (m,) of the judged points, at their own mean 0 and sd 1.
    ks: their Kolmogorov-Smirnov distance to N(0, 1), 0 to 1, 0 = normal; skewness, excess_kurtosis: 0 = normal.
    index: what found it: a contrast, or a start that no contrast improved.
    """

    vector: np.ndarray
    weights: np.ndarray
    projections: np.ndarray
    ks: float
    skewness: float
    excess_kurtosis: float
    index: str


def worst_direction(points: np.ndarray, moments: Moments, rng: np.random.Generator, steps: int = STEPS) -> Direction:
    """The direction whose projections are farthest from normal, of all that the search meets.

    points: (n, d), the measured ones or a subsample of their rows; moments: of all measured points.
    Half of the points serve the search, a quarter the choice among the directions found, a quarter the verdict, so
    that what merely fits the noise (any shape can be found when n is not far above d: Bickel, Kur and Nadler 2018)
    does not pass for structure. For a normal cloud the verdict is exactly that of one normal sample of m = n/4 points
    with mean and sd fitted (Lilliefors 1967): ks near 0.64 / sqrt(m). The moments may hold the judged points: given
    their mean and covariance, the standardised projections of normal points keep their law (Basu 1955).
    Search: one-unit FastICA (Hyvarinen 1999) with the contrasts log cosh, exp, skewness and kurtosis, all starts at
    once, from the components, principal axes and axes of fourth and third moments that look worst, and at random.
    Limits: a skewed direction among d is found from n of about d^1.5 on, a symmetric one from 1 to 2 d^2 on; below d^2
    no efficient method is expected (Mao and Wein 2021). So a normal-looking verdict says that no such direction is easy
    to find, not that there is none. Heavy tails that every direction shares are reported as such.
    Scale and shift of components change nothing; the random starts do a little.
    Raises DegenerateError as `check_full_rank`, for fewer than 40 points, or where the judged ones do not vary.
    Cost: n d^2 multiplications, eigenvalues of d x d matrices, and steps (30) of 300 n d
    multiplications; 3/4 of the points and 300 projections of half of them, in float32, beyond the input.
    """
    check_varying(moments)
    search, choice, judged = _parts(len(points), rng)
    found = np.concatenate([search, choice])
    white = _whitened(points, moments, found)
    labels, directions = _candidates(white[: len(search)], moments, rng, steps)
    best = _worst(directions, white[len(search) :])
    return _verdict(directions[best].astype(np.float64), labels[best], points[judged], moments)


def _parts(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of a random half, quarter and quarter of n points."""
    if n < MIN_POINTS:
        raise DegenerateError(f"{n} points are too few to search and judge a direction; use at least {MIN_POINTS}")
    search, choice, judged = np.split(rng.permutation(n), [n // 2, 3 * n // 4])
    return search, choice, judged


def _whitened(points: np.ndarray, moments: Moments, indices: np.ndarray) -> np.ndarray:
    """These points (m, d), whitened, in float32: beside sampling errors its rounding does not matter."""
    white = np.empty((len(indices), moments.d), np.float32)
    for rows in row_slices(*white.shape):
        white[rows] = whiten(points[indices[rows]], moments)
    return white


def _candidates(
    white: np.ndarray, moments: Moments, rng: np.random.Generator, steps: int
) -> tuple[list[str], np.ndarray]:
    """All starts, and where each contrast leads each of them: their labels and unit vectors (k, d)."""
    labels, starts = _starts(white, moments, rng)
    labels += [name for name in CONTRASTS for _ in starts]
    return labels, np.concatenate([starts, _fixed_points(white, starts, steps)])


def _starts(white: np.ndarray, moments: Moments, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Labels and unit vectors (k, d), float32, of the directions that the search starts from."""
    groups = {
        "component": _worst_components(white, moments),
        "principal axis": _end_axes(moments.correlation),
        "fourth moments": _end_axes(_fourth_moments(white)),
        "third moments": _third_moments(white)[None],
        "random": rng.standard_normal((RANDOM_STARTS, moments.d)),
    }
    labels = [name for name, vectors in groups.items() for _ in vectors]
    return labels, _unit(np.concatenate(list(groups.values())).astype(np.float32))


def _worst_components(white: np.ndarray, moments: Moments) -> np.ndarray:
    """The directions (k, d) of the components with the largest |skewness| and the largest |excess kurtosis|."""
    # Rows of the correlation matrix's root: component j of a standardised point is row j times the whitened point.
    root = (moments.correlation @ moments.whitening).astype(np.float32)
    third, fourth = np.empty(moments.d), np.empty(moments.d)
    for some in row_slices(moments.d, len(white)):
        z = _standardised(root[some] @ white.T)
        squares = z * z
        third[some] = np.abs(np.einsum("ij,ij->i", squares, z))
        fourth[some] = np.abs(np.einsum("ij,ij->i", squares, squares) / len(white) - 3)
    worst = np.union1d(np.argsort(third)[-AXES:], np.argsort(fourth)[-AXES:])
    return root[worst]


def _end_axes(matrix: np.ndarray) -> np.ndarray:
    """The eigenvectors (k, d) of the smallest and the largest eigenvalues."""
    vectors = np.linalg.eigh(matrix)[1].T
    return vectors if len(vectors) <= 2 * AXES else np.concatenate([vectors[:AXES], vectors[-AXES:]])


def _fourth_moments(white: np.ndarray) -> np.ndarray:
    """E[(|y|^2 - d) y y'] (d, d), whose end axes point to large and small kurtosis (FOBI: Cardoso 1989)."""
    total = np.zeros((white.shape[1],) * 2)
    for rows in row_slices(*white.shape):
        y = white[rows]
        total += (y * (np.einsum("ij,ij->i", y, y) - y.shape[1])[:, None]).T @ y
    return (total + total.T) / (2 * len(white))


def _third_moments(white: np.ndarray) -> np.ndarray:
    """E[(|y|^2 - d) y] (d,), which points to skewness (Mori, Rohatgi and Szekely 1993)."""
    return (np.einsum("ij,ij->i", white, white) - white.shape[1]) @ white / len(white)


def _fixed_points(white: np.ndarray, starts: np.ndarray, steps: int) -> np.ndarray:
    """Where the iteration w -> E[y g(w'y)] - E[g'(w'y)] w leads the starts (k, d) in so many steps, per contrast.

    g enters without its regression on w'y. Were the part's covariance exactly I, that would change nothing; as it is
    not, the regression's noise exceeds all the rest (13 times for log cosh) and would hide weaker structure.
    """
    directions = np.concatenate([starts] * len(CONTRASTS))
    blocks = [slice(i * len(starts), (i + 1) * len(starts)) for i in range(len(CONTRASTS))]
    for _ in range(steps):
        # One product for all contrasts: each product has threads that wait for one another.
        z = _standardised(directions @ white.T)
        slopes = [_applied(contrast, z[block]) for contrast, block in zip(CONTRASTS.values(), blocks, strict=True)]
        directions = _unit(z @ white / len(white) - np.concatenate(slopes)[:, None] * directions)
    return directions


def _applied(contrast: Contrast, z: np.ndarray) -> np.ndarray:
    """Puts g less its regression in the place of the projections (k, m); the means of that function's slope (k,)."""
    g, slope = contrast(z)
    linear = np.einsum("ij,ij->i", g, z) / z.shape[1]
    np.subtract(g - g.mean(axis=1, keepdims=True), linear[:, None] * z, out=z)
    return slope - linear


def _standardised(z: np.ndarray) -> np.ndarray:
    """The projections (k, m), changed in place to mean 0 and sd 1; constant ones to 0."""
    z -= z.mean(axis=1, keepdims=True)
    sd = np.sqrt(np.einsum("ij,ij->i", z, z) / z.shape[1])
    z /= np.maximum(sd, MIN_SPREAD)[:, None]
    return z


def _unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors (k, d) at length 1; zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)


# Each takes projections (k, m) to g of them (k, m) and the means of g' (k,).
Contrast = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _log_cosh(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    g = np.tanh(z)
    return g, 1 - np.einsum("ij,ij->i", g, g) / z.shape[1]


def _exp(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bell = np.exp(-z * z / 2)
    g = z * bell
    return g, bell.mean(axis=1) - np.einsum("ij,ij->i", g, z) / z.shape[1]


def _skewness(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return z * z, np.zeros(len(z), z.dtype)


def _kurtosis(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return z * z * z, np.full(len(z), 3, z.dtype)


CONTRASTS: dict[str, Contrast] = {"log cosh": _log_cosh, "exp": _exp, "skewness": _skewness, "kurtosis": _kurtosis}


def _worst(directions: np.ndarray, white: np.ndarray) -> int:
    """Which of the directions (k, d) has the largest Kolmogorov-Smirnov distance in these whitened points."""
    projections = white @ directions.T
    varying = np.flatnonzero(projections.std(axis=0) > MIN_SPREAD)
    if not varying.size:
        raise DegenerateError(f"{len(white)} points for the choice of a direction do not vary; use more points")
    some = projections[:, varying]
    return int(varying[ks_distances(some, moments_of(some)).argmax()])


def _verdict(vector: np.ndarray, label: str, judged: np.ndarray, moments: Moments) -> Direction:
    """The direction as the judged points see it."""
    weights = moments.whitening @ vector
    sign = np.sign(weights[np.abs(weights).argmax()]) / np.linalg.norm(vector)
    projections = _projected(judged, moments, sign * weights)
    own = moments_of(projections)
    if own.sd[0] <= MIN_SPREAD:
        raise DegenerateError(
            f"the worst direction (found by: {label}) hardly varies among {len(judged)} judged points; use more points"
        )
    found = marginals(projections, own)
    return Direction(
        vector=sign * vector,
        weights=sign * weights,
        projections=(projections[:, 0] - own.mean) / own.sd,
        ks=float(found.ks[0]),
        skewness=float(found.skewness[0]),
        excess_kurtosis=float(found.excess_kurtosis[0]),
        index=label,
    )


def _projected(points: np.ndarray, moments: Moments, weights: np.ndarray) -> np.ndarray:
    """Weighted sums (m, 1) of the points' standardised components, float64."""
    projections = np.empty((len(points), 1))
    for rows in row_slices(*points.shape):
        projections[rows, 0] = (points[rows] - moments.mean) / moments.sd @ weights
    return projections
