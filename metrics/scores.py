"""The scores of a cloud of latent vectors, each beside what a normal cloud of the same size gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import index
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from metrics import battery
from metrics import cloud as clouds
from metrics.catalog import HEADLINES, METRICS
from metrics.cloud import Cloud, Settings
from metrics.contours import check_levels
from metrics.core import Profile
from metrics.families.core import CORE_NAMES, CORE_PERCENT, core_name
from metrics.intervals import interval, standard_errors
from metrics.marginals import Marginals
from metrics.measure import Measure, check_names, compute
from metrics.moments import DegenerateError, Moments, Sample, moments, one_blas_thread
from metrics.null import Null, alikeness, null_distribution
from metrics.origin import off_origin_null
from metrics.pursuit import Direction
from metrics.radius import radius_correlation
from metrics.registry import Metric

# Raised whenever the same latents would get another number; recorded with every run as `metrics.version`.
VERSION = "2"
# All measures with a null are of order 1: a smaller sd is rounding (radii of n = d + 1 points are all alike, say).
ROUNDING = 1e-9

__all__ = ["HEADLINES", "METRICS", "VERSION", "Metric", "Row", "Scores", "adjusted", "score"]

Detail = TypeVar("Detail")


@dataclass(frozen=True)
class Row:
    """One measure. beside: what it is read against, as far as known:

    null, null_sd: mean and sd for normal clouds of this n and d. gap: null - value. gap_sds: the same in null sds.
    low, high: 95 % interval, for headlines. adjusted: see the function of that name, for headlines but the last.
    """

    name: str
    value: float
    beside: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Scores:
    """What was measured of one cloud, headlines first.

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
) -> Scores:
    """Every metric of METRICS for this cloud, beside what a normal cloud of the same size gives.

    latents: (n, d), floating or integer. contour_pairs: pairs of components drawn without replacement with `seed`, from
    which every other random choice (rows, blocks, starts, groups) comes as well.
    covariates: name to one number per point, such as an image's contrast, to correlate with the radius.
    calibrate: with null distributions and intervals. Nulls come from a cache; one that is not there yet is computed
    once for each n and d (up to 20 times the cost of scoring), and `tell(done, to do)` is called meanwhile.
    extra: measures of your own, beside nulls of their own.
    A metric that these points do not allow (n <= d, constant or dependent components) is in `omitted` with its reason.
    Raises ValueError for NaN and infinity, anything but a 2-D array of numbers, fewer than 2 points, unusable levels,
    covariates of another length, an extra measure with a name that is taken.
    """
    check_levels(levels)
    check_names(extra)
    settings = Settings(index(contour_pairs), tuple(float(level) for level in levels))
    sample = latents if isinstance(latents, Sample) else Sample(latents)
    if sample.points.dtype.itemsize > 8:  # np.longdouble, which SciPy's distributions do not take.
        sample = Sample(sample.points.astype(np.float64))
    measured, drawn = np.random.SeedSequence(seed).spawn(2)
    with one_blas_thread():
        cloud = clouds.cloud_of(sample.points, sample.moments, settings, measured)
        values, omitted = battery.shape(cloud)
        for more in (battery.place(cloud), _correlated(cloud, covariates or {}), compute(extra, cloud.points)):
            values, omitted = values | more[0], omitted | more[1]
        null = _null(cloud, tell) if calibrate else None
        more_nulls = _extra_null(cloud, extra, tell) if calibrate and extra else {}
        rows = _rows(cloud, values, null, more_nulls, np.random.default_rng(drawn))
    return Scores(
        rows,
        omitted,
        components=_or_none(lambda: cloud.marginals),
        profile=_or_none(lambda: _profile(cloud, null)),
        worst=_or_none(lambda: cloud.worst),
    )


def adjusted(value: float, null: float) -> float:
    """The score less what chance takes from it at this n: 1 - sqrt((1 - value)^2 - (1 - null)^2), at most 1.

    Distances of a sample are made of its distribution's own and of noise that shrinks with n, and noise adds in
    quadrature as an instrument's resolution does. So this hardly changes with n for a fixed distribution, where the
    score itself rises with n and its gap as well.
    """
    return 1 - float(np.sqrt(max((1 - value) ** 2 - (1 - null) ** 2, 0.0)))


def _correlated(cloud: Cloud, covariates: Mapping[str, ArrayLike]) -> tuple[dict[str, float], dict[str, str]]:
    """Correlation of the radius with each covariate, and the reasons for those without."""
    values: dict[str, float] = {}
    omitted: dict[str, str] = {}
    for name, given in covariates.items():
        each = np.asarray(given, dtype=np.float64)
        if each.shape != (cloud.moments.n,):
            raise ValueError(f"covariate {name} has shape {each.shape}; give one number for each of {cloud.moments.n}")
        if not np.isfinite(each).all():
            raise ValueError(f"covariate {name} holds NaN or infinity; remove such points or mend their source")
        try:
            values[f"radius/correlation_{name}"] = radius_correlation(cloud.squared, each)
        except DegenerateError as error:
            omitted[f"radius/correlation_{name}"] = str(error)
    return values, omitted


def _null(cloud: Cloud, tell: Callable[[int, int], None]) -> Null:
    settings, own = cloud.settings, cloud.moments

    def measure(sample: np.ndarray, seed: np.random.SeedSequence) -> dict[str, float]:
        return battery.shape(clouds.cloud_of(sample, moments(sample), settings, seed))[0]

    return null_distribution(own.n, own.d, {"version": VERSION, **asdict(settings)}, measure, tell)


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
    own, expected = cloud.moments, {name: (null.mean[name], null.sd[name]) for name in null.mean} | more_nulls
    if "off_origin_distance" in values:
        expected["off_origin_distance"] = off_origin_null(_of_unit_size(own))
    for name in battery.ALIKE.keys() & values.keys() & null.mean.keys():
        expected[name] = null.mean[name], null.sd[name] * alikeness(own, battery.ALIKE[name])
    squared = _or_none(lambda: cloud.squared)
    errors = standard_errors(cloud.points, own, squared, cloud.pairs, cloud.settings.levels, rng)
    return tuple(Row(name, values[name], _beside(name, values[name], expected, errors)) for name in ordered)


def _of_unit_size(own: Moments) -> Moments:
    """The same cloud with a largest variance of 1: what has no unit is the same, and no square of it overflows."""
    largest = own.covariance.diagonal().max()
    return replace(own, mean=own.mean / np.sqrt(largest), covariance=own.covariance / largest)


def _beside(
    name: str, value: float, expected: dict[str, tuple[float, float]], errors: dict[str, float]
) -> dict[str, float]:
    beside: dict[str, float] = {}
    if name in expected:
        mean, sd = expected[name]
        beside |= {"null": mean, "null_sd": sd, "gap": mean - value}
        # A measure that is the same in every sample (no block rejected in any, say) has no sd to count in.
        if sd > ROUNDING:
            beside["gap_sds"] = (mean - value) / sd
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
