"""The headlines of the innermost points."""

from __future__ import annotations

from metrics.cloud import Cloud
from metrics.core import SHARES
from metrics.registry import Family, Metric

CORE_NAMES = ("marginal_gaussianity", "contour_agreement", "radius_agreement")
CORE_PERCENT = tuple(round(100 * share) for share in SHARES)


def core_name(name: str, percent: int) -> str:
    return f"core/{name}_{percent}"


def _core(cloud: Cloud) -> list[float]:
    return [value for name in CORE_NAMES for value in cloud.profile.values[name]]


METRICS = (
    Metric(
        "core/marginal_gaussianity_P",
        "0 to 1",
        "see null",
        "marginal_gaussianity of the innermost P % of the points: is it the tail that is not normal?",
        "the rest; at most 20,000 points",
    ),
    Metric(
        "core/contour_agreement_P",
        "0 to 1",
        "see null",
        "contour_agreement of the innermost P %",
        "as the one above",
    ),
    Metric(
        "core/radius_agreement_P",
        "0 to 1",
        "1 = normal",
        "radius_agreement of the innermost P % with a normal's cut off there",
        "as the one above",
        goal="maximize",
    ),
)
FAMILY = Family(
    "core",
    METRICS,
    shape=lambda settings: (
        (tuple(core_name(name, percent) for name in CORE_NAMES for percent in CORE_PERCENT), _core),
    ),
    alike={
        **{core_name("marginal_gaussianity", percent): 6 for percent in CORE_PERCENT},
        **{core_name("contour_agreement", percent): "few_pairs" for percent in CORE_PERCENT},
    },
)
