from __future__ import annotations

import numpy as np
import pytest

from metrics import score
from metrics.moments import DegenerateError, moments
from metrics.robust import robust_core
from tests.metrics.controls import mapped, student


def with_outliers(n: int, d: int, share: float, rng: np.random.Generator, factor: float = 6) -> np.ndarray:
    points = rng.standard_normal((n, d))
    points[: int(share * n)] *= factor
    return points


def headlines(points: np.ndarray) -> list[float]:
    """Share of outliers; marginals, contours, radii of the others."""
    found = score(points, families=("robust",), calibrate=False).values
    names = ("outlier_share", "marginal_gaussianity", "contour_agreement", "radius_agreement")
    return [found[f"robust/{name}"] for name in names]


@pytest.mark.parametrize(("n", "d"), [(1000, 10), (1000, 64), (5000, 256)])
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_a_normal_core_with_outliers_is_told_from_them(n: int, d: int, share: float) -> None:
    rng = np.random.default_rng(0)
    points = with_outliers(n, d, share, rng)
    core = robust_core(points)
    outliers = np.arange(n) < int(share * n)
    assert not core.inside[outliers].any()
    assert core.inside[~outliers].mean() > 0.99
    with_them, without = headlines(points), headlines(points[~outliers])
    assert with_them[0] == pytest.approx(share, abs=0.01)
    assert with_them[1:] == pytest.approx(without[1:], abs=0.01)


def test_headlines_of_all_points_follow_outliers_that_those_of_the_core_do_not() -> None:
    found = score(with_outliers(3000, 32, 0.01, np.random.default_rng(0))).values
    assert found["radius_agreement_gap_sds"] > 10
    assert abs(found["robust/radius_agreement_gap_sds"]) < 4
    assert abs(found["robust/marginal_gaussianity_gap_sds"]) < 4
    assert found["robust/outlier_share_gap_sds"] < -3


@pytest.mark.parametrize(("d", "df"), [(32, 2), (256, 8)])
def test_a_cloud_without_a_normal_core_is_said_to_have_none(d: int, df: float) -> None:
    share, _, _, radii = headlines(student(4000, d, np.random.default_rng(0), df))
    assert share > 0.45
    assert radii < 0.85


def test_outliers_in_a_cluster_do_not_carry_the_estimate_away() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((2000, 16))
    points[:400] = 0.1 * points[:400] + 8
    core = robust_core(points)
    assert not core.inside[:400].any()
    assert np.abs(core.moments.mean).max() < 0.15
    assert core.moments.covariance.diagonal() == pytest.approx(np.ones(16), abs=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_scale_and_shift_change_nothing_and_a_rotation_hardly_anything(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = with_outliers(800, 6, 0.1, rng)
    assert robust_core(points * [1, 2, 3, 4, 5, 6] + 7).inside.tolist() == robust_core(points).inside.tolist()
    other = mapped(points, rng, 2.0, 10.0)
    assert robust_core(other).inside.sum() == pytest.approx(robust_core(points).inside.sum(), abs=4)


def test_what_has_no_robust_core_says_why() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DegenerateError, match=r"half of 20 points in 9 components .* use more than 21 points"):
        robust_core(rng.standard_normal((20, 9)))
    points = rng.standard_normal((100, 3))
    points[:60, 1] = 0
    with pytest.raises(DegenerateError, match="half of component 1 is one value"):
        robust_core(points)
    with pytest.raises(DegenerateError, match="linearly dependent"):
        robust_core(np.column_stack([points, points[:, 0]])[60:])


def test_the_moments_of_a_normal_cloud_are_its_own() -> None:
    points = np.random.default_rng(0).standard_normal((20_000, 5))
    core, own = robust_core(points), moments(points)
    assert core.inside.mean() == pytest.approx(0.999, abs=0.0012)
    assert core.moments.covariance == pytest.approx(own.covariance, abs=0.02)
