from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from metrics.contours import contour_agreement
from metrics.core import SHARES, Profile, core_profile, restored
from metrics.marginals import ks_distances
from metrics.moments import DegenerateError, mahalanobis_squared, moments
from metrics.origin import off_origin_distance
from metrics.radius import radius_agreement, truncation_factor
from tests.metrics.controls import normal, student

N, D, SAMPLES = 2000, 4, 20
LEVELS = (1.0, 2.0)
PAIRS = np.column_stack(np.triu_indices(D, 1))[:3]
SHAPES = ("marginal_gaussianity", "contour_agreement", "radius_agreement")


def profile(points: np.ndarray) -> Profile:
    return core_profile(points, moments(points), PAIRS, LEVELS)


@pytest.fixture(scope="module")
def null() -> dict[str, np.ndarray]:
    """Headline to its values (SAMPLES, shares) for clouds of N(0, I)."""
    rng = np.random.default_rng(0)
    found = [profile(rng.standard_normal((N, D))).values for _ in range(SAMPLES)]
    return {name: np.array([values[name] for values in found]) for name in SHAPES}


def test_the_shares_ascend_to_all_points() -> None:
    found = profile(normal(N, D, np.random.default_rng(0)))
    assert found.shares.tolist() == list(SHARES)
    assert (np.diff(found.shares) > 0).all()
    assert found.shares[-1] == 1
    assert {len(values) for values in found.values.values()} == {len(SHARES)}
    assert set(found.values) == {*SHAPES, "off_origin_distance"}
    assert found.null is None


@pytest.mark.parametrize("make", [normal, student])
def test_all_points_have_the_headlines_of_the_whole(make) -> None:
    points = make(N, D, np.random.default_rng(0)) + 1
    own, found = moments(points), profile(points).values
    expected = {
        "marginal_gaussianity": 1 - ks_distances(points, own).mean(),
        "contour_agreement": contour_agreement(points, own, PAIRS, LEVELS).mean(),
        "radius_agreement": radius_agreement(mahalanobis_squared(points, own), D),
        "off_origin_distance": off_origin_distance(own),
    }
    assert {name: values[-1] for name, values in found.items()} == pytest.approx(expected)


def test_every_core_of_a_correlated_normal_cloud_is_as_normal_as_its_null(null: dict[str, np.ndarray]) -> None:
    found = profile(normal(N, D, np.random.default_rng(1))).values
    for name, values in null.items():
        # 24 numbers against mean and sd of 20 samples: t with 19 degrees of freedom is beyond 5 once in 12,000 times.
        # Correlated components widen the sd of means over them, by less than a quarter for the correlations here.
        sds = (values.mean(axis=0) - found[name]) / (1.25 * values.std(axis=0, ddof=1)) / np.sqrt(1 + 1 / SAMPLES)
        assert (np.abs(sds) < 5).all(), name


def test_the_center_of_a_normal_clouds_core_is_the_clouds() -> None:
    points = normal(20_000, D, np.random.default_rng(1))
    found = profile(points).values["off_origin_distance"]
    # A core of half the points has sqrt(2) times the error of the center and, cut off and stretched again, up to
    # `truncation_factor` times more; the error of the whole is 1 / sqrt(n) in units of the spread.
    factor = truncation_factor(0.5, D)
    assert found == pytest.approx(found[-1], abs=4 * factor * np.sqrt(2 / 20_000))


def contaminated(clean: int, rng: np.random.Generator) -> np.ndarray:
    """A correlated normal cloud and, beside nine of its points each, one far away in a direction of its own."""
    cloud = normal(clean, D, rng)
    center, spread = cloud.mean(axis=0), cloud.std(axis=0).max()
    directions = rng.standard_normal((clean // 9, D))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([cloud, center + 30 * spread * directions])


# 50 to 80 % of all points are so many of the clean ones.
CLEAN = {share: share / 0.9 for share in (0.5, 0.6, 0.7, 0.8)}


def test_far_contamination_leaves_marginals_and_contours_of_the_core_alone(null: dict[str, np.ndarray]) -> None:
    found = profile(contaminated(N - N % 9, np.random.default_rng(2))).values
    for name in SHAPES[:2]:
        mean, sd = null[name].mean(axis=0), null[name].std(axis=0, ddof=1)
        expected, spread = (np.interp(list(CLEAN.values()), SHARES, values) for values in (mean, sd))
        # As above, and at the ends of the interval between two shares the null is off by less than one of its sds.
        sds = (expected - found[name][: len(CLEAN)]) / (1.25 * spread) / np.sqrt(1 + 1 / SAMPLES)
        assert (np.abs(sds) < 6).all(), (name, sds)
        assert mean[-1] - found[name][-1] > 8 * sd[-1], name


def test_far_contamination_leaves_radii_cut_off_later_than_their_share_says() -> None:
    found = profile(contaminated(18_000, np.random.default_rng(2))).values["radius_agreement"]
    law = stats.chi2(D)
    x = np.linspace(0, law.ppf(0.95), 20_001)
    for value, (share, clean) in zip(found, CLEAN.items(), strict=False):
        # The core is cut at `clean` of the normal cloud and is restored as if it were cut at `share`.
        stretch = truncation_factor(share, D) / truncation_factor(clean, D)
        distance = np.abs(np.minimum(law.cdf(stretch * x) / clean, 1) - np.minimum(law.cdf(x) / share, 1)).max()
        # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times; own moments make it smaller.
        assert value == pytest.approx(1 - distance, abs=1.95 / np.sqrt(share * 20_000)), share
        assert value > 0.95
    # A tenth of the points hold nearly all of the variance.
    assert found[-1] < 0.3


@pytest.mark.parametrize("share", [0.5, 0.8, 0.99])
def test_a_cut_normal_cloud_gets_its_covariance_back(share: float) -> None:
    n = 60_000
    points = normal(n, D, np.random.default_rng(3))
    whole = moments(points)
    squared = mahalanobis_squared(points, whole)
    core = moments(points[squared <= np.quantile(squared, share)])
    found, factor = restored(core, share), truncation_factor(share, D)
    assert (found.n, found.mean.tolist()) == (core.n, core.mean.tolist())
    # An entry varies as sqrt((S_ii S_jj + S_ij^2) / n), at most sqrt(2) of the sds' product; a cut-off one by less,
    # and stretched by the factor. The core itself is narrower by more than that.
    limit = 4 * factor * np.sqrt(2 / core.n)
    assert np.abs((found.covariance - whole.covariance) / np.outer(whole.sd, whole.sd)).max() < limit
    assert np.abs((core.covariance - whole.covariance) / np.outer(whole.sd, whole.sd)).max() > limit


@pytest.mark.parametrize("n", [D + 1, 2 * D, 2 * D + 1])
def test_too_few_points_for_half_of_them(n: int) -> None:
    with pytest.raises(DegenerateError, match=f"half of {n} points .*; use more than {2 * D + 1} points"):
        profile(normal(n, D, np.random.default_rng(0)))


def test_as_many_points_as_the_message_asks_for_are_enough() -> None:
    values = profile(normal(2 * D + 2, D, np.random.default_rng(0))).values
    assert np.isfinite(list(values.values())).all()


def test_a_component_that_is_constant_in_the_core_alone_is_told_as_such() -> None:
    points = normal(200, D, np.random.default_rng(0))
    points[:, 2] = 0
    points[7, 2] = 1
    with pytest.raises(DegenerateError, match="among the innermost 99 % of the points: constant components: 2"):
        profile(points)


def test_what_holds_for_all_points_is_not_told_of_the_innermost() -> None:
    points = normal(200, 1, np.random.default_rng(0))
    with pytest.raises(DegenerateError, match=r"^1 component has no pairs"):
        core_profile(points, moments(points), np.empty((0, 2), int), LEVELS)
