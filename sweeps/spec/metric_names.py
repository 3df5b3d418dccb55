"""Whether a run measures a metric of this name, told before anything is trained."""

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
OTHERS += tuple(f"gain/{name.removeprefix('mnd/')}" for name in COMMON)
OPEN = (
    "control/",
    "formation/",
    "faces/",
    "attributes/",
    "seconds/",
    "system/",
    "mnd/groups/",
    "mnd/core/",
    "mnd_test/core/",
)
PLACEHOLDERS = {"K": r"\d+(\.\d+)?", "P": r"\d+", "R": r"\d+(\.\d+)?", "NAME": r"\w+"}


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
