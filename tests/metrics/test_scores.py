from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics import METRICS, VERSION, Scores, score
from metrics.alikeness import widening
from metrics.battery import ALIKE, alike_of
from metrics.catalog import HEADLINES
from metrics.cloud import Settings, cloud_of
from metrics.contours import contour_agreement
from metrics.families.core import CORE_NAMES, CORE_PERCENT, core_name
from metrics.intervals import GROUPS, interval
from metrics.marginals import ks_distances
from metrics.moments import mahalanobis_squared, moments, one_blas_thread
from metrics.null import cache_folder
from metrics.origin import off_origin_null
from metrics.radius import radius_agreement
from metrics.scores import adjusted
from tests.metrics.controls import normal, student

SHAPES = HEADLINES[:3]
# One size and one choice of settings for all nulls, those of test_catalog.py, so that they are computed once.
N, D = 500, 12
OPTIONS = {"contour_pairs": 3, "levels": (1, 2.25)}
ROBUST = {metric.name for metric in METRICS if metric.name.startswith("robust/")}
CORE = {core_name(name, percent) for name in CORE_NAMES for percent in CORE_PERCENT}


def quick(latents, **options) -> Scores:
    """The values alone."""
    return score(latents, **{"contour_pairs": 3, "levels": (2.0,), "calibrate": False} | options)


@pytest.fixture(scope="module")
def calibrated(shared_cache: Path) -> dict[Callable, Scores]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_CACHE", str(shared_cache))
        return {make: score(make(N, D, np.random.default_rng(2)), **OPTIONS) for make in (normal, student)}


@pytest.mark.parametrize("make", [normal, student])
def test_what_stands_beside_a_value_is_made_of_value_and_null(make, calibrated: dict[Callable, Scores]) -> None:
    values = calibrated[make].values
    for row in calibrated[make].rows:
        if "null" in row.beside:
            assert row.beside["gap"] == row.beside["null"] - row.value
        if "gap_sds" in row.beside:
            # Sds of the side that the value lies on: those of a skewed measure are longer on one.
            assert np.sign(row.beside["gap_sds"]) == np.sign(row.beside["gap"])
    for name in SHAPES:
        assert values[f"{name}_adjusted"] == adjusted(values[name], values[f"{name}_null"])
    for name in HEADLINES:
        # Centered on the value, by an error that is above 0.
        assert values[f"{name}_low"] + values[f"{name}_high"] == pytest.approx(2 * values[name])
        assert values[f"{name}_low"] < values[name] < values[f"{name}_high"]


@pytest.mark.thorough
def test_the_nulls_are_those_of_the_cache_widened_where_components_are_alike() -> None:
    rng = np.random.default_rng(2)
    n, d = 60, 12  # beyond the table
    points = rng.standard_normal((n, d)) + 2 * rng.standard_normal((n, 1))
    cloud = cloud_of(points, moments(points), Settings(), np.random.SeedSequence(0).spawn(1)[0])
    scores = score(points)
    (null,) = [json.loads(path.read_text()) for path in cache_folder().glob(f"n={n}_d={d}_*.json")]
    assert (null["version"], null["contour_pairs"], null["replicates"]) == (VERSION, 200, 20)
    widened = set()
    for row in scores.rows:
        if row.name in null["mean"]:
            alike = alike_of(row.name)
            # All pairs and blocks are chosen by seeds of their own: only components are the same in any cloud.
            if alike is not None and not isinstance(alike, int):
                assert row.beside["null_sd"] >= null["sd"][row.name]
                continue
            factor = 1.0 if alike is None else widening(cloud, alike)
            assert row.beside["null"] == null["mean"][row.name]
            assert row.beside["null_sd"] == pytest.approx(null["sd"][row.name] * factor)
            # 12 components with a correlation of 4 / 5: sqrt(1 + 11 * 0.8^6) for the higher order.
            widened |= {row.name} if factor > 1.5 else set()
    assert widened == {name for name, alike in ALIKE.items() if isinstance(alike, int)} & null["mean"].keys()


def test_the_null_of_the_origin_is_the_closed_form(calibrated: dict[Callable, Scores]) -> None:
    values = calibrated[normal].values
    expected = off_origin_null(moments(normal(N, D, np.random.default_rng(2))))
    assert (values["off_origin_distance_null"], values["off_origin_distance_null_sd"]) == pytest.approx(expected)


def test_a_normal_cloud_is_as_good_as_its_null_and_a_t_is_not(calibrated: dict[Callable, Scores]) -> None:
    for name in HEADLINES:
        # Beyond 5 sds of 20 samples is a normal cloud once in 12,000 times, beyond 8 once in ten million.
        assert abs(calibrated[normal].values[f"{name}_gap_sds"]) < 5
    assert calibrated[student].values["radius_agreement_gap_sds"] > 8
    assert calibrated[student].values["marginal/excess_kurtosis_gap_sds"] < -8


def test_details_are_those_of_the_numbers(calibrated: dict[Callable, Scores]) -> None:
    scores = calibrated[student]
    assert scores.components is not None
    assert scores.profile is not None
    assert scores.worst is not None
    values = scores.values
    assert 1 - scores.components.ks.mean() == pytest.approx(values["marginal_gaussianity"])
    assert scores.components.ks.shape == (D,)
    assert scores.worst.ks == values["pursuit/ks"]
    assert scores.profile.null is not None
    for name in CORE_NAMES:
        for place, percent in enumerate(CORE_PERCENT):
            assert scores.profile.values[name][place] == values[core_name(name, percent)]
            assert scores.profile.null[name][place] == values[f"{core_name(name, percent)}_null"]


def test_tell_is_called_where_a_null_is_computed_and_only_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))
    told: list[tuple[int, int]] = []
    points = np.random.default_rng(0).standard_normal((20, 1))
    score(points, calibrate=False, tell=lambda *progress: told.append(progress))
    assert told == []
    assert not cache_folder().exists()
    for _ in range(2):
        score(points, tell=lambda *progress: told.append(progress))
    assert told == [(done, 20) for done in range(20)]


def test_a_held_out_set_with_few_points_is_read_against_its_own_null() -> None:
    n, d = 80, 60
    scores = score(normal(n, d, np.random.default_rng(0)), contour_pairs=3, levels=(2,))
    assert scores.values["radius_agreement"] < 0.9
    for name in SHAPES:
        assert abs(scores.values[f"{name}_gap_sds"]) < 5
    # Half of the points are fewer than components; fewer than 500 points know no intervals but the origin's.
    assert set(scores.omitted) == CORE | ROBUST
    assert scores.profile is None
    assert [name for name in HEADLINES if f"{name}_low" in scores.values] == ["off_origin_distance"]


@pytest.mark.parametrize(
    ("value", "null", "expected"),
    [
        (0.95, 0.97, 0.96),  # 5, 4, 3
        (0.87, 0.95, 0.88),  # 13, 12, 5
        (0.97, 0.97, 1.0),
        (0.99, 0.97, 1.0),
        (0.9, 1.0, 0.9),
        (0.0, 1.0, 0.0),
        (1.0, 1.0, 1.0),
    ],
)
def test_noise_is_taken_off_in_quadrature(value: float, null: float, expected: float) -> None:
    assert adjusted(value, null) == pytest.approx(expected)


UNIT = st.floats(0, 1)


@settings(max_examples=200)
@given(low=UNIT, high=UNIT, null=UNIT, other=UNIT)
def test_adjusting_keeps_the_order_of_clouds_and_never_takes_anything_away(
    low: float, high: float, null: float, other: float
) -> None:
    low, high, null, other = min(low, high), max(low, high), min(null, other), max(null, other)
    assert adjusted(low, null) <= adjusted(high, null)
    # What chance takes less from is itself less good.
    assert adjusted(low, other) <= adjusted(low, null) + 1e-12
    assert low - 1e-12 <= adjusted(low, null) <= 1
    assert (adjusted(low, null) == 1) == (low >= null) or null - low < 1e-12


COMPONENTS = 4


def marginals_and_radii(points: np.ndarray) -> list[float]:
    own = moments(points)
    radii = radius_agreement(mahalanobis_squared(points, own), COMPONENTS)
    return [1 - ks_distances(points, own).mean(), radii]


def contours(points: np.ndarray) -> list[float]:
    return [contour_agreement(points, moments(points), [(0, 1), (2, 3)], (1.0, 2.0)).mean()]


# Samples of 500 and of 8,000 points. Contours are costly: for them so many show the drift of the gap only vaguely.
@pytest.mark.parametrize(("measure", "samples"), [(marginals_and_radii, (400, 80)), (contours, (120, 24))])
def test_the_adjusted_score_hardly_drifts_with_the_number_of_points(
    measure: Callable[[np.ndarray], list[float]], samples: tuple[int, int]
) -> None:
    """Of a t with 30 degrees of freedom, whose score and gap do."""
    rng = np.random.default_rng(0)
    means, errors = [], []
    with one_blas_thread():
        for n, count in zip((500, 8000), samples, strict=True):
            null = np.mean([measure(rng.standard_normal((n, COMPONENTS))) for _ in range(count)], axis=0)
            values = np.array([measure(student(n, COMPONENTS, rng, df=30)) for _ in range(count)])
            fair = [[adjusted(*pair) for pair in zip(row, null, strict=True)] for row in values]
            table = np.stack([values, null - values, np.array(fair)])
            means.append(table.mean(axis=1))
            # sqrt(2): the null's mean has an error of its own.
            errors.append(np.sqrt(2) * table.std(axis=1, ddof=1) / np.sqrt(count))
    (score_drift, gap_drift, fair_drift), error = means[1] - means[0], np.hypot(*errors)
    assert (score_drift > 4 * error[0]).all()
    assert measure is contours or (gap_drift > 4 * error[1]).all()
    # By the table of docs/scoring.md a seventh of the score's drift is left and less, here with Monte Carlo errors.
    assert (np.abs(fair_drift) < score_drift / 7 + 2 * error[2]).all()


def test_the_same_seed_gives_the_same_numbers_and_another_one_other_pairs() -> None:
    points = student(400, 12, np.random.default_rng(0))
    first, again, other = (quick(points, contour_pairs=5, seed=seed) for seed in (3, 3, 4))
    assert first.values == again.values
    assert first.omitted == again.omitted
    differing = {name for name in first.values if first.values[name] != other.values[name]}
    assert {"contour_agreement", "contour/least", "contour/2.0", "origin/slab_share"} <= differing
    for name in ("marginal_gaussianity", "radius_agreement", "off_origin_distance", "contour/correlated"):
        assert name not in differing


def test_the_seed_of_intervals_is_the_same_as_well(calibrated: dict[Callable, Scores]) -> None:
    points = normal(N, D, np.random.default_rng(2))
    assert score(points, **OPTIONS).values == calibrated[normal].values
    other = score(points, **OPTIONS, seed=1).values
    assert other["marginal_gaussianity"] == calibrated[normal].values["marginal_gaussianity"]
    assert other["marginal_gaussianity_null"] == calibrated[normal].values["marginal_gaussianity_null"]
    assert other["marginal_gaussianity_low"] != calibrated[normal].values["marginal_gaussianity_low"]


def test_the_interval_is_no_wider_than_groups_can_know(calibrated: dict[Callable, Scores]) -> None:
    values = calibrated[normal].values
    error = (values["marginal_gaussianity_high"] - values["marginal_gaussianity"]) / interval(0, 1)[1]
    # The KS distance of normal components has a mean of 0.64 and an sd below 0.2, over sqrt(n) (Lilliefors 1967), for
    # the mean of 12 correlated ones no more; 10 groups know it to within a factor of 2, by chi-square with 9.
    assert 0.2 / np.sqrt(N * D) / 2 < error < 0.2 / np.sqrt(N) * 2 * GROUPS / (GROUPS - 1)


def shape_values(points: np.ndarray) -> dict[str, float]:
    """Everything that does not say where the cloud lies, or how its axes are scaled."""
    place = {metric.name for metric in METRICS if not metric.calibrated} | {"off_origin_distance"}
    place |= {"origin/norm_agreement", "origin/norm_spread"}
    values = quick(points).values
    return {
        name: value
        for name, value in values.items()
        if name not in place and not name.startswith(("pca/", "correlation/"))
    }


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), powers=st.lists(st.integers(-20, 20), min_size=4, max_size=4))
def test_components_in_other_units_have_exactly_the_same_shape(seed: int, powers: list[int]) -> None:
    # Powers of two do not round.
    points = student(200, 4, np.random.default_rng(seed))
    assert shape_values(points * 2.0 ** np.array(powers)) == pytest.approx(shape_values(points), rel=1e-9)


# Random starts of the search lead elsewhere once a digit changes; directions, halves and normal points are drawn.
def without_search(values: dict[str, float]) -> dict[str, float]:
    drawn = ("pursuit/", "sliced/", "classifier/", "neighbours/")
    return {name: value for name, value in values.items() if not name.startswith(drawn)}


def moved_points(n: int, bins: int) -> float:
    """What `bins` points that rounding moves across the edge of a bin may change of a share of n points."""
    return bins / n


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-3, 3), shift=st.floats(-100, 100))
def test_shift_and_scale_of_components_leave_the_shape_as_it_is(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = student(200, 4, rng)
    scales, shifts = 10.0 ** (log_scale * rng.uniform(-1, 1, 4)), shift * rng.uniform(-1, 1, 4)
    mapped, expected = (without_search(shape_values(each)) for each in (points * scales + shifts * scales, points))
    assert mapped == pytest.approx(expected, abs=moved_points(200, 4))


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_components_and_points_changes_nothing_where_none_are_drawn(seed: int) -> None:
    # 3 pairs and blocks of 2 are all there are in 3 components, and 200 points are fewer than any subsample.
    rng = np.random.default_rng(seed)
    points = student(200, 3, rng) * [1, 2, 3]
    found, expected = (without_search(quick(each).values) for each in (rng.permutation(points[:, [2, 0, 1]]), points))
    assert found == pytest.approx(expected, abs=moved_points(200, 4), rel=1e-6)


# Of the core the share is in the name.
AFFINE = [
    "radius_agreement",
    "radius/spread",
    "multivariate/mardia_skewness",
    "multivariate/mardia_kurtosis",
    "multivariate/energy_distance",
    "elliptical/direction_uniformity",
    *(core_name("radius_agreement", percent) for percent in CORE_PERCENT),
]


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-3, 3), shift=st.floats(-10, 10))
def test_every_affine_map_leaves_the_radii_as_they_are(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = student(200, 4, rng)
    orthogonal, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    mapped = (points @ (orthogonal * rng.uniform(0.3, 3, 4)) + shift) * 10.0**log_scale
    found, expected = (quick(each, contour_pairs=1).values for each in (mapped, points))
    assert [found[name] for name in AFFINE] == pytest.approx([expected[name] for name in AFFINE], abs=1e-7)


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e3))
def test_the_unit_of_all_latents_changes_norm_and_cube_alone(seed: int, scale: float) -> None:
    points = normal(200, 3, np.random.default_rng(seed))
    before, after = (without_search(quick(each).values) for each in (points, scale * points))
    for name in ("origin/norm", "radius/cube"):
        assert after.pop(name) == pytest.approx(scale * before.pop(name))
    assert after == pytest.approx(before, abs=moved_points(200, 4), rel=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble", "int16", "int64"])
def test_other_number_types_give_the_same_scores_within_their_rounding(dtype: str) -> None:
    points = 1000 * student(600, 6, np.random.default_rng(0))
    exact, rounded = (without_search(quick(each).values) for each in (points, points.astype(dtype)))
    for name in ("origin/norm", "radius/cube"):
        # float16 has 11 bits, and averages over points have a hundredth of its error.
        assert rounded.pop(name) == pytest.approx(exact.pop(name), rel=1e-3)
    # Values of order 1 and 600 points in float16: 2^-11 of each, which moves one in twenty across a bin of 0.1 sd.
    assert rounded == pytest.approx(exact, abs=0.01, rel=0.01)


def test_lists_memory_maps_and_any_order_in_memory_are_latents_too(tmp_path: Path) -> None:
    points = normal(200, 3, np.random.default_rng(0))
    np.save(tmp_path / "latents.npy", points)
    mapped = np.load(tmp_path / "latents.npy", mmap_mode="r")
    assert not mapped.flags.writeable
    expected = quick(points).values
    assert quick(mapped).values == quick(points.tolist()).values == expected
    wide = np.zeros((400, 6))
    wide[::2, ::2] = points
    for other in (np.asfortranarray(points), wide[::2, ::2], points.astype(">f8")):
        # Sums in another order round in another way.
        assert without_search(quick(other).values) == pytest.approx(without_search(expected), abs=1e-6, rel=1e-6)


def test_scoring_changes_neither_points_nor_covariates() -> None:
    points = np.asfortranarray(normal(100, 3, np.random.default_rng(0)))
    covariate = np.arange(100.0)
    before = points.copy()
    quick(points, covariates={"contrast": covariate})
    np.testing.assert_array_equal(points, before)
    np.testing.assert_array_equal(covariate, np.arange(100.0))


RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 4)) + 0.3


def spoiled(column: int, values: float | np.ndarray) -> np.ndarray:
    points = POINTS.copy()
    points[:, column] = values
    return points


FULL_RANK = {
    "radius_agreement",
    "radius/spread",
    "multivariate/mardia_kurtosis",
    "multivariate/mardia_skewness",
    "multivariate/energy_distance",
    "elliptical/kurtosis",
    "elliptical/kurtosis_of_directions",
    "elliptical/direction_uniformity",
    "pursuit/ks",
    "pursuit/skewness",
    "pursuit/excess_kurtosis",
    "origin/mahalanobis",
    "origin/share_nearer",
    "radius/beta_agreement",
    "copula/radius_agreement",
}
FULL_RANK |= {metric.name for metric in METRICS if metric.name.startswith(("sliced/", "classifier/"))} | CORE | ROBUST
NEIGHBOURS = {metric.name for metric in METRICS if metric.name.startswith("neighbours/")}
CLASSIFIER = {metric.name for metric in METRICS if metric.name.startswith("classifier/")}
COPULA = {"copula/contour_agreement", "copula/radius_agreement"}
MARGINAL = {metric.name for metric in METRICS if metric.name.startswith("marginal")}
TESTS = {name for name in MARGINAL if "anderson" in name or "shapiro" in name}
CONTOUR = {"contour_agreement", "contour/least", "contour/2.0", "contour/correlated"}
CORRELATION = {f"correlation/above_0.{tenth}" for tenth in range(1, 7)} | {"correlation/largest"}
PURSUIT = {name for name in FULL_RANK if name.startswith("pursuit")}
CUBE = {"radius/cube", "radius/cube_agreement"}
PCA = {"pca/marginal_gaussianity", "pca/leading_gaussianity", "pca/effective_dimension", "pca/components_90"}
SPREAD = {"off_origin_distance", "origin/norm_agreement", "origin/norm_spread"} | PCA


def blocks(*sizes: int) -> set[str]:
    return {f"multivariate/henze_zirkler_{size}{end}" for size in sizes for end in ("", "_rejected")}


CONSTANT = FULL_RANK | COPULA | NEIGHBOURS | MARGINAL | CONTOUR | CORRELATION | blocks(2, 5, 10)
CASES = {
    "n <= d": (RNG.standard_normal((40, 40)), FULL_RANK, "40 points in 40 components .*use more than (40|81) points"),
    "a constant component": (spoiled(2, 5.0), CONSTANT, "constant components: 2; leave them out"),
    "a zero component": (spoiled(0, 0.0), CONSTANT, "constant components: 0; leave them out"),
    "a duplicated component": (
        spoiled(3, POINTS[:, 1]),
        FULL_RANK | CONTOUR | COPULA | blocks(2, 5, 10),
        "linearly dependent components: 1, 3; leave 1 of them out",
    ),
    "a sum of components": (
        spoiled(3, POINTS[:, :3].sum(axis=1)),
        FULL_RANK | blocks(5, 10),
        "linearly dependent components: 0, 1, 2, 3; leave 1 of them out",
    ),
    "2 components": (POINTS[:, :2], blocks(5, 10), "2 components have no block of 5; use at least 5"),
    "1 component": (
        POINTS[:, :1],
        CONTOUR
        | CORRELATION
        | CORE
        | blocks(2, 5, 10)
        | {
            "elliptical/direction_uniformity",
            "origin/slab_share",
            "copula/contour_agreement",
            "robust/contour_agreement",
        },
        "1 component has no pairs; contours need at least 2 components",
    ),
    "3 points": (
        POINTS[:3, :2],
        TESTS | PURSUIT | CORE | ROBUST | CLASSIFIER | NEIGHBOURS | {"radius/beta_agreement"} | blocks(5, 10),
        "3 points; this test needs at least 8",
    ),
    "2 points": (
        POINTS[:2, :2],
        FULL_RANK | TESTS | CONTOUR | COPULA | NEIGHBOURS | blocks(2, 5, 10),
        "2 points in 2 components .*; use more than 2 points, or fewer components",
    ),
    "one point many times": (np.ones((50, 3)), CONSTANT | SPREAD, "all points are the same; their spread is 0"),
    "the origin many times": (
        np.zeros((50, 3)),
        CONSTANT | SPREAD | CUBE,
        "all points are the origin; no cube matches their radii",
    ),
    "subnormal numbers": (1e-310 * POINTS, CONSTANT | SPREAD | CUBE, "all points are the same"),
    "squares that are subnormal": (
        1e-155 * POINTS,
        {"pca/marginal_gaussianity", "pca/leading_gaussianity"} | blocks(5, 10),
        "an sd of 1e-155 along their widest axis; multiply them by a con",
    ),
    "numbers beyond float32": (
        1e100 * POINTS,
        {"pca/marginal_gaussianity", "pca/leading_gaussianity"} | blocks(5, 10),
        r"an sd of 1e\+100 along their widest axis; multiply them by a constant",
    ),
    "a component that only one point has": (
        spoiled(3, np.arange(60) == 17),
        CORE | ROBUST | blocks(5, 10),
        "among the innermost 99 % of the points: constant components: 3; leave them out",
    ),
    "a far center": (POINTS + 1e7, blocks(5, 10), "4 components have no block of 10; use at least 10"),
    "few different values": (RNG.integers(0, 3, (60, 4)), blocks(5, 10), "4 components have no block of 5"),
}


@pytest.fixture(scope="module")
def complete() -> set[str]:
    """The names of all metrics."""
    return set(quick(RNG.standard_normal((60, 12))).values)


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_computed_is_left_out_with_its_reason(case: str, complete: set[str]) -> None:
    latents, omitted, reason = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # All pairs of 4 components, so that what ails a pair is met.
        scores = quick(latents, contour_pairs=6)
    assert set(scores.omitted) == omitted
    assert any(re.search(reason, line) for line in scores.omitted.values()), set(scores.omitted.values())
    assert all(type(value) is float and np.isfinite(value) for value in scores.values.values())
    # Each metric is a number or has a reason, of one line, that says what to do: an order, or what is enough.
    assert set(scores.values) | omitted == complete
    assert not set(scores.values) & omitted
    for line in scores.omitted.values():
        assert "\n" not in line
        assert re.search("; (leave|use|multiply)|needs? at least|are the (same|origin);|is constant; leave", line), line
    assert (scores.components is None) == ("marginal_gaussianity" in omitted)
    assert (scores.profile is None) == (omitted >= CORE)
    assert (scores.worst is None) == ("pursuit/ks" in omitted)


@pytest.mark.parametrize("scale", [1e-155, 1e-90, 1e90, 1e150])
def test_no_unit_makes_a_number_that_is_none(scale: float, calibrated: dict[Callable, Scores]) -> None:
    points = normal(N, D, np.random.default_rng(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores, expected = score(scale * points, **OPTIONS), calibrated[normal]
    assert {key for key, value in scores.values.items() if not np.isfinite(value)} == set()
    assert set(scores.omitted) == {"pca/marginal_gaussianity", "pca/leading_gaussianity"}
    for name in HEADLINES:
        for part in ("", "_null", "_null_sd", "_gap"):
            # Points may change sides of a bin of the contours; squares of 1e-155 have 14 bits.
            found = scores.values[name + part]
            assert found == pytest.approx(expected.values[name + part], rel=1e-2, abs=2e-3), name + part


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_numbers_are_an_error_and_no_omission(bad: float) -> None:
    with pytest.raises(ValueError, match=f"latents hold {bad} in row 0, column 1"):
        score(spoiled(1, bad))


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (np.zeros(5), r"shape \(5,\); give a 2-D array"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\); give a 2-D array"),
        (np.zeros((1, 3)), "give at least 2 points"),
        ([["a", "b"], ["c", "d"]], "give real numbers"),
        (POINTS * 1e200, "too large to square; divide them by a constant"),
    ],
)
def test_what_is_no_cloud_is_one_clear_error(latents, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score(latents)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"contour_pairs": 0}, ValueError, "contour pairs are 0; give at least 1"),
        ({"contour_pairs": 2.5}, TypeError, "integer"),
        ({"levels": ()}, ValueError, "levels are empty"),
        ({"levels": (1, 9)}, ValueError, "levels hold 9"),
    ],
)
def test_bad_options_are_one_clear_error(options: dict, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        score(POINTS, **options)


def test_the_levels_name_their_metrics() -> None:
    names = [name for name in quick(POINTS, levels=(1, 1.25, 3)).values if name.startswith("contour/")]
    assert names == ["contour/least", "contour/1.0", "contour/1.25", "contour/3.0", "contour/correlated"]


def test_a_covariate_that_goes_with_the_radius_is_found() -> None:
    rng = np.random.default_rng(0)
    width = rng.uniform(0.3, 3, 400)
    points = rng.standard_normal((400, 8)) * width[:, None] + 5
    values = quick(points, covariates={"contrast": width, "minus": -width, "other": rng.random(400)}).values
    squared = mahalanobis_squared(points, moments(points))
    expected = stats.spearmanr(squared, width).statistic
    assert expected > 0.8
    assert values["radius/correlation_contrast"] == pytest.approx(expected)
    assert values["radius/correlation_minus"] == pytest.approx(-expected)
    # Spearman's correlation of n independent pairs has an sd of 1 / sqrt(n - 1).
    assert abs(values["radius/correlation_other"]) < 4 / np.sqrt(399)
    assert not [key for key in values if key.startswith("radius/correlation") and key.endswith("null")]


@pytest.mark.parametrize("latents", [POINTS, spoiled(2, 1.0), POINTS[:4]], ids=["constant covariate", "rank", "n <= d"])
def test_a_covariate_without_a_correlation_has_a_reason(latents: np.ndarray) -> None:
    given_values = np.ones(60) if latents is POINTS else np.arange(len(latents))
    scores = quick(latents, covariates={"contrast": given_values})
    assert "radius/correlation_contrast" not in scores.values
    reason = {POINTS.shape: "no correlation with a constant", (4, 4): "4 points in 4 components"}[latents.shape]
    assert (reason if given_values[0] == 1 or len(latents) == 4 else "constant components: 2") in scores.omitted[
        "radius/correlation_contrast"
    ]


@pytest.mark.parametrize(
    ("covariate", "message"),
    [
        (np.arange(59), r"covariate contrast has shape \(59,\); give one number for each of 60"),
        (np.ones((60, 1)), r"covariate contrast has shape \(60, 1\)"),
        (np.where(np.arange(60) == 3, np.nan, 1.0), "covariate contrast holds NaN or infinity"),
        (np.where(np.arange(60) == 3, np.inf, 1.0), "covariate contrast holds NaN or infinity"),
    ],
)
def test_a_covariate_that_is_none_is_one_clear_error(covariate: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quick(POINTS, covariates={"contrast": covariate})
