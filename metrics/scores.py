"""The scores of a cloud of latent vectors, each beside what a normal cloud of the same size gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import index
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from metrics import battery, display
from metrics import cloud as clouds
from metrics import covariates as following
from metrics.alikeness import widening
from metrics.catalog import HEADLINES, METRICS
from metrics.cloud import Cloud, Settings, in_units
from metrics.contours import check_levels
from metrics.core import Profile
from metrics.families import FAMILIES
from metrics.families.core import CORE_NAMES, CORE_PERCENT, core_name
from metrics.intervals import interval, standard_errors
from metrics.marginals import Marginals
from metrics.measure import Measure, check_names, compute
from metrics.moments import DegenerateError, Sample, moments, one_blas_thread
from metrics.norms import norm_nulls
from metrics.null import Null, null_distribution
from metrics.null_table import tabulated
from metrics.origin import off_origin_null
from metrics.pursuit import Direction
from metrics.registry import Alike, Family, Metric
from metrics.spread import share_sides, sides, skewness

# Raised whenever the same latents would get another number; recorded with every run as `metrics.version`.
VERSION = "3"
# All measures with a null are of order 1: a smaller sd is rounding (radii of n = d + 1 points are all alike, say).
ROUNDING = 1e-9
NAMES = tuple(family.name for family in FAMILIES)
# What contour pairs and levels change.
SET = ("contour",)

__all__ = ["HEADLINES", "METRICS", "VERSION", "Metric", "Row", "Scores", "adjusted", "score"]

Detail = TypeVar("Detail")
# Mean, sd, and the sds below and above (see `Null`).
Expected = tuple[float, float, float, float]


@dataclass(frozen=True)
class Row:
    """One measure. beside: what it is read against, as far as known:

    null, null_sd: mean and sd for normal clouds of this n and d. gap: null - value. gap_sds: the same in null sds of
    that side, so that 3 is exceeded as rarely as by a normal variable where the measure's law is skewed (see `Null`).
    low, high: 95 % interval, for headlines. adjusted: see the function of that name, for headlines but the last.
    """

    name: str
    value: float
    beside: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """What was measured of one cloud, headlines first. In a notebook it shows itself as a table.

    omitted: name to the reason why it could not be computed (one line).
    components: one value per component; profile: the headlines of the core; worst: the least normal direction found.
    Each of these is None where it could not be computed.
    """

    rows: tuple[Row, ...]
    omitted: dict[str, str]
    components: Marginals | None = None
    profile: Profile | None = None
    worst: Direction | None = None

    @property
    def values(self) -> dict[str, float]:
        """Every number by its name: NAME, NAME_null, NAME_null_sd, NAME_gap, NAME_gap_sds, NAME_low and so on."""
        flat: dict[str, float] = {}
        for row in self.rows:
            flat[row.name] = row.value
            flat |= {f"{row.name}_{part}": value for part, value in row.beside.items()}
        return flat

    def __repr__(self) -> str:
        told = [f"{row.name} {display.value(row)} ({display.null(row) or 'no null'})" for row in self._headlines]
        return f"<Scores: {', '.join(told)}; {len(self.rows)} metrics>"

    def _repr_html_(self) -> str:
        return display.html(self.rows, HEADLINES, self.omitted)

    @property
    def _headlines(self) -> list[Row]:
        return [row for row in self.rows if row.name in HEADLINES]


def score(
    latents: ArrayLike,
    *,
    contour_pairs: int = Settings.contour_pairs,
    levels: Sequence[float] = Settings.levels,
    seed: int = 0,
    covariates: Mapping[str, ArrayLike] | None = None,
    calibrate: bool = True,
    extra: Sequence[Measure] = (),
    tell: Callable[[int, int], None] = lambda done, total: None,
    families: Sequence[str] = NAMES,
    watch: Callable[[str], None] = lambda family: None,
) -> Scores:
    """Every metric of METRICS for this cloud, beside what a normal cloud of the same size gives.

    latents: (n, d), floating or integer. contour_pairs: pairs of components drawn without replacement with `seed`, from
    which every other random choice (rows, blocks, starts, groups) comes as well.
    covariates: name to one number per point, such as an image's contrast: does the radius follow them?
    calibrate: with null distributions and intervals. Nulls are those of a table for 125 and more points, 2 for each
    component, and the default pairs and levels; others are simulated once for each n and d and cached (up to 20 times
    the cost of scoring), and `tell(done, to do)` is called meanwhile.
    families: names of `metrics.families.FAMILIES`, to measure these alone.
    extra: measures of your own, beside nulls of their own.
    watch: called with the name of each family before it is measured, and with "intervals".
    A metric that these points do not allow (n <= d, constant or dependent components) is in `omitted` with its reason.
    Raises ValueError for NaN and infinity, anything but a 2-D array of numbers, fewer than 2 points, unusable levels,
    covariates of another length, an extra measure with a name that is taken.
    """
    check_levels(levels)
    check_names(extra)
    chosen = [family for family in FAMILIES if family.name in families]
    settings = Settings(index(contour_pairs), tuple(float(level) for level in levels))
    sample = latents if isinstance(latents, Sample) else Sample(latents)
    if sample.points.dtype.itemsize > 8:  # np.longdouble, which SciPy's distributions do not take.
        sample = Sample(sample.points.astype(np.float64))
    measured, drawn, followed = np.random.SeedSequence(seed).spawn(3)
    with one_blas_thread():
        cloud = clouds.cloud_of(sample.points, sample.moments, settings, measured)
        values, omitted = battery.shape(cloud, chosen, watch)
        for more in (
            battery.place(cloud, chosen),
            _followed(cloud, covariates or {}, np.random.default_rng(followed)),
            compute(extra, cloud.points),
        ):
            values, omitted = values | more[0], omitted | more[1]
        null = _null(cloud, chosen, values, tell) if calibrate else None
        more_nulls = _extra_null(cloud, extra, tell) if calibrate and extra else {}
        watch("intervals")
        rows = _rows(cloud, values, null, more_nulls, np.random.default_rng(drawn))
    return Scores(
        rows,
        omitted,
        components=_or_none(lambda: cloud.marginals) if "marginal" in families else None,
        profile=_or_none(lambda: _profile(cloud, null)) if "core" in families else None,
        worst=_or_none(lambda: cloud.worst) if "pursuit" in families else None,
    )


def adjusted(value: float, null: float) -> float:
    """The score less what chance takes from it at this n: 1 - sqrt((1 - value)^2 - (1 - null)^2), at most 1.

    Distances of a sample are made of its distribution's own and of noise that shrinks with n, and noise adds in
    quadrature as an instrument's resolution does. So this hardly changes with n for a fixed distribution, where the
    score itself rises with n and its gap as well.
    """
    return 1 - float(np.sqrt(max((1 - value) ** 2 - (1 - null) ** 2, 0.0)))


def _followed(
    cloud: Cloud, covariates: Mapping[str, ArrayLike], rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, str]]:
    """What the radius has to do with the covariates, and the reasons for what cannot be told."""
    known = following.checked(covariates, cloud.moments.n)
    names = ("radius/explained", "radius/agreement_of_rest")
    if not known:
        return {}, {}
    try:
        squared = cloud.squared
    except DegenerateError as error:
        return {}, dict.fromkeys([*(f"radius/correlation_{name}" for name in known), *names], str(error))
    found, reasons = following.correlations(squared, known)
    values = {f"radius/correlation_{name}": value for name, value in found.items()}
    omitted = {f"radius/correlation_{name}": reason for name, reason in reasons.items()}
    try:
        values |= zip(names, following.explained(squared, known, cloud.moments.d, rng), strict=True)
    except DegenerateError as error:
        omitted |= dict.fromkeys(names, str(error))
    return values, omitted


def _null(cloud: Cloud, families: Sequence[Family], values: Iterable[str], tell: Callable[[int, int], None]) -> Null:
    """What normal clouds of this size have: out of the table; simulated, once for each size, what is not in it."""
    settings, own = cloud.settings, cloud.moments
    known = tabulated(own.n, own.d, VERSION)
    simulated = [family for family in families if known is None or _is_missing(family, settings, known, values)]
    if known is not None and not simulated:
        return known

    def measure(sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
        return battery.shape(clouds.cloud_of(sample, moments(sample), settings, seed), simulated)[0]

    key = {"version": VERSION, "families": [family.name for family in simulated], **asdict(settings)}
    found = null_distribution(own.n, own.d, key, measure, tell)
    return found if known is None else known.replaced_by(found)


def _is_missing(family: Family, settings: Settings, known: Null, values: Iterable[str]) -> bool:
    """Whether the table lacks something that the family has measured, or has it for other settings."""
    names = {name for names, _ in family.shape(settings) for name in names} & set(values)
    return not names <= known.mean.keys() or (family.name in SET and settings != Settings())


def _extra_null(
    cloud: Cloud, extra: Sequence[Measure], tell: Callable[[int, int], None]
) -> dict[str, tuple[float, float]]:
    """Name to mean and sd of extra measures for normal clouds of this size."""

    own = cloud.moments
    found: dict[str, tuple[float, float]] = {}
    for one in extra:  # each has a cache of its own, so that another one beside it costs nothing

        def measure(sample: np.ndarray, seed: np.random.SeedSequence, one: Measure = one) -> dict[str, float]:
            return compute([one], sample)[0]

        null = null_distribution(own.n, own.d, {"measure": one.name, "version": one.version}, measure, tell)
        found |= {name: (null.mean[name], null.sd[name]) for name in null.mean}
    return found


def _rows(
    cloud: Cloud,
    values: dict[str, float],
    null: Null | None,
    more_nulls: dict[str, tuple[float, float]],
    rng: np.random.Generator,
) -> tuple[Row, ...]:
    """The values, headlines first, each with what it is read against."""
    ordered = sorted(values, key=lambda name: name not in HEADLINES)
    if null is None:
        return tuple(Row(name, values[name]) for name in ordered)
    own = cloud.moments
    expected = _expected(cloud, values, null) | {name: (mean, sd, sd, sd) for name, (mean, sd) in more_nulls.items()}
    squared = _or_none(lambda: cloud.squared)
    errors = standard_errors(cloud.points, own, squared, cloud.pairs, cloud.settings.levels, rng)
    return tuple(Row(name, values[name], _beside(name, values[name], expected, errors)) for name in ordered)


def _expected(cloud: Cloud, values: dict[str, float], null: Null) -> dict[str, Expected]:
    """Name to mean and sd in normal clouds of this n, d and covariance, and the sds of either side (see `Null`)."""
    widenings: dict[Alike, float] = {}
    expected: dict[str, Expected] = {}
    for name in values.keys() & null.mean.keys():
        alike = battery.alike_of(name)
        if alike is not None and alike not in widenings:
            widenings[alike] = widening(cloud, alike)
        factor, mean = widenings[alike] if alike is not None else 1.0, null.mean[name]
        sd, low, high = (part[name] * factor for part in (null.sd, null.low, null.high))
        if name.endswith("_rejected"):
            low, high = share_sides(mean, sd)
        least = battery.RESOLUTION.get(name, 0.0)
        expected[name] = mean, sd, max(low, least), max(high, least)
    own = cloud.moments
    if "off_origin_distance" in values:
        mean, sd = off_origin_null(in_units(own, cloud.unit))
        expected["off_origin_distance"] = mean, sd, sd, sd
    if "origin/norm_agreement" in values:
        for name, samples in norm_nulls(in_units(own, cloud.unit)).items():
            spread = samples.std(ddof=1, keepdims=True)
            (low,), (high,) = sides(spread, skewness(samples[:, None]), len(samples))
            expected[f"origin/{name}"] = float(samples.mean()), float(spread[0]), float(low), float(high)
    return expected


def _beside(name: str, value: float, expected: dict[str, Expected], errors: dict[str, float]) -> dict[str, float]:
    beside: dict[str, float] = {}
    if name in expected:
        mean, sd, low, high = expected[name]
        gap = mean - value
        beside |= {"null": mean, "null_sd": sd, "gap": gap}
        # A measure that is the same in every sample has no sd to count in.
        side = low if gap > 0 else high
        if side > ROUNDING:
            beside["gap_sds"] = gap / side
        if name in HEADLINES[:3]:
            beside["adjusted"] = adjusted(value, mean)
    if name in errors:
        beside["low"], beside["high"] = interval(value, errors[name])
    return beside


def _profile(cloud: Cloud, null: Null | None) -> Profile:
    if null is None or core_name(CORE_NAMES[0], 50) not in null.mean:
        return cloud.profile
    expected = {
        name: np.array([null.mean[core_name(name, percent)] for percent in CORE_PERCENT]) for name in CORE_NAMES
    }
    return replace(cloud.profile, null=expected)


def _or_none(compute: Callable[[], Detail]) -> Detail | None:
    """None for what is in `Scores.omitted` with its reason."""
    try:
        return compute()
    except DegenerateError:
        return None
