"""Control data with known answers: which headline must see which, and by how much."""

from __future__ import annotations

import numpy as np


def normal(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A correlated normal cloud with its center off the origin."""
    mixing = np.eye(d) + 0.5 * rng.standard_normal((d, d)) / np.sqrt(d)
    return rng.standard_normal((n, d)) @ mixing + 0.3


def student(n: int, d: int, rng: np.random.Generator, df: float = 8) -> np.ndarray:
    """A multivariate t: one common radius factor for all components of a point."""
    return rng.standard_normal((n, d)) / np.sqrt(rng.chisquare(df, (n, 1)) / df)


def ball(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    direction = rng.standard_normal((n, d))
    return direction / np.linalg.norm(direction, axis=1, keepdims=True) * rng.random((n, 1)) ** (1 / d)


def cube(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-1, 1, (n, d))


def mixture(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Two normal clouds, 3 sd apart in every component."""
    return rng.standard_normal((n, d)) + 3 * rng.integers(2, size=(n, 1))


def one_bimodal(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A normal cloud but for component 0, two narrow peaks at -1 and 1."""
    cloud = rng.standard_normal((n, d))
    cloud[:, 0] = rng.choice([-1.0, 1.0], n) + 0.2 * cloud[:, 0]
    return cloud


def mapped(points: np.ndarray, rng: np.random.Generator, log_scale: float, shift: float) -> np.ndarray:
    """The points (n, d) in another order after an invertible affine map: a rotation, stretched, scaled and shifted."""
    d = points.shape[1]
    orthogonal, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return rng.permutation(points) @ (orthogonal * rng.uniform(0.2, 5, d)) * 10.0**log_scale + shift
