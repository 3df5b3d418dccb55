"""Whether the distances from the center are those of a normal cloud."""

from __future__ import annotations

import numpy as np
from scipy import stats

from metrics.moments import DegenerateError


def radius_agreement(squared: np.ndarray, d: int, share: float = 1.0) -> float:
    """1 - Kolmogorov-Smirnov distance of D^2 to chi-square with d degrees of freedom; 0 to 1, 1 = normal.

    squared: (n,) squared Mahalanobis distances with the points' own mean and unbiased covariance.
    share: of the whole cloud that these innermost points are; chi-square is cut off at that quantile, and the distances
    are those with the core's covariance times `truncation_factor`. Raises ValueError unless 0 < share <= 1.
    Affine-invariant. It sees what no view of one or two components does: an elliptical cloud whose size varies.
    Own mean and covariance follow the points: n D^2 / (n - 1)^2 of a normal cloud is Beta(d/2, (n - d - 1)/2), not
    chi-square (Gnanadesikan and Kettenring 1972), whose distances are squeezed together when n is not far above d. In
    256 components a normal then has 0.76 at n = 300 and 0.977 at n = 1,500, before sampling error, and other clouds
    are squeezed as well. A core's sharp edge is smeared too, which costs about 0.16 sqrt(d / n) / share: 0.02 for half
    of 30,000 points in 64 components. The null carries the same effects, so read the gap. Cost: one sort.
    """
    _check_share(share)
    law = stats.chi2(d)
    return 1.0 - float(stats.kstest(squared, lambda x: np.minimum(law.cdf(x) / share, 1), method="asymp").statistic)


def beta_agreement(squared: np.ndarray, d: int) -> float:
    """1 - Kolmogorov-Smirnov distance of D^2 to its exact law for a normal cloud; 0 to 1, 1 = normal.

    squared: (n,) squared Mahalanobis distances with the points' own mean and unbiased covariance, of n points:
    n D^2 / (n - 1)^2 is Beta(d/2, (n - d - 1)/2) (Gnanadesikan and Kettenring 1972). `radius_agreement` holds them
    against chi-square, their law for n far above d. Affine-invariant. Raises DegenerateError for n <= d + 1.
    """
    n = len(squared)
    if n <= d + 1:
        raise DegenerateError(f"{n} points in {d} components all have the same distance; use more than {d + 1} points")
    law = stats.beta(d / 2, (n - d - 1) / 2, scale=(n - 1) ** 2 / n)
    return 1.0 - float(stats.kstest(squared, law.cdf, method="asymp").statistic)


def truncation_factor(share: float, d: int) -> float:
    """The factor, 1 and up, from the covariance of a normal cloud's core to that of the whole cloud.

    share: of the points in the core, 0 < share <= 1 (else ValueError), those within the Mahalanobis distance c, c^2
    the quantile of chi-square with d degrees of freedom. Cut there the covariance keeps its shape and loses the factor
    F_d(c^2) / F_{d+2}(c^2) of the two distribution functions (Tallis 1963).
    """
    _check_share(share)
    return share / float(stats.chi2.cdf(stats.chi2.ppf(share, d), d + 2))


def radius_spread(squared: np.ndarray, d: int) -> float:
    """Standard deviation of D^2 over sqrt(2 d), that of chi-square; 0 and up, 1 = normal, above 1 radii vary more.

    squared: (n,) squared Mahalanobis distances with the points' own mean and unbiased covariance. These follow the
    points: of normal ones it is (n - 1) / n sqrt((n - 1 - d) / (n + 1)), 0.91 in 256 components at n = 1,500. A few
    outliers can carry it. Affine-invariant.
    """
    return float(np.std(squared)) / float(np.sqrt(2 * d))


def radius_correlation(squared: np.ndarray, values: np.ndarray) -> float:
    """Spearman's correlation of the distance from the center with another number of each point, -1 to 1.

    squared: (n,) squared Mahalanobis distances; values: (n,), say the contrast of each image. Far from 0 the values
    explain why the size of the cloud varies; a normal cloud may have any value. Raises ValueError for other shapes and
    for NaN, DegenerateError where one of the two is constant. Cost: two sorts.
    """
    if squared.shape != np.shape(values):
        raise ValueError(f"values have shape {np.shape(values)}; give one number for each of {len(squared)} points")
    if not np.isfinite(values).all():
        raise ValueError("values hold NaN or infinity; remove such points or mend their source")
    if np.ptp(values) == 0 or np.ptp(squared) == 0:
        raise DegenerateError("the values or the radii are all the same; there is no correlation with a constant")
    return float(stats.spearmanr(squared, values).statistic)


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; give a number above 0, at most 1")
