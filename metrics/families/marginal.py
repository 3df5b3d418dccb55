"""One component at a time."""

from __future__ import annotations

import numpy as np

from metrics.cloud import TEST_ROWS, Cloud
from metrics.marginals import NORMAL_HALF_WIDTH, anderson_darling, shapiro_wilk
from metrics.registry import Family, Metric


def _marginal(cloud: Cloud) -> list[float]:
    each = cloud.marginals
    return [
        1 - each.ks.mean(),
        each.ks.max(),
        each.wasserstein.mean(),
        np.abs(each.skewness).mean(),
        each.excess_kurtosis.mean(),
        (each.half_width / each.sd).mean() / NORMAL_HALF_WIDTH,
        (each.fit_sd / each.sd).mean(),
    ]


def _marginal_tests(cloud: Cloud) -> list[float]:
    columns = cloud.some(TEST_ROWS)
    squares, square_p = anderson_darling(columns)
    w, w_p = shapiro_wilk(columns)
    return [squares.mean(), (square_p < 0.05).mean(), w.mean(), (w_p < 0.05).mean()]


METRICS = (
    Metric(
        "marginal_gaussianity",
        "0 to 1",
        "1 = normal",
        "skewed, peaked, heavy-tailed or split components: 1 - mean KS distance to their normals",
        "anything between components; one bad component among hundreds; a common radius in many dimensions",
        goal="maximize",
        alike=6,
    ),
    Metric(
        "marginal/ks_largest",
        "0 to 1",
        "0 = normal",
        "the worst component alone: the largest KS distance",
        "how many such components there are",
        goal="minimize",
    ),
    Metric(
        "marginal/wasserstein",
        "0 and up, in sd",
        "0 = normal",
        "the same deviations as KS, tails more, mean Wasserstein-1 distance",
        "anything between components",
        goal="minimize",
        alike=6,
    ),
    Metric(
        "marginal/skewness_abs",
        "0 and up",
        "0 = normal",
        "one-sided tails: mean absolute skewness",
        "symmetric deviations",
        goal="minimize",
        alike=6,
    ),
    Metric(
        "marginal/excess_kurtosis",
        "-2 and up",
        "0 = normal",
        "heavy (above 0) or short (below 0) tails: mean over components",
        "skewness; components whose deviations cancel",
        alike=4,
    ),
    Metric(
        "marginal/half_width",
        "0 and up",
        "1 = normal",
        "peaks narrower (below 1) or wider than the sd says: half-width at half-maximum over 1.177 sd",
        "tails; sides that differ",
        alike=4,
    ),
    Metric(
        "marginal/fit_sd",
        "0 and up",
        "1 = normal",
        "the same by a least-squares Gaussian through the histogram: its sd over the sd",
        "tails; sides that differ",
        alike=4,
    ),
    Metric(
        "marginal/anderson_darling",
        "0 and up",
        "0.38 = normal",
        "tails of the components: mean A² of 2,000 points",
        "anything between components",
        alike=6,
    ),
    Metric(
        "marginal/anderson_darling_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of components that the 5 % test rejects at 2,000 points",
        "how far off they are",
        alike=6,
    ),
    Metric(
        "marginal/shapiro_wilk",
        "0 to 1",
        "1 = normal",
        "bent quantile plots of the components: mean W of 2,000 points",
        "anything between components",
        goal="maximize",
        alike=6,
    ),
    Metric(
        "marginal/shapiro_wilk_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of components that the 5 % test rejects at 2,000 points",
        "how far off they are",
        alike=6,
    ),
)
FAMILY = Family(
    "marginal",
    METRICS,
    shape=lambda settings: (
        (
            (
                "marginal_gaussianity",
                "marginal/ks_largest",
                "marginal/wasserstein",
                "marginal/skewness_abs",
                "marginal/excess_kurtosis",
                "marginal/half_width",
                "marginal/fit_sd",
            ),
            _marginal,
        ),
        (
            (
                "marginal/anderson_darling",
                "marginal/anderson_darling_rejected",
                "marginal/shapiro_wilk",
                "marginal/shapiro_wilk_rejected",
            ),
            _marginal_tests,
        ),
    ),
)
