"""Statistical latent vectors: points drawn from simple descriptions of where a data set lies in latent space."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2

from cae.cloud import Cloud, from_scores
from cae.config import AnalysisConfig, SamplingMethod

# One seed for every run of every sweep: the same draws make the same "people", so faces compare across runs.
DRAWS_SEED = 20240808


def standard_normal_draws(count: int, dimensions: int) -> np.ndarray:
    """(count, dimensions) seeded standard-normal numbers, the same for all runs.

    Rows of fewer dimensions begin like rows of more, and the first draws of a large count are those of a small one.
    """
    rows = [np.random.default_rng([DRAWS_SEED, row]).standard_normal(dimensions) for row in range(count)]
    return np.stack(rows)


def sample(method: SamplingMethod, cloud: Cloud, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """float32 (count, d): latent vectors made by `method` from standard-normal `draws` of that shape.

    mnd: N(mean, s^2 covariance) with s = config.mnd_sigma.
    elliptical: in the direction of the mnd draw, at a distance drawn from the data's own (see `_elliptical_scores`).
    pca: the mnd draw for s = 1 with its principal scores clipped at config.pca_sigma sd.
    independent: each component normal with its own mean and sd, correlations ignored.
    interval: each component uniform in mean +- f half-widths with f = config.interval_factor.
    uniform: each component uniform in [-b, b], b such that the mean squared radius is that of the data.
    """
    if method == "mnd":
        points = from_scores(cloud, config.mnd_sigma * draws)
    elif method == "elliptical":
        points = from_scores(cloud, _elliptical_scores(cloud, draws))
    elif method == "pca":
        points = from_scores(cloud, np.clip(draws, -config.pca_sigma, config.pca_sigma))
    elif method == "independent":
        points = cloud.mean + draws * cloud.sd
    elif method == "interval":
        points = cloud.mean + config.interval_factor * cloud.half_widths * _uniform(draws)
    elif method == "uniform":
        points = cube_half_width(cloud) * _uniform(draws)
    else:
        raise ValueError(f"unknown sampling method {method!r}")
    return points.astype(np.float32)


def _uniform(draws: np.ndarray) -> np.ndarray:
    """Uniform in [-1, 1], of the same ranks."""
    return 2 * ndtr(draws) - 1


def _elliptical_scores(cloud: Cloud, draws: np.ndarray) -> np.ndarray:
    """Principal scores (count, d) of draws that were moved along their directions to distances of the data.

    A draw's own length has the distribution chi with as many degrees of freedom as there are axes, independent of its
    direction. It gives the rank, and the data's radii of that rank the length, so that no further random number is
    needed; where the data are normal the draw stays where it was.
    """
    # Identical vectors have no axis: their radii are 0, whatever the draw.
    rank = max(cloud.rank, 1)
    lengths = np.linalg.norm(draws[:, :rank], axis=1)
    radii = np.interp(chi2.cdf(lengths**2, rank), np.linspace(0, 1, len(cloud.radii)), cloud.radii)
    return draws * (radii / lengths)[:, None]


def cube_half_width(cloud: Cloud) -> float:
    """b: points uniform in the cube [-b, b]^d have mean squared radius d b^2 / 3, here equal to the data's."""
    return cloud.rms_radius * float(np.sqrt(3 / len(cloud.mean)))


def explain(method: SamplingMethod, cloud: Cloud, config: AnalysisConfig) -> str:
    """One line for the caption of a picture: how these points were drawn."""
    return {
        "mnd": f"N(mean, s² covariance) of the training vectors, s = {config.mnd_sigma:g}",
        "elliptical": "the same directions from the center, at distances drawn from those of the training vectors",
        "pca": f"the same draws, principal scores clipped at {config.pca_sigma:g} sd",
        "independent": "each component normal with its own mean and sd, correlations ignored",
        "interval": f"each component uniform in mean ± {config.interval_factor:g} half-widths at half-maximum",
        "uniform": f"each component uniform in [−b, b], b = {cube_half_width(cloud):.2g} gives the radii of the data",
    }[method]
