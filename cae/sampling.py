"""Statistical latent vectors: points drawn from simple descriptions of where a data set lies in latent space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2

from cae.config import AnalysisConfig, SamplingMethod
from cae.latent_distribution import LatentDistribution, from_scores
from cae.plugins import PluginError
from cae.registries import GENERATORS

# One seed for every run of every sweep: the same draws make the same "people", so faces compare across runs.
DRAWS_SEED = 20240808


def standard_normal_draws(count: int, dimensions: int) -> np.ndarray:
    """(count, dimensions) seeded standard-normal numbers, the same for all runs.

    Rows of fewer dimensions begin like rows of more, and the first draws of a large count are those of a small one.
    """
    rows = [np.random.default_rng([DRAWS_SEED, row]).standard_normal(dimensions) for row in range(count)]
    return np.stack(rows)


@dataclass(frozen=True)
class Generator:
    """A way to make latent vectors out of standard-normal draws and where the training vectors lie.

    draw: (cloud, draws (count, d), config) to points (count, d). caption: (cloud, config) to one line for a picture.
    The same draws serve every method and run: a generator should use their order of people, not random numbers of its
    own.
    """

    draw: Callable[[LatentDistribution, np.ndarray, AnalysisConfig], np.ndarray]
    caption: Callable[[LatentDistribution, AnalysisConfig], str]


def sample(method: SamplingMethod, cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """float32 (count, d): latent vectors made by `method` from standard-normal `draws` of that shape.

    The built-in methods are the constants below; others come from plug-ins. Raises PluginError for one that cannot be
    imported or gives something else than finite points of that shape.
    """
    points = np.asarray(GENERATORS.load(method).draw(cloud, draws, config), dtype=np.float32)
    if not GENERATORS.is_builtin(method) and (points.shape != draws.shape or not np.isfinite(points).all()):
        what = "NaN or infinity" if points.shape == draws.shape else f"points of shape {points.shape}"
        raise PluginError(f"{method}: gives {what}; finite points of shape {draws.shape} are needed")
    return points


def explain(method: SamplingMethod, cloud: LatentDistribution, config: AnalysisConfig) -> str:
    """One line for the caption of a picture: how these points were drawn."""
    return str(GENERATORS.load(method).caption(cloud, config))


def _uniform(draws: np.ndarray) -> np.ndarray:
    """Uniform in [-1, 1], of the same ranks."""
    return 2 * ndtr(draws) - 1


def _elliptical_scores(cloud: LatentDistribution, draws: np.ndarray) -> np.ndarray:
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


def cube_half_width(cloud: LatentDistribution) -> float:
    """b: points uniform in the cube [-b, b]^d have mean squared radius d b^2 / 3, here equal to the data's."""
    return cloud.rms_radius * float(np.sqrt(3 / len(cloud.mean)))


# N(mean, s^2 covariance) with s = config.mnd_sigma.
MND = Generator(
    lambda cloud, draws, config: from_scores(cloud, config.mnd_sigma * draws),
    lambda cloud, config: f"N(mean, s² covariance) of the training vectors, s = {config.mnd_sigma:g}",
)
# In the direction of the mnd draw, at a distance drawn from the data's own (see `_elliptical_scores`).
ELLIPTICAL = Generator(
    lambda cloud, draws, config: from_scores(cloud, _elliptical_scores(cloud, draws)),
    lambda cloud, config: "the same directions from the center, at distances drawn from those of the training vectors",
)
# The mnd draw for s = 1 with its principal scores clipped at config.pca_sigma sd.
PCA = Generator(
    lambda cloud, draws, config: from_scores(cloud, np.clip(draws, -config.pca_sigma, config.pca_sigma)),
    lambda cloud, config: f"the same draws, principal scores clipped at {config.pca_sigma:g} sd",
)
# Each component normal with its own mean and sd, correlations ignored.
INDEPENDENT = Generator(
    lambda cloud, draws, config: cloud.mean + draws * cloud.sd,
    lambda cloud, config: "each component normal with its own mean and sd, correlations ignored",
)
# Each component uniform in mean +- f half-widths with f = config.interval_factor.
INTERVAL = Generator(
    lambda cloud, draws, config: cloud.mean + config.interval_factor * cloud.half_widths * _uniform(draws),
    lambda cloud, config: f"each component uniform in mean ± {config.interval_factor:g} half-widths at half-maximum",
)
# Each component uniform in [-b, b], b such that the mean squared radius is that of the data.
UNIFORM = Generator(
    lambda cloud, draws, config: cube_half_width(cloud) * _uniform(draws),
    lambda cloud, config: (
        f"each component uniform in [−b, b], b = {cube_half_width(cloud):.2g} gives the radii of the data"
    ),
)
