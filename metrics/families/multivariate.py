"""Tests of all dimensions, or of blocks of them."""

from __future__ import annotations

from collections.abc import Callable

from metrics import multivariate
from metrics.cloud import BLOCK_ROWS, Cloud
from metrics.moments import DegenerateError, Moments, check_full_rank, check_varying, moments
from metrics.registry import Family, Metric

BLOCK_SIZES = (2, 5, 10)


def _henze_zirkler(size: int) -> Callable[[Cloud], list[float]]:
    def blocks(cloud: Cloud) -> list[float]:
        chosen = cloud.blocks(size)
        if not len(chosen):
            raise DegenerateError(f"{cloud.moments.d} components have no block of {size}; use at least {size}")
        few = cloud.some(BLOCK_ROWS)
        try:
            statistics, p = multivariate.henze_zirkler_blocks(few, chosen)
        except DegenerateError:
            _check_all(moments(few))
            raise
        return [statistics.mean(), (p < 0.05).mean()]

    return blocks


def _check_all(own: Moments) -> None:
    """Raises DegenerateError with the cloud's own numbers of components, where a block would name its own."""
    check_varying(own)
    check_full_rank(own)


METRICS = (
    Metric(
        "multivariate/mardia_skewness",
        "-1 and up",
        "0 = normal",
        "skewness in any direction: Mardia's, per component, of 2,000 points",
        "symmetric deviations",
    ),
    Metric(
        "multivariate/mardia_kurtosis",
        "-1 and up",
        "0 = normal",
        "heavy (above 0) or short tails in all directions together: Mardia's over d (d + 2), less 1",
        "directions whose deviations cancel",
    ),
    Metric(
        "multivariate/henze_zirkler_2",
        "0 and up",
        "see null",
        "any deviation within 20 blocks of 2 components: mean Henze-Zirkler statistic of 1,000 points",
        "what needs more components; also at _5 and _10. In 64 and more the statistic is void for any data",
        alike="blocks_2",
    ),
    Metric(
        "multivariate/henze_zirkler_2_rejected",
        "0 to 1",
        "0.05 = normal",
        "share of those blocks that the 5 % test rejects",
        "how far off they are",
        alike="blocks_2",
    ),
    Metric(
        "multivariate/henze_zirkler_5",
        "0 and up",
        "see null",
        "the same in blocks of 5",
        "as of 2",
        alike="blocks_5",
    ),
    Metric(
        "multivariate/henze_zirkler_5_rejected",
        "0 to 1",
        "0.05 = normal",
        "the same in blocks of 5",
        "as of 2",
        alike="blocks_5",
    ),
    Metric(
        "multivariate/henze_zirkler_10",
        "0 and up",
        "see null",
        "the same in blocks of 10",
        "as of 2",
        alike="blocks_10",
    ),
    Metric(
        "multivariate/henze_zirkler_10_rejected",
        "0 to 1",
        "0.05 = normal",
        "the same in blocks of 10",
        "as of 2",
        alike="blocks_10",
    ),
    Metric(
        "multivariate/energy_distance",
        "about 0 to 1",
        "0 = normal",
        "any deviation in all dimensions at once, of 2,000 points; mostly of the radius where d is large",
        "small deviations in few directions of many",
    ),
)
FAMILY = Family(
    "multivariate",
    METRICS,
    shape=lambda settings: (
        (("multivariate/mardia_skewness",), lambda cloud: [multivariate.skewness_excess(cloud.white, cloud.moments.n)]),
        *(
            (
                (f"multivariate/henze_zirkler_{size}", f"multivariate/henze_zirkler_{size}_rejected"),
                _henze_zirkler(size),
            )
            for size in BLOCK_SIZES
        ),
        (("multivariate/energy_distance",), lambda cloud: [multivariate.energy_distance(cloud.white, cloud.moments.n)]),
    ),
)
