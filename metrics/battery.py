"""Every measure of one cloud, family by family, each with its reason where it cannot be computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from metrics.cloud import RESCALE, Cloud
from metrics.families import FAMILIES
from metrics.moments import DegenerateError
from metrics.registry import Alike, Family, Part

# Means over components, pairs or blocks, and what makes them vary more where these are alike (`metrics.alikeness`).
ALIKE: dict[str, Alike] = {m.name: m.alike for family in FAMILIES for m in family.metrics if m.alike is not None}
ALIKE |= {name: alike for family in FAMILIES for name, alike in family.alike.items()}
RESOLUTION = {m.name: m.resolution for family in FAMILIES for m in family.metrics if m.resolution}


def alike_of(name: str) -> Alike | None:
    """What a measure is a mean over; every level of the contours is one over the same pairs."""
    return ALIKE.get("contour/K" if re.fullmatch(r"contour/[0-9.]+", name) else name)


def shape(
    cloud: Cloud, families: Sequence[Family] = FAMILIES, watch: Callable[[str], None] = lambda family: None
) -> tuple[dict[str, float], dict[str, str]]:
    """Values by name, and reasons by name of what was left out, of every measure that a normal cloud calibrates.

    watch: called with the name of each family before it is measured.
    """
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for family in families:
        watch(family.name)
        found, reasons = _measured(cloud, family.shape(cloud.settings))
        values, omitted = values | found, omitted | reasons
    return values, omitted


def place(cloud: Cloud, families: Sequence[Family] = FAMILIES) -> tuple[dict[str, float], dict[str, str]]:
    """The same for what tells where the cloud lies and how its components correlate, whatever its shape."""
    return _measured(cloud, [part for family in families for part in family.place])


def _measured(cloud: Cloud, parts: Sequence[Part]) -> tuple[dict[str, float], dict[str, str]]:
    """What raises DegenerateError is omitted, all measures of the same part together."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for names, compute in parts:
        try:
            values |= zip(names, _finite(compute(cloud)), strict=True)
        except DegenerateError as error:
            omitted |= dict.fromkeys(names, str(error))
    return values, omitted


def _finite(values: Sequence[float]) -> list[float]:
    """Plain floats. Squares of latents of 1e-160 vanish and leave 0 / 0: that is no value."""
    found = [float(value) for value in values]
    if not np.isfinite(found).all():
        raise DegenerateError(f"the latents are too small or too large to compute with; {RESCALE}")
    return found
