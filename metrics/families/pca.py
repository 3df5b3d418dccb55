"""Along the principal axes."""

from __future__ import annotations

import numpy as np

from metrics import pca
from metrics.cloud import PCA_ROWS, RESCALE, Cloud
from metrics.moments import DegenerateError
from metrics.registry import Family, Metric

LEADING_AXES = 10
# Scores along principal axes are kept in float32: within this range their narrowest axis and their tails fit in.
FLOAT32 = 1e-30, 1e30


def _axes(cloud: Cloud) -> list[float]:
    widest = float(np.sqrt(cloud.spectrum.variances[0]))
    if not FLOAT32[0] < widest < FLOAT32[1]:
        raise DegenerateError(f"the latents have an sd of {widest:.0e} along their widest axis; {RESCALE}")
    ks = pca.axis_marginals(cloud.some(PCA_ROWS), cloud.moments, cloud.spectrum).ks
    return [1 - ks.mean(), 1 - ks[:LEADING_AXES].mean()]


def _spectrum(cloud: Cloud) -> list[float]:
    # Both are ratios: relative to the largest no variance is too small or too large to square.
    variances = cloud.spectrum.variances / cloud.spectrum.variances[0]
    return [pca.effective_dimension(variances), pca.components_for(variances, 0.9)]


METRICS = (
    Metric(
        "pca/marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "marginal_gaussianity along the principal axes, of 10,000 points",
        "anything between axes",
        goal="maximize",
    ),
    Metric(
        "pca/leading_gaussianity",
        "0 to 1",
        "1 = normal",
        "the same along the 10 axes of largest variance",
        "the other axes",
        goal="maximize",
    ),
    Metric(
        "pca/effective_dimension",
        "1 to d",
        "d = round",
        "in how many dimensions the variance lies: (sum of eigenvalues)² over the sum of their squares",
        "the shape of the cloud",
        calibrated=False,
    ),
    Metric(
        "pca/components_90",
        "1 to d",
        "d = round",
        "principal axes that hold 90 % of the variance",
        "the shape of the cloud",
        calibrated=False,
    ),
)
FAMILY = Family(
    "pca",
    METRICS,
    shape=lambda settings: ((("pca/marginal_gaussianity", "pca/leading_gaussianity"), _axes),),
    place=((("pca/effective_dimension", "pca/components_90"), _spectrum),),
)
