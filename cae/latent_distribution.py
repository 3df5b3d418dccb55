"""Where a data set lies in latent space: center, spread, principal axes and how far from the center its points are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHUNK = 8192
# Principal axes of a smaller share of the largest scale are rounding, also where the latents were float32.
ROUNDING = 1e-6
# Quantiles at 0, 0.1 %, ..., 100 %: radii drawn by interpolation then have the data's distribution within 0.1 %.
QUANTILES = 1001


@dataclass(frozen=True, eq=False)
class LatentDistribution:
    """What the generators know of n latent vectors in d dimensions, all float64 but the vectors.

    mean, sd, half_widths: (d,) per component; half_widths are half-widths at half-maximum. axes: (d, d), column k is
    the k-th principal axis; scales: (d,) sd along the axes, falling, exactly 0 where they are rounding. rms_radius:
    root mean square distance from the origin. radii: (QUANTILES,) equidistant quantiles, from minimum to maximum, of
    the vectors' own Mahalanobis distances from the center, along the axes whose scale is not 0. vectors: (n, d), those
    that were described, no copy.
    """

    mean: np.ndarray
    sd: np.ndarray
    half_widths: np.ndarray
    axes: np.ndarray
    scales: np.ndarray
    rms_radius: float
    radii: np.ndarray
    vectors: np.ndarray

    @property
    def rank(self) -> int:
        """Number of principal axes along which the vectors differ, at most n - 1."""
        return int(np.count_nonzero(self.scales))


def describe(latents: np.ndarray, half_widths: np.ndarray, chunk: int = CHUNK) -> LatentDistribution:
    """Center, spread, principal axes and radii of (n, d) vectors, n > 1; half_widths (d,) are kept as they are.

    Raises ValueError for a single vector or another number of half-widths. With n <= d + 1 all vectors have the same
    Mahalanobis distance. Cost: 2 n d^2 in chunks of so many vectors, and one d^3 decomposition.
    """
    n, d = latents.shape
    if n < 2:
        raise ValueError(f"latents hold {n} vector, which has no spread; give at least 2")
    if np.shape(half_widths) != (d,):
        raise ValueError(f"half_widths have shape {np.shape(half_widths)}; give one for each of the {d} components")
    mean = latents.mean(axis=0, dtype=np.float64)
    covariance = _scatter(latents, mean, chunk) / (n - 1)
    variances, axes = np.linalg.eigh(covariance)
    axes, scales = axes[:, ::-1], np.sqrt(np.clip(variances[::-1], 0, None))
    scales = np.where(scales > ROUNDING * scales[0], scales, 0.0)
    # Sum of squares around the origin: that around the mean, moved (Huygens and Steiner).
    rms_radius = float(np.sqrt(np.trace(covariance) * (n - 1) / n + mean @ mean))
    radii = np.quantile(_radii(latents, mean, axes, scales, chunk), np.linspace(0, 1, QUANTILES))
    sd = np.sqrt(np.diag(covariance))
    return LatentDistribution(mean, sd, np.asarray(half_widths, np.float64), axes, scales, rms_radius, radii, latents)


def _scatter(latents: np.ndarray, mean: np.ndarray, chunk: int) -> np.ndarray:
    """Sum of x x' (d, d) over the vectors, around their mean."""
    scatter = np.zeros((mean.size, mean.size))
    for start in range(0, len(latents), chunk):
        centered = latents[start : start + chunk] - mean
        scatter += centered.T @ centered
    return scatter


def _radii(latents: np.ndarray, mean: np.ndarray, axes: np.ndarray, scales: np.ndarray, chunk: int) -> np.ndarray:
    """Mahalanobis distance (n,) of each vector from the mean."""
    rank = np.count_nonzero(scales)
    whitening = axes[:, :rank] / scales[:rank]
    parts = (latents[start : start + chunk] - mean for start in range(0, len(latents), chunk))
    return np.concatenate([np.linalg.norm(part @ whitening, axis=1) for part in parts])


def from_scores(cloud: LatentDistribution, scores: np.ndarray) -> np.ndarray:
    """float64 (..., d): the points at these principal scores (..., d), in sd along each axis from the center."""
    return cloud.mean + (scores * cloud.scales) @ cloud.axes.T


def scores_of(cloud: LatentDistribution, rows: np.ndarray, axes: int) -> np.ndarray:
    """float64 (len(rows), axes): principal scores of these training vectors, in sd along each of the leading axes.

    axes: at most the rank. The inverse of `from_scores`. Cost: 2 d axes a row, in chunks.
    """
    whitening = cloud.axes[:, :axes] / cloud.scales[:axes]
    scores = np.empty((len(rows), axes))
    for start in range(0, len(rows), CHUNK):
        chosen = rows[start : start + CHUNK]
        scores[start : start + CHUNK] = (cloud.vectors[chosen] - cloud.mean) @ whitening
    return scores


def plane_roots(cloud: LatentDistribution, components: np.ndarray) -> np.ndarray:
    """(k, d) factor F of the covariance F F' (k, k) of some components."""
    return cloud.axes[components] * cloud.scales
