"""Names of metrics: whether a run measures one, told before anything is trained, and which MLflow's pages show."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sweeps.spec.fields import nearest, shown

SIDES = ("mnd", "mnd_test")
# Asked for so often that the table, whose import takes a second, need not be opened for them.
COMMON = ("mnd/marginal_gaussianity", "mnd/contour_agreement", "mnd/radius_agreement", "mnd/off_origin_distance")
PARTS = ("gap", "gap_sds", "null", "null_sd", "adjusted", "low", "high")
# Those of every run; what stands behind these prefixes depends on data and settings.
OTHERS = tuple(f"training/{name}" for name in ("loss", "held_out_loss", "images_per_second"))
OTHERS += tuple(f"reconstruction/{name}" for name in ("mse", "bce", "ssim", "mse_mean_image", "mse_pca", "explained"))
OTHERS += ("latents/rounding",)
OTHERS += tuple(f"gain/{side}{name.removeprefix('mnd/')}" for side in ("", "mnd_test/") for name in COMMON)
OPEN = (
    "control/",
    "formation/",
    "faces/",
    "attributes/",
    "maps/",
    "seconds/",
    "system/",
    "mnd/groups/",
    "mnd/core/",
    "mnd_test/core/",
)
# What MLflow holds of a run, whose pages draw a chart for each: the headlines with their nulls and gaps, also held
# out, of the controls, by epoch and of the core; reconstruction; what the generators are worth.
_HEADLINE = rf"({'|'.join(name.removeprefix('mnd/') for name in COMMON)})"
CHARTED = re.compile(
    rf"mnd/(core/)?{_HEADLINE}(_null|_gap)?"
    rf"|(mnd_test|gain(/mnd_test)?|formation|control/(untrained|projection))/{_HEADLINE}"
    r"|(reconstruction|training)/.+"
    r"|faces/(visible|(inception_)?kid|inception_fid|coverage)_.+"
)
PLACEHOLDERS = {"K": r"\d+(\.\d+)?", "P": r"\d+", "R": r"\d+(\.\d+)?", "NAME": r"\w+"}


def is_charted(name: str) -> bool:
    """Whether MLflow is given this metric of every run."""
    return CHARTED.fullmatch(name) is not None


def with_references(names: Iterable[str]) -> set[str]:
    """These metrics and what stands beside each: its null, how far from it, and that in the null's sds."""
    return {f"{name}{part}" for name in names for part in ("", "_null", "_gap", "_gap_sds")}


def check_names(names: Iterable[str], with_plugins: bool) -> None:
    """Raises ValueError for a name that no run measures. with_plugins: measures of others may have any name there."""
    for name in names:
        known = name in OTHERS or name.startswith(OPEN) or (with_plugins and name.startswith(("mnd/", "mnd_test/")))
        if not known and name not in COMMON:
            _check_score(name)


def _check_score(name: str) -> None:
    from metrics.catalog import METRICS

    found = re.fullmatch(rf"(?:{'|'.join(SIDES)})/(.+?)(?:_(?:{'|'.join(PARTS)}))?", name)
    if found is None or not any(re.fullmatch(_pattern(metric.name), found[1]) for metric in METRICS):
        candidates = [*(f"mnd/{metric.name}" for metric in METRICS), *OTHERS]
        raise ValueError(f"no run measures {shown(name)}{nearest(name, candidates)}")


def _pattern(name: str) -> str:
    """The row's name with its placeholders, as in `metrics.registry.Metric`, open."""
    words = re.split(r"(?<=[/_])(K|P|R|NAME)$", name)
    return "".join(PLACEHOLDERS.get(word, re.escape(word)) for word in words)
