"""What the measures say of a cloud that is exactly normal."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from metrics.moments import Moments, row_slices


def normal_sample(moments: Moments, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """n points (n, d) of the normal distribution N(m, S) with these moments: m + z S^(1/2), z standard normal.

    z is drawn in float32, row by row, whatever the dtype, so that one seed gives one sample; the symmetric root is the
    only one without a choice of signs or order, and exists for a singular S as well.
    dtype: of the result; take float64 where |m| exceeds the spread so far that float32 would round it.
    Cost: n d^2 multiplications and the result itself.
    """
    sample = np.empty((moments.n, moments.d), dtype)
    values, vectors = np.linalg.eigh(moments.covariance)
    root = ((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T).astype(dtype)
    for rows in row_slices(*sample.shape):
        z = rng.standard_normal(sample[rows].shape, dtype=np.float32)
        sample[rows] = z @ root + moments.mean
    return sample
