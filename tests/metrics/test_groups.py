from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from metrics import groups as module
from metrics.groups import Group, groups
from metrics.marginals import marginals
from metrics.moments import DegenerateError, chunks_of, mahalanobis_squared, moments
from metrics.radius import radius_agreement
from tests.metrics.controls import normal, student


def measured(points: np.ndarray, seed: int = 0, size: int = 100, **attributes) -> dict[str, Group]:
    found, omitted = groups(points, moments(points), attributes, np.random.default_rng(seed), size)
    assert not [key for key in omitted if "/" not in key]
    return {group.name: group for group in found}


def two_clouds(n: int, d: int, distance: float, rng: np.random.Generator, share: float = 0.5):
    """Correlated normal points, some of them at this Mahalanobis distance from the rest."""
    having = rng.random(n) < share
    mixing = np.eye(d) + 0.5 * rng.standard_normal((d, d)) / np.sqrt(d)
    return (rng.standard_normal((n, d)) + having[:, None] * distance * np.eye(d)[0]) @ mixing, having


@pytest.mark.parametrize(("distance", "share"), [(0.5, 0.5), (1.0, 0.2), (3.0, 0.4)])
def test_large_groups_have_their_true_distance_and_the_auc_that_follows(distance: float, share: float) -> None:
    points, having = two_clouds(40_000, 6, distance, np.random.default_rng(0), share)
    found = measured(points, a=having)["a"]
    members = 40_000 * share
    assert found.share == pytest.approx(having.mean())
    # A distance's standard error is about sqrt(1 / members + 1 / others + distance^2 / 2 n); five of them.
    error = np.sqrt(1 / members + 1 / (40_000 - members) + distance**2 / 80_000)
    assert found.shift == pytest.approx(distance, abs=5 * error)
    # An AUC's is at most 1 / sqrt(4 times the judged half of the smaller group).
    assert found.auc == pytest.approx(stats.norm.cdf(distance / np.sqrt(2)), abs=5 / np.sqrt(2 * members))


@pytest.mark.parametrize(("distance", "share"), [(0.5, 0.5), (2.0, 0.2), (4.0, 0.4)])
def test_the_overlap_is_the_area_under_both_normal_densities(distance: float, share: float) -> None:
    points, having = two_clouds(40_000, 6, distance, np.random.default_rng(0), share)
    expected = 2 * stats.norm.cdf(-distance / 2)
    # Two shares of half of expected, of the judged halves of both groups; five standard errors.
    variance = expected / 2 * (1 - expected / 2) * (1 / (20_000 * share) + 1 / (20_000 * (1 - share)))
    assert measured(points, a=having)["a"].overlap == pytest.approx(expected, abs=5 * np.sqrt(variance))


def test_the_overlap_of_small_groups_is_not_biased() -> None:
    rng, repeats = np.random.default_rng(0), 400
    found = [module._overlap(rng.normal(2, 1, 25), rng.normal(0, 1, 400)) for _ in range(repeats)]
    # The largest gap between the distributions, on the same samples, gives 0.05 less on average.
    assert np.mean(found) == pytest.approx(2 * stats.norm.cdf(-1), abs=4 * np.std(found) / np.sqrt(repeats))
    assert 4 * np.std(found) / np.sqrt(repeats) < 0.05


@pytest.mark.parametrize(
    ("having", "lacking", "overlap"),
    [
        ([3.0, 4.0], [1.0, 2.0], 0.0),
        ([1.0, 1.0], [1.0, 1.0], 1.0),
        # The middle is 2: of three with it one lies below, of three without one upon it.
        ([1.0, 4.0, 4.0], [0.0, 1.0, 2.0], 1 / 3 + 1 / 6),
        # Ranked the wrong way by noise: what would be more than all is all.
        ([0.0, 1.0], [2.0, 3.0], 1.0),
    ],
)
def test_overlaps_of_a_few(having: list[float], lacking: list[float], overlap: float) -> None:
    assert module._overlap(np.array(having), np.array(lacking)) == pytest.approx(overlap)


def test_groups_of_equal_means_overlap_entirely() -> None:
    rng = np.random.default_rng(0)
    having = np.arange(20_000) % 2 == 0
    points = rng.standard_normal((20_000, 3)) * np.where(having, 2, 1)[:, None]
    # An upper bound: the area under densities with sds 1 and 2 is less, but no threshold tells their means apart.
    assert measured(points, a=having)["a"].overlap > 0.95


def test_the_squared_distance_has_no_bias_in_small_groups() -> None:
    rng, repeats = np.random.default_rng(0), 150
    squared = []
    for _ in range(repeats):
        points, having = two_clouds(160, 20, 2.5, rng)
        squared.append(measured(points, a=having)["a"].shift ** 2)
    # Uncorrected it would be 158 / 137 (6.25 + 20 / 40) = 7.8 on average, which this many samples can tell.
    assert np.mean(squared) == pytest.approx(6.25, abs=4 * np.std(squared) / np.sqrt(repeats))
    assert 8 * np.std(squared) / np.sqrt(repeats) < 7.8 - 6.25


def test_labels_by_chance_are_apart_by_nothing() -> None:
    rng = np.random.default_rng(0)
    points = normal(600, 40, rng)
    found = measured(points, **{str(k): rng.random(600) < 0.4 for k in range(60)})
    aucs = np.array([found[str(k)].auc for k in range(60)])
    # The judged half has about 120 and 180: sd of an AUC by chance sqrt(301 / (12 * 120 * 180)) (Mann-Whitney).
    error = np.sqrt(301 / (12 * 120 * 180))
    assert aucs.mean() == pytest.approx(0.5, abs=5 * error / np.sqrt(60))
    assert aucs.std() == pytest.approx(error, rel=5 / np.sqrt(120))
    # About half of the unbiased squares are below 0 and cut off; 5 sd of a share of 60.
    assert np.mean([found[str(k)].shift == 0 for k in range(60)]) == pytest.approx(0.5, abs=0.3)


def test_the_discriminant_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    points, having = two_clouds(800, 12, 1.0, rng)
    own, fit = moments(points), np.arange(0, 800, 2)
    labels, _ = module._labels({"a": having}, 800)
    weights = module._discriminants(points, own, labels, fit)[:, 0]
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(points[fit], having[fit]).coef_[0]
    assert weights @ theirs == pytest.approx(np.linalg.norm(weights) * np.linalg.norm(theirs), rel=1e-10)
    scores = points @ weights
    assert module._auc(scores[having], scores[~having]) == pytest.approx(roc_auc_score(having, scores))


def test_ties_count_half() -> None:
    assert module._auc(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx(3.5 / 4)


@pytest.mark.parametrize("d", [120, 220])
def test_few_points_for_many_components_are_still_told_apart(d: int) -> None:
    points, having = two_clouds(300, d, 4.0, np.random.default_rng(0))
    found = measured(points, a=having)["a"]
    # By chance an AUC of 75 against 75 has sd 0.047.
    assert 0.5 + 5 * 0.047 < found.auc < 1
    assert 0 < found.shift < 8


def test_unknown_labels_are_as_if_those_points_had_none() -> None:
    points, having = two_clouds(900, 8, 1.5, np.random.default_rng(0))
    known = np.random.default_rng(1).random(900) < 0.6
    partly = np.where(known, having, np.nan)
    # The unknown ones lie elsewhere, which must not matter.
    points[~known] += 5
    found = measured(points, a=partly)["a"]
    alone = measured(points[known], a=having[known])["a"]
    assert found.share == alone.share
    assert found.shift == pytest.approx(alone.shift, rel=1e-9)
    assert found.auc == pytest.approx(stats.norm.cdf(1.5 / np.sqrt(2)), abs=0.1)


def test_normality_is_that_of_a_subsample_by_its_own_moments() -> None:
    points, having = two_clouds(500, 4, 1.0, np.random.default_rng(0))
    # Exactly as many as the size: no choice of members is left.
    having = np.arange(500) < 100
    found = measured(points, a=having)["a"]
    own = moments(points[:100])
    assert found.marginal_gaussianity == pytest.approx(1 - marginals(points[:100], own).ks.mean())
    assert found.radius_agreement == pytest.approx(radius_agreement(mahalanobis_squared(points[:100], own), 4))


def test_groups_that_make_the_cloud_are_more_normal_than_all_of_it() -> None:
    having = np.arange(6000) % 2 == 0
    points = normal(6000, 5, np.random.default_rng(0)) + 6 * having[:, None]
    found = measured(points, size=1000, a=having, b=~having)
    for name in "ab":
        # The null's mean is 0.64 / sqrt(1000) = 0.02; two narrow peaks are off by about 0.2 in every component.
        assert found[name].marginal_gaussianity > 0.97
        assert found["all"].marginal_gaussianity < 0.9
        assert found[name].auc > 0.99
        assert found[name].shift == pytest.approx(found["a"].shift)


def test_groups_by_chance_are_as_abnormal_as_all_points() -> None:
    rng = np.random.default_rng(0)
    found = measured(student(8000, 30, rng), size=1000, a=rng.random(8000) < 0.3)
    # Two independent samples of 1,000: each KS distance is known to about 0.5 / sqrt(1000); five of both.
    assert found["a"].radius_agreement == pytest.approx(found["all"].radius_agreement, abs=5 * 0.7 / np.sqrt(1000))
    assert found["all"].radius_agreement < 0.9


def test_all_points_are_the_first_row_and_have_nothing_to_be_apart_from() -> None:
    points = normal(300, 3, np.random.default_rng(0))
    found, omitted = groups(points, moments(points), {}, np.random.default_rng(0), 100)
    assert [(g.name, g.share, g.shift, g.auc) for g in found] == [("all", 1.0, None, None)]
    assert omitted == {}


def test_what_is_left_out_has_its_reason() -> None:
    points = normal(1000, 30, np.random.default_rng(0))
    few, some, unknown = np.arange(1000) < 49, np.arange(1000) < 119, np.where(np.arange(1000) < 100, 0, np.nan)
    found, omitted = groups(
        points, moments(points), {"few": few, "some": some, "nan": unknown}, np.random.default_rng(0)
    )
    assert [g.name for g in found] == ["all", "some"]
    assert omitted["few"] == "49 points with it and 951 without; at least 50 of each are needed"
    assert omitted["nan"] == "0 points with it and 100 without; at least 50 of each are needed"
    assert omitted["some/normality"] == "119 points; 1000 are needed to compare with other groups"
    assert (found[1].marginal_gaussianity, found[1].radius_agreement) == (None, None)
    assert found[1].shift is not None


@pytest.mark.parametrize(("size", "needed"), [(60, 60), (59, 120)])
def test_many_components_need_larger_samples_of_all_groups(size: int, needed: int) -> None:
    points = normal(500, 30, np.random.default_rng(0))
    attributes = {"a": np.arange(500) < 100}
    found, omitted = groups(points, moments(points), attributes, np.random.default_rng(0), size)
    assert ("a/normality" in omitted) == (needed > 100)
    assert found[0].radius_agreement is not None


def test_a_component_that_is_constant_within_a_group_costs_only_its_normality() -> None:
    points = normal(1000, 4, np.random.default_rng(0))
    having = np.arange(1000) < 200
    points[having, 2] = 0.3
    found, omitted = groups(points, moments(points), {"a": having}, np.random.default_rng(0), 150)
    assert "constant components: 2" in omitted["a/normality"]
    assert found[1].marginal_gaussianity is None
    assert found[1].shift is not None


def test_too_few_known_points_for_the_components_have_no_distance() -> None:
    points = normal(400, 110, np.random.default_rng(0))
    partly = np.where(np.arange(400) < 112, np.arange(400) % 2, np.nan)
    found, omitted = groups(points, moments(points), {"a": partly}, np.random.default_rng(0))
    assert "112 points in 110 components have no unbiased distance" in omitted["a/shift"]
    assert found[1].shift is None
    assert found[1].auc is not None


@pytest.mark.parametrize("make", [lambda x: x.astype(np.float16), lambda x: (50 * x).astype(np.int16)])
def test_number_types_and_chunks_change_next_to_nothing(make) -> None:
    points, having = two_clouds(600, 5, 2.0, np.random.default_rng(0))
    expected = measured(points, a=having)["a"]
    with chunks_of(300):
        found = measured(make(points), a=having.astype(float))["a"]
    assert found.shift == pytest.approx(expected.shift, abs=0.01)
    assert found.auc == pytest.approx(expected.auc, abs=0.002)


def test_scale_shift_and_mixing_of_components_change_no_distance() -> None:
    rng = np.random.default_rng(0)
    points, having = two_clouds(600, 5, 2.0, rng)
    before, after = measured(points, a=having)["a"], measured(points @ rng.standard_normal((5, 5)) + 9, a=having)["a"]
    assert after.shift == pytest.approx(before.shift, rel=1e-8)
    assert after.auc == pytest.approx(before.auc, abs=1e-9)
    assert after.overlap == pytest.approx(before.overlap, abs=1e-9)
    assert after.radius_agreement == pytest.approx(before.radius_agreement, abs=1e-8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(9), r"attribute a has shape \(9,\)"),
        (np.full(100, 2), "has the value 2; give 0, 1 or NaN"),
        (np.full(100, np.inf), "has the value inf"),
        (np.full(100, -1), "has the value -1"),
        (np.array(["yes"] * 100), "give 100 numbers, 0, 1 or NaN"),
    ],
)
def test_what_is_no_attribute_is_an_error(values: np.ndarray, message: str) -> None:
    points = normal(100, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        groups(points, moments(points), {"a": values}, np.random.default_rng(0))


@pytest.mark.parametrize(("n", "d"), [(3, 4), (4, 4)])
def test_fewer_points_than_components_are_an_error(n: int, d: int) -> None:
    points = normal(n, d, np.random.default_rng(0))
    with pytest.raises(DegenerateError, match="no invertible covariance"):
        groups(points, moments(points), {}, np.random.default_rng(0))


def test_one_and_two_components_and_three_points_are_no_problem() -> None:
    for d in (1, 2):
        points, having = two_clouds(400, d, 1.0, np.random.default_rng(0))
        assert measured(points, a=having)["a"].shift == pytest.approx(1, abs=5 * np.sqrt(4 / 400))
    points = np.array([[0.0, 1.0], [2.0, 5.0], [4.0, 3.0]])
    found, omitted = groups(points, moments(points), {"a": [0, 1, 1]}, np.random.default_rng(0))
    assert found == [Group("all", 1.0, None, None, None, None)]
    assert set(omitted) == {"a", "all/normality"}
