"""Statistical latent vectors: points drawn from simple descriptions of where a data set lies in latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from cae.config import AnalysisConfig, SamplingMethod

CHUNK = 8192
# One seed for every run of every sweep: the same draws make the same "people", so faces compare across runs.
DRAWS_SEED = 20240808


@dataclass(frozen=True)
class Cloud:
    """The first two moments of n latent vectors in d dimensions, all float64.

    mean, sd: (d,) per component. axes: (d, d), column k is the k-th principal axis; scales: (d,) sd along the axes,
    falling. rms_radius: root mean square distance from the origin.
    """

    mean: np.ndarray
    sd: np.ndarray
    axes: np.ndarray
    scales: np.ndarray
    rms_radius: float


def describe(latents: np.ndarray) -> Cloud:
    """Moments and principal axes of (n, d) vectors, n > 1. Cost: n d^2 in chunks, and one d^3 decomposition."""
    n, d = latents.shape
    mean = latents.mean(axis=0, dtype=np.float64)
    scatter, squares = np.zeros((d, d)), 0.0
    for start in range(0, n, CHUNK):
        part = latents[start : start + CHUNK].astype(np.float64)
        squares += float((part**2).sum())
        part -= mean
        scatter += part.T @ part
    covariance = scatter / (n - 1)
    variances, axes = np.linalg.eigh(covariance)
    scales = np.sqrt(np.clip(variances, 0, None))
    return Cloud(mean, np.sqrt(np.diag(covariance)), axes[:, ::-1], scales[::-1], float(np.sqrt(squares / n)))


def standard_normal_draws(count: int, dimensions: int) -> np.ndarray:
    """(count, dimensions) seeded standard-normal numbers, the same for all runs.

    Rows of fewer dimensions begin like rows of more, and the first draws of a large count are those of a small one.
    """
    rows = [np.random.default_rng([DRAWS_SEED, row]).standard_normal(dimensions) for row in range(count)]
    return np.stack(rows)


def sample(method: SamplingMethod, cloud: Cloud, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """float32 (count, d): latent vectors made by `method` from standard-normal `draws` of that shape.

    mnd: N(mean, s^2 covariance) with s = config.mnd_sigma. pca: the same point with its principal scores clipped at
    config.pca_sigma sd. independent: each component normal with its own mean and sd, correlations ignored.
    uniform: each component uniform in [-b, b], b such that the mean squared radius is that of the data.
    """
    if method == "mnd":
        points = cloud.mean + config.mnd_sigma * (draws * cloud.scales) @ cloud.axes.T
    elif method == "pca":
        points = cloud.mean + (np.clip(draws, -config.pca_sigma, config.pca_sigma) * cloud.scales) @ cloud.axes.T
    elif method == "independent":
        points = cloud.mean + draws * cloud.sd
    elif method == "uniform":
        points = cube_half_width(cloud) * (2 * ndtr(draws) - 1)
    else:
        raise ValueError(f"unknown sampling method {method!r}")
    return points.astype(np.float32)


def cube_half_width(cloud: Cloud) -> float:
    """b: points uniform in the cube [-b, b]^d have mean squared radius d b^2 / 3, here equal to the data's."""
    return cloud.rms_radius * float(np.sqrt(3 / len(cloud.mean)))


def explain(method: SamplingMethod, cloud: Cloud, config: AnalysisConfig) -> str:
    """One line for the caption of a picture: how these points were drawn."""
    return {
        "mnd": f"N(mean, s² covariance) of the training vectors, s = {config.mnd_sigma:g}",
        "pca": f"the same draws, principal scores clipped at {config.pca_sigma:g} sd",
        "independent": "each component normal with its own mean and sd, correlations ignored",
        "uniform": f"each component uniform in [−b, b], b = {cube_half_width(cloud):.2g} gives the radii of the data",
    }[method]
