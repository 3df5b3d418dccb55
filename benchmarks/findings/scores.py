"""Names of the metrics and fields that the findings speak of, and means of them."""

from __future__ import annotations

import pandas as pd

from metrics import VERSION
from metrics.null_table import tabulated
from sweeps.spec.goals import MSE

RADII, CONTOURS, MARGINALS = "mnd/radius_agreement", "mnd/contour_agreement", "mnd/marginal_gaussianity"
UNTRAINED, PIXELS = "control/untrained/radius_agreement", "control/pca/radius_agreement"
GAIN, NULL, SHELL = "gain/radius_agreement", f"{RADII}_null", "mnd/origin/norm_spread"
KURTOSIS = "mnd/elliptical/kurtosis_of_directions"
HELD_OUT = "mnd_test/radius_agreement"
HELD_OUT_GAIN = f"gain/{HELD_OUT}"
PIXEL_MSE = f"{MSE}_pca"
EXPLAINED = "maps/explained"
DIRECTION = "pursuit/ks"
ACTIVATION, DIMENSIONS, MAPS = "model.activation", "model.latent_dim", "model.maps"
# As the predictions say it: below, a cloud is a shell around the origin.
HOLLOW = 0.5
# Photographs that the networks of CelebA are trained on, and how many of them are followed epoch by epoch:
# `sweeps.pipeline.formation.POINTS`, which imports Keras.
TRAINED_ON, FOLLOWED = 5_400, 1_024


def normal(metric: str, points: int, components: int = 256) -> float:
    """What a normal cloud of that size scores."""
    known = tabulated(points, components, VERSION)
    assert known is not None
    return known.mean[metric]


def means(found: pd.DataFrame, by: str, metric: str) -> pd.Series:
    """Mean over seeds of each value of a field, in the order of the file."""
    return found.groupby(by, sort=False)[metric].mean()


def listed(values: pd.Series, digits: int = 3) -> str:
    """Name and value of each, in words."""
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in values.items())


def network(activation: object, batch_norm: object) -> str:
    """As a table names it."""
    return f"{activation}, batch normalization" if batch_norm else str(activation)


def turned(found: pd.DataFrame) -> pd.Series:
    """Of each run how much more of a map's output light and detail explain for its training; below 0: less."""
    return found[EXPLAINED] - found[f"control/untrained/{EXPLAINED}"]


def spread(values: pd.Series) -> float:
    return float(values.max() - values.min())


def aucs(found: pd.DataFrame, of: str = "") -> pd.Series:
    """Of each run the mean over attributes of how well each is told from its latent vectors, or from a control's."""
    return found.filter(regex=rf"^{of}attributes/auc_").mean(axis=1)


def mean_auc(found: pd.DataFrame, of: str = "") -> float:
    """The mean of these over runs."""
    return float(aucs(found, of).mean())


def explained_by_radius(found: pd.DataFrame, name: str) -> float:
    """Of what a headline lacks to a normal cloud's, the share that an elliptical cloud of the same radii lacks too."""
    null = found[f"mnd/{name}_null"].mean()
    return float((null - found[f"control/elliptical/{name}"].mean()) / (null - found[f"mnd/{name}"].mean()))
