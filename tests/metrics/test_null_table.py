"""The shipped table of null distributions, held against simulation at sizes that are no nodes of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from metrics import VERSION, battery, score, tabulate
from metrics.battery import alike_of
from metrics.catalog import HEADLINES
from metrics.cloud import Settings, cloud_of
from metrics.moments import moments, one_blas_thread
from metrics.null import cache_folder
from metrics.null_table import LEAST_RATIO, TABLE, _bent, tabulated
from tests.metrics.controls import normal

SHAPES = HEADLINES[:3]
# Of what takes long a second variant.
SECOND = [pytest.mark.thorough, pytest.mark.soak]


def simulated(n: int, d: int, samples: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Measure to its values in samples of N(0, I)."""
    rows = []
    with one_blas_thread():
        for child in np.random.SeedSequence([n, d, seed, 77]).spawn(samples):
            drawn, measured = child.spawn(2)
            points = np.random.default_rng(drawn).standard_normal((n, d), dtype=np.float32)
            rows.append(battery.shape(cloud_of(points, moments(points), Settings(), measured))[0])
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def test_the_table_is_of_this_version_and_complete() -> None:
    with np.load(TABLE) as stored:
        assert str(stored["version"]) == VERSION
        assert {tuple(node) for node in stored["nodes"].tolist()} == set(tabulate.nodes())
        assert (stored["samples"] >= tabulate.FEWEST_SAMPLES).all()
    for n, d in [
        (125, 2),
        (125, 64),
        (130, 60),
        (200, 64),
        (700, 200),
        (600, 300),
        (170_000, 256),
        (1_000_000, 512),
        (4_000, 1_024),
    ]:
        null = tabulated(n, d, VERSION)
        assert null is not None
        for part in (null.mean, null.sd, null.low, null.high):
            assert np.isfinite(list(part.values())).all()
        assert set(SHAPES) <= null.mean.keys()
        assert min(null.sd[name] for name in SHAPES) > 0


@pytest.mark.parametrize(("n", "d"), [(124, 2), (1000, 1), (1000, 1025), (249, 128)])
def test_beyond_the_table_nulls_are_simulated(n: int, d: int) -> None:
    assert LEAST_RATIO == 1.95
    assert tabulated(n, d, VERSION) is None
    assert tabulated(1000, 10, "another version") is None


def test_the_core_of_few_points_is_simulated() -> None:
    few, enough = tabulated(560, 256, VERSION), tabulated(600, 256, VERSION)
    assert few is not None
    assert enough is not None
    missing = enough.mean.keys() - few.mean.keys()
    assert {name.split("/")[0] for name in missing} == {"core", "robust"}
    assert set(SHAPES) <= few.mean.keys()


def test_a_curve_with_a_corner_is_straight_on_either_side_of_it() -> None:
    x = np.log([125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 10000.0])
    values = np.column_stack([np.minimum(x, x[4]), np.sqrt(x)])
    curve = _bent(x, values)
    for n in (200, 1400, 1900, 3000):
        point = np.log(n)
        assert curve(point) == pytest.approx([min(point, x[4]), np.sqrt(point)], abs=1e-3)
    assert np.array([curve(point) for point in x]) == pytest.approx(values)
    # A smooth curve alone misses the corner by an eighth of the step before it.
    assert PchipInterpolator(x, values)(np.log(1414))[0] - np.log(1414) == pytest.approx(np.log(2) / 8, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "d", "samples"),
    [
        pytest.param(170, 3, 100, marks=pytest.mark.thorough),
        pytest.param(140, 64, 100, marks=SECOND),
        pytest.param(280, 110, 40, marks=SECOND),
        pytest.param(400, 64, 100, marks=SECOND),
        pytest.param(1_400, 23, 60, marks=SECOND),
        pytest.param(700, 180, 60, marks=SECOND),
        pytest.param(3_000, 12, 40, marks=SECOND),
        pytest.param(6_300, 8, 30, marks=pytest.mark.thorough),
    ],
)
def test_between_the_nodes_it_is_as_simulation_says(n: int, d: int, samples: int) -> None:
    null = tabulated(n, d, VERSION)
    assert null is not None
    found = simulated(n, d, samples)
    off, spread = {}, {}
    for name, values in found.items():
        if name not in null.mean or name in battery.RESOLUTION:
            continue
        off[name] = abs(values.mean() - null.mean[name]) / null.sd[name]
        spread[name] = values.std(ddof=1) / null.sd[name]
    # Two means of samples, 0.1 to 0.16 sds each, and what interpolation gets wrong, most where few points count.
    assert {name: value for name, value in off.items() if value > 2} == {}
    assert np.median(list(off.values())) < 0.25
    for name in SHAPES:
        assert off[name] < 0.6
        assert 0.7 < spread[name] < 1.4
    assert np.median(list(spread.values())) == pytest.approx(1, abs=0.12)


@pytest.mark.thorough
@pytest.mark.soak
@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize(
    ("n", "d", "samples"), [(660, 256, 20), (1_100, 512, 10), (5_400, 256, 10), (14_000, 40, 10), (30_000, 40, 10)]
)
def test_between_the_large_nodes_as_well(n: int, d: int, samples: int) -> None:
    null = tabulated(n, d, VERSION)
    assert null is not None
    found = simulated(n, d, samples)
    # Of 10 samples: 0.32 sds, and 8 samples of the nearest nodes 0.35.
    off = {
        name: abs(v.mean() - null.mean[name]) / null.sd[name]
        for name, v in found.items()
        if name in null.mean and name not in battery.RESOLUTION
    }
    assert {name: value for name, value in off.items() if value > 2.2} == {}
    assert np.median(list(off.values())) < 0.6


def test_the_first_score_of_a_size_simulates_nothing() -> None:
    told: list[tuple[int, int]] = []
    score(normal(1337, 9, np.random.default_rng(0)), tell=lambda *progress: told.append(progress))
    assert told == []
    assert not list(cache_folder().glob("n=1337_*"))


def test_other_contour_settings_cost_the_contours_alone() -> None:
    told: list[tuple[int, int]] = []
    points = normal(733, 9, np.random.default_rng(0))
    found = score(points, contour_pairs=4, levels=(1.0,), tell=lambda *progress: told.append(progress)).values
    assert len(told) == 20
    known = tabulated(733, 9, VERSION)
    assert known is not None
    assert found["radius_agreement_null"] == known.mean["radius_agreement"]
    # The mean over pairs is that of any of them at one level.
    assert found["contour/1.0_null"] == pytest.approx(known.mean["contour/1.0"], abs=4 * found["contour/1.0_null_sd"])


@pytest.mark.parametrize("d", [5, 6, 12])
def test_blocks_that_the_smallest_dimensions_lack_have_a_null_too(d: int) -> None:
    found = score(normal(300, d, np.random.default_rng(0))).values
    for size in (2, 5, 10):
        assert (f"multivariate/henze_zirkler_{size}_null" in found) == (d >= size)


# --- false alarms --------------------------------------------------------------------------------------------------


def hard_normal(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A normal cloud of condition number 1e4, off the origin."""
    rotation, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return (rng.standard_normal((n, d)) * np.sqrt(np.geomspace(1, 1e4, d)) @ rotation.T + 5).astype(np.float32)


def alarms(n: int, d: int, clouds: int) -> dict[str, float]:
    """Measure to the share of normal clouds that it finds beyond 3 sds."""
    rng, counts = np.random.default_rng([n, d]), {}
    for _ in range(clouds):
        for row in score(hard_normal(n, d, rng), seed=int(rng.integers(2**31))).rows:
            counts.setdefault(row.name, []).append(abs(row.beside.get("gap_sds", 0.0)) > 3)
    return {name: float(np.mean(found)) for name, found in counts.items()}


SMALL = [(400, 64), (1_000, 10), (3_000, 32)]


@pytest.mark.thorough
@pytest.mark.slow(seconds=20)
@pytest.mark.soak
def test_of_30_normal_clouds_next_to_none_is_beyond_3_sds() -> None:
    found = alarms(*SMALL[0], 30)
    # With a rate of 1 % four or more of 30 are a matter of 0.02 %, for one measure of 80.
    assert {name: share for name, share in found.items() if share > 0.101} == {}
    assert np.mean(list(found.values())) < 0.01


@pytest.mark.thorough
@pytest.mark.soak
@pytest.mark.slow(seconds=600)
@pytest.mark.parametrize(("n", "d"), SMALL)
def test_of_1000_normal_clouds_at_most_one_in_a_hundred_is_beyond_3_sds(n: int, d: int) -> None:
    found = alarms(n, d, 1000)
    # Two standard errors of a rate of 1 %.
    assert {name: share for name, share in found.items() if share > 0.0163} == {}


def test_every_mean_over_components_pairs_or_blocks_knows_what_it_is_over() -> None:
    assert alike_of("contour/2.5") == "pairs"
    assert alike_of("contour/least") is None
    assert alike_of("radius_agreement") is None
