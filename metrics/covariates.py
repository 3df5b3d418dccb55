"""What the distance from the center follows: numbers that are known of each point, such as an image's contrast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from metrics.moments import DegenerateError
from metrics.radius import radius_agreement, radius_correlation

FOLDS = 10
# Points for each coefficient: fewer, and the regression mostly learns noise.
LEAST_RATIO = 10


def checked(covariates: Mapping[str, ArrayLike], n: int) -> dict[str, np.ndarray]:
    """Each as float64 (n,). Raises ValueError for another shape, NaN and infinity."""
    found = {name: np.asarray(given, dtype=np.float64) for name, given in covariates.items()}
    for name, each in found.items():
        if each.shape != (n,):
            raise ValueError(f"covariate {name} has shape {each.shape}; give one number for each of {n}")
        if not np.isfinite(each).all():
            raise ValueError(f"covariate {name} holds NaN or infinity; remove such points or mend their source")
    return found


def correlations(squared: np.ndarray, covariates: Mapping[str, np.ndarray]) -> tuple[dict[str, float], dict[str, str]]:
    """Spearman's correlation of the radius with each covariate by name, and the reasons for those without."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for name, each in covariates.items():
        try:
            values[name] = radius_correlation(squared, each)
        except DegenerateError as error:
            omitted[name] = str(error)
    return values, omitted


def explained(
    squared: np.ndarray, covariates: Mapping[str, np.ndarray], d: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Share of the variance of the log radius that all covariates together explain; radius agreement without it.

    squared: (n,) squared Mahalanobis distances in d components; covariates: (n,) each. A regression on them, their
    squares and products, each point predicted by the nine tenths of the others that it is not among. The share is at
    most 1, 0 = nothing, below 0 = less than the mean does. The agreement, 0 to 1, is that of the squared distances over
    the predicted ones, brought to the same mean: near `radius_agreement` the covariates have no part in it, 1 = all
    that is not normal about the radii follows them. Raises DegenerateError for too few points or a point at the center.
    Cost: n f^2 for f features.
    """
    features = _features(np.stack(list(covariates.values()), axis=1))
    n, count = features.shape
    if n < LEAST_RATIO * count:
        raise DegenerateError(f"{n} points for {count} coefficients; a regression needs {LEAST_RATIO} for each")
    if squared.min() <= 0:
        raise DegenerateError("a point lies at the very center; its radius has no logarithm")
    target = np.log(squared) / 2
    if np.ptp(target) == 0:
        raise DegenerateError("the radii are all the same; there is nothing to explain")
    predicted = np.empty(n)
    for held_out in np.array_split(rng.permutation(n), FOLDS):
        others = np.ones(n, bool)
        others[held_out] = False
        coefficients = np.linalg.lstsq(features[others], target[others], rcond=None)[0]
        predicted[held_out] = features[held_out] @ coefficients
    share = 1 - float(((target - predicted) ** 2).sum() / ((target - target.mean()) ** 2).sum())
    rest = squared / np.exp(2 * (predicted - predicted.mean()))
    return share, radius_agreement(rest * (squared.mean() / rest.mean()), d)


def _features(table: np.ndarray) -> np.ndarray:
    """float64 (n, f): 1, the columns of a table (n, k) that vary, standardised, their squares and products."""
    varying = table[:, np.ptp(table, axis=0) > 0]
    if not varying.shape[1]:
        raise DegenerateError("the covariates are all constant; they explain nothing")
    z = np.clip((varying - varying.mean(axis=0)) / varying.std(axis=0), -4, 4)
    first, second = np.triu_indices(z.shape[1])
    return np.column_stack([np.ones(len(z)), z, z[:, first] * z[:, second]])
