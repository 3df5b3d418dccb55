"""Margins or dependence? The points with every component made normal, so that the dependence alone is left."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from metrics.moments import check_varying, column_slices, in_threads, moments


def normal_scores(points: np.ndarray) -> np.ndarray:
    """float32 (n, d): each value's rank in its component as a normal quantile (Blom's 1958 positions).

    Every component is as normal as n allows; what still deviates is the dependence (the copula). Ties share the mean
    rank. Unchanged by every increasing map of a component. Raises DegenerateError for constant components.
    Cost: d sorts.
    """
    check_varying(moments(points))
    n, d = points.shape
    scores = np.empty((n, d), np.float32)

    def block(columns: slice) -> None:
        scores[:, columns] = ndtri((rankdata(points[:, columns], axis=0) - 0.375) / (n + 0.25))

    in_threads(block, column_slices(n, d))
    return scores
