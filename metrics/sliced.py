"""Many one-dimensional views at once: the characteristic functions of random projections."""

from __future__ import annotations

import numpy as np

from metrics.moments import in_threads

DIRECTIONS = 256
# Quadrature as in SIGReg (Balestriero and LeCun 2025): 17 points on [-5, 5], by symmetry those from 0 on.
_POINTS = np.linspace(0.0, 5.0, 9)
_STEP = _POINTS[1]
_WEIGHTS = 2 * _STEP * np.where((_POINTS == 0) | (_POINTS == 5), 0.5, 1.0) * np.exp(-(_POINTS**2) / 2)
BLOCK = 32


def epps_pulley(white: np.ndarray, rng: np.random.Generator, directions: int = DIRECTIONS) -> tuple[float, float]:
    """Epps and Pulley's statistic over random directions: its mean, and the largest; 0 and up, small = normal.

    white: (m, d) points at mean 0 and covariance I, m a fixed few thousand. Each projection is standardised by its own
    mean and sd; m times the integral of |its characteristic function - exp(-t^2 / 2)|^2 with weight exp(-t^2 / 2).
    That is what SIGReg presses on (LeJEPA, arXiv 2511.08544). It sees what many views share, heavy tails above all,
    and misses what a few directions of many have, as random projections of anything are near normal (Diaconis and
    Freedman 1984). Invariant, in law, under every invertible affine map. Cost: m k d multiplications, 9 m k sines.
    """
    axes = rng.standard_normal((white.shape[1], directions))
    axes /= np.linalg.norm(axes, axis=0)
    projected = np.ascontiguousarray((white @ axes).T)
    projected -= projected.mean(axis=1, keepdims=True)
    projected /= projected.std(axis=1, keepdims=True)
    blocks = [projected[start : start + BLOCK] for start in range(0, directions, BLOCK)]
    statistics = np.concatenate(in_threads(_statistics, blocks))
    return float(statistics.mean()), float(statistics.max())


def _statistics(rows: np.ndarray) -> np.ndarray:
    """Of standardised samples, a row each (k, m): the statistic (k,)."""
    total = np.zeros(len(rows))
    for t, weight in zip(_POINTS, _WEIGHTS, strict=True):
        angles = t * rows
        real, imaginary = np.cos(angles).mean(axis=1), np.sin(angles).mean(axis=1)
        total += weight * ((real - np.exp(-(t**2) / 2)) ** 2 + imaginary**2)
    return rows.shape[1] * total
