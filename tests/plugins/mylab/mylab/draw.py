"""Faces from a multivariate t: normal directions, heavier radii."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, norm

from cae.config import AnalysisConfig
from cae.latent_distribution import LatentDistribution, from_scores
from cae.sampling import Generator

DEGREES = 8


def draw(cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """Each draw divided by sqrt(chi2 / df), the chi2 from the draw's own first number, so that people stay the same."""
    share = chi2.ppf(norm.cdf(draws[:, :1]), DEGREES) / DEGREES
    return from_scores(cloud, draws / np.sqrt(share))


STUDENT = Generator(draw, lambda cloud, config: f"a multivariate t of {DEGREES} degrees of freedom around the center")
