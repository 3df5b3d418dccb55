"""Whether the distances from the center are those of a normal cloud."""

from __future__ import annotations

import numpy as np
from scipy import stats


def radius_agreement(squared: np.ndarray, d: int) -> float:
    """1 - Kolmogorov-Smirnov distance of D^2 to chi-square with d degrees of freedom; 0 to 1, 1 = normal.

    squared: (n,) squared Mahalanobis distances with the points' own mean and unbiased covariance.
    Affine-invariant. It sees what no view of one or two components does: an elliptical cloud whose size varies.
    Own mean and covariance follow the points: n D^2 / (n - 1)^2 of a normal cloud is Beta(d/2, (n - d - 1)/2), not
    chi-square (Gnanadesikan and Kettenring 1972), whose distances are squeezed together when n is not far above d. In
    256 components a normal then has 0.76 at n = 300 and 0.977 at n = 1,500, before sampling error, and other clouds
    are squeezed as well. The null carries the same effect, so read the gap. Cost: one sort.
    """
    return 1.0 - float(stats.kstest(squared, stats.chi2(d).cdf, method="asymp").statistic)
