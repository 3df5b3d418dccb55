"""A classifier two-sample test: can a classifier tell the points from normal ones, and by what?"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from metrics.moments import DegenerateError

LEAST = 40


def classifier_aucs(white: np.ndarray, n: int, rng: np.random.Generator) -> dict[str, float]:
    """AUC of telling the points from normal ones, held out: by everything, by the radius, by single components.

    white: (m, d) points at mean 0 and covariance I, a few thousand; n: the number of points, these among them, whose
    own moments whitened them. 0 to 1, 0.5 = normal (cannot be told), 1 = told without error.
    Against them stand m normal points as such moments leave them: directions at random, n D^2 / (n - 1)^2 of the Beta
    law. Fisher's discriminant is fitted on one half of both and judged on the other, then the other way round
    (Lopez-Paz and Oquab 2017). radius: of the radius and its powers. components: of the third and fourth Hermite
    polynomials of each component with every point at the same radius, so of asymmetry and tails beyond a common radius.
    It does not see correlation beyond the second order, say curved pairs. Cost: m f^2 for f = 2 d + 3 features.
    """
    m, d = white.shape
    if m < LEAST:
        raise DegenerateError(f"{m} points; a classifier needs at least {LEAST}")
    if n <= d + 1:
        raise DegenerateError(f"{n} points in {d} components have no radii; use more than {d + 1} points")
    directions = rng.standard_normal((m, d))
    squared = (n - 1) ** 2 / n * rng.beta(d / 2, (n - d - 1) / 2, (m, 1))
    normal = directions / np.linalg.norm(directions, axis=1, keepdims=True) * np.sqrt(squared)
    radius, components = (np.stack([f(white), f(normal)]) for f in (_of_radius, _of_components))
    halves = rng.permutation(m)
    first, second = halves[: m // 2], halves[m // 2 :]
    features = {
        "auc": np.concatenate([radius, components], axis=2, dtype=np.float32),
        "auc_radius": radius,
        "auc_components": components,
    }
    return {
        name: (_auc(both[:, first], both[:, second]) + _auc(both[:, second], both[:, first])) / 2
        for name, both in features.items()
    }


def _of_radius(points: np.ndarray) -> np.ndarray:
    """float32 (m, 3): powers of the radius, in units of its usual size."""
    radius = np.linalg.norm(points, axis=1) / np.sqrt(points.shape[1])
    deviation = np.clip((radius - 1) * np.sqrt(2 * points.shape[1]), -5, 5)
    return np.stack([deviation, deviation**2, deviation**3], axis=1).astype(np.float32)


def _of_components(points: np.ndarray) -> np.ndarray:
    """float32 (m, 2 d): third and fourth Hermite polynomials of each component, the radius taken out."""
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    x = points / np.maximum(norms, 1e-300) * np.sqrt(points.shape[1])
    return np.concatenate([x**3 - 3 * x, x**4 - 6 * x**2], axis=1, dtype=np.float32, casting="same_kind")


def _auc(train: np.ndarray, test: np.ndarray) -> float:
    """train, test: (2, m, f) of points and normal ones."""
    means, features = train.mean(axis=1), train.shape[2]
    centred = (train - means[:, None]).reshape(-1, features)
    covariance = centred.T @ centred / len(centred)
    # Few points for many features: as if these had been seen once more, uncorrelated.
    kept = len(centred) / (len(centred) + features)
    shrunk = kept * covariance + (1 - kept) * np.diag(np.diag(covariance))
    shrunk += 1e-9 * np.diag(np.maximum(np.diag(covariance), 1e-12))
    direction = np.linalg.solve(shrunk, means[0] - means[1])
    scores = test @ direction
    ranks = rankdata(scores.ravel())[: scores.shape[1]]
    m = scores.shape[1]
    return float((ranks.sum() - m * (m + 1) / 2) / m**2)
