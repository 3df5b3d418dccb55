"""Against direct computation by the definitions, closed forms, and Monte Carlo where the answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import sqrtm

from metrics.generated import LEAST, Neighbourhoods, chance_of_coverage, fid, kid, neighbourhoods
from metrics.halves import Estimate

NAMES = ("precision", "recall", "density", "coverage")
STATISTICS: dict[str, Callable[[np.ndarray, np.ndarray], Estimate]] = {
    "kid": kid,
    "fid": fid,
    **{name: lambda x, y, name=name: getattr(neighbourhoods(x, y), name) for name in NAMES},
}


def two(m: int = 60, n: int = 80, d: int = 5, seed: int = 0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, d)) + shift, rng.standard_normal((n, d))


def test_kid_is_the_unbiased_mmd_by_its_definition() -> None:
    x, y = two(14, 17, 3)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 3 + 1) ** 3)

    within = [
        sum(kernel(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j) / (len(z) * (len(z) - 1))
        for z in (x, y)
    ]
    between = sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))
    assert kid(x, y).value == pytest.approx(sum(within) - 2 * between)


def test_kid_is_zero_by_chance_and_known_for_points() -> None:
    values = [kid(*two(40, 50, 4, seed)).value for seed in range(80)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))
    assert min(values) < 0
    # Of two points, each many times: (a a / d + 1)^3 + (b b / d + 1)^3 - 2 (a b / d + 1)^3.
    a, b = np.array([1.0, 1.0]), np.array([0.0, 2.0])
    assert kid(np.tile(a, (20, 1)), np.tile(b, (30, 1))).value == pytest.approx(8 + 27 - 2 * 8)


def test_neighbourhoods_are_those_of_the_definitions() -> None:
    x, y, k = *two(20, 30, 3, shift=0.5), 5

    def reach(points: np.ndarray, i: int) -> float:
        return sorted(np.linalg.norm(points[i] - other) for j, other in enumerate(points) if j != i)[k - 1]

    real, ours = ([reach(points, i) for i in range(len(points))] for points in (y, x))
    apart = [[np.linalg.norm(a - b) for b in y] for a in x]
    expected = Neighbourhoods(  # type: ignore[arg-type]
        np.mean([any(apart[i][j] <= real[j] for j in range(30)) for i in range(20)]),
        np.mean([any(apart[i][j] <= ours[i] for i in range(20)) for j in range(30)]),
        sum(apart[i][j] <= real[j] for i in range(20) for j in range(30)) / (k * 20),
        np.mean([min(apart[i][j] for i in range(20)) <= real[j] for j in range(30)]),
    )
    found = neighbourhoods(x, y, k)
    for name in NAMES:
        assert getattr(found, name).value == pytest.approx(getattr(expected, name))


@pytest.mark.parametrize(("m", "n", "d"), [(50, 50, 2), (40, 80, 20)])
def test_by_chance_density_is_1_and_coverage_as_naeem_has_it(m: int, n: int, d: int) -> None:
    found = [neighbourhoods(*two(m, n, d, seed)) for seed in range(60)]
    for name, expected in {"density": 1.0, "coverage": chance_of_coverage(m, n)}.items():
        values = [getattr(each, name).value for each in found]
        assert abs(np.mean(values) - expected) < 3.5 * np.std(values) / np.sqrt(len(values))


def test_coverage_by_chance_tends_to_that_of_halving() -> None:
    assert chance_of_coverage(10**6, 10**6) == pytest.approx(1 - 1 / 2**5, abs=1e-5)
    # One neighbour among two real points and one other: real in half of all cases.
    assert chance_of_coverage(1, 2, k=1) == pytest.approx(0.5)


@pytest.mark.parametrize("d", [3, 100])
def test_fid_is_that_of_the_matrix_root(d: int) -> None:
    x, y = two(40, 50, d, shift=0.3)
    y = y * np.linspace(0.5, 2, d)
    covariances = np.cov(x.T), np.cov(y.T)
    root = sqrtm(covariances[0] @ covariances[1] + 1e-14 * np.eye(d)).real
    means = x.mean(axis=0) - y.mean(axis=0)
    expected = means @ means + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert fid(x, y).value == pytest.approx(expected, rel=1e-4)


def test_fid_tends_to_the_closed_form_from_above_by_the_bias_that_is_told() -> None:
    m, n, d = 300, 400, 10
    values = [fid(*two(m, n, d, seed)).value for seed in range(12)]
    assert np.mean(values) == pytest.approx((1 / m + 1 / n) * d * (d + 5) / 4, rel=0.15)
    x, y = two(40_000, 40_000, 2)
    # Standard normals against means of 1 and sds of 2 and 3.
    assert fid(x, 1 + y * [2, 3]).value == pytest.approx(2 + 1 + 4, rel=0.03)


@pytest.mark.parametrize("name", STATISTICS)
def test_order_and_rotation_do_not_matter(name: str) -> None:
    x, y = two()
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
    expected = STATISTICS[name](x, y).value
    assert STATISTICS[name](x[::-1], np.roll(y, 3, axis=0)).value == pytest.approx(expected)
    assert STATISTICS[name](x @ turn, y @ turn).value == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
def test_shift_and_scale_do_not_matter_to_neighbours(name: str) -> None:
    x, y = two()
    found = getattr(neighbourhoods(7 + 3 * x, 7 + 3 * y), name).value
    assert found == pytest.approx(getattr(neighbourhoods(x, y), name).value)


@pytest.mark.parametrize("name", ["kid", "fid"])
def test_distances_have_no_direction(name: str) -> None:
    x, y = two(shift=0.5)
    assert STATISTICS[name](x, y).value == pytest.approx(STATISTICS[name](y, x).value)


def _dropped(x: np.ndarray) -> np.ndarray:
    return x[x[:, 0] > 0][:100]


# What is done to the generated points, and which way these statistics go. Precision hardly sees the shift, because real
# points at the rim have wide neighbourhoods: what Naeem et al. (2020) found, and density is for.
SEEN = {
    "shifted": (lambda x: x[:100] + 1.5, {"kid": 1, "fid": 1, "recall": -1, "density": -1, "coverage": -1}),
    "too wide": (lambda x: 2 * x[:100], {"kid": 1, "fid": 1, "precision": -1, "density": -1, "coverage": -1}),
    "too narrow": (lambda x: 0.4 * x[:100], {"kid": 1, "fid": 1, "recall": -1, "density": 1}),
    "a mode dropped": (_dropped, {"kid": 1, "fid": 1, "recall": -1, "coverage": -1}),
    "5 points 20 times": (lambda x: np.repeat(x[:5], 20, axis=0), {"kid": 1, "fid": 1, "recall": -1, "coverage": -1}),
}


@pytest.mark.parametrize("case", SEEN)
def test_what_is_wrong_is_seen_beyond_the_intervals(case: str) -> None:
    spoil, ways = SEEN[case]
    x, y = two(400, 200, 4, seed=1)
    spoilt = spoil(x)
    for name, way in ways.items():
        apart = STATISTICS[name](spoilt, y).minus(STATISTICS[name](x[-100:], y))
        low, high = apart.interval()
        assert (low > 0) if way > 0 else (high < 0), name


@pytest.mark.parametrize("name", ["kid", "precision", "recall", "density", "coverage"])
@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_intervals_cover_what_the_statistic_is_on_average(name: str, shift: float) -> None:
    found = [STATISTICS[name](*two(60, 80, 4, seed, shift)) for seed in range(80)]
    expected = np.mean([each.value for each in found])
    covered = sum(low <= expected <= high for low, high in (each.interval() for each in found))
    # 0.87 and more were counted at these sizes, the least for coverage near 1; see `Estimate.interval`.
    assert covered >= stats.binom(80, 0.87).ppf(0.001)


@pytest.mark.parametrize("name", ["precision", "recall", "density", "coverage"])
def test_errors_are_the_spread_over_samples(name: str) -> None:
    found = [STATISTICS[name](*two(60, 80, 4, seed, 0.6)) for seed in range(80)]
    spread = np.std([each.value for each in found])
    # The spread of 80 is known to 8 %.
    assert np.sqrt(np.mean([each.error**2 for each in found])) == pytest.approx(spread, rel=0.3)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.zeros((LEAST - 1, 3)), np.zeros((20, 3)), r"generated points are \(11, 3\)"),
        (np.zeros((20, 3)), np.zeros(20), r"real points are \(20,\)"),
        (np.zeros((20, 3)), np.zeros((20, 4)), "3 features, real ones 4"),
        (np.full((20, 3), np.nan), np.zeros((20, 3)), "generated points hold NaN"),
    ],
)
@pytest.mark.parametrize("statistic", [kid, fid, neighbourhoods])
def test_other_arrays_are_named(statistic: Callable[..., object], x: np.ndarray, y: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        statistic(x, y)
