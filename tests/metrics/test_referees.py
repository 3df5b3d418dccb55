"""Measures that a referee asks for: sliced characteristic functions, a classifier, the copula, neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from metrics import score
from metrics.classifier import classifier_aucs
from metrics.copula import normal_scores
from metrics.moments import DegenerateError, moments, whiten
from metrics.nearest import neighbour_measures
from metrics.sliced import epps_pulley
from tests.metrics.controls import cube, normal, student

N, D = 3000, 32
FAMILIES = ("sliced", "classifier", "copula", "neighbours")


def t_copula(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Every component exactly normal; the dependence that of a multivariate t with 4 degrees of freedom."""
    return stats.norm.ppf(stats.t(4).cdf(student(n, d, rng, 4)))


def two_covariances(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Half and half of two normal clouds with one mean and opposite covariances."""
    points, half = rng.standard_normal((n, d)), n // 2
    points[:half, : d // 2] *= 2
    points[half:, d // 2 :] *= 2
    return points


def doubled(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A normal cloud, a tenth of whose points are there once more, nearly."""
    points = rng.standard_normal((n, d))
    points[: n // 10] = points[n // 10 : 2 * (n // 10)] + 0.01 * rng.standard_normal((n // 10, d))
    return points


@pytest.fixture(scope="module")
def gaps() -> dict[str, dict[str, float]]:
    makes = (normal, student, cube, t_copula, two_covariances, doubled)
    found = {make.__name__: score(make(N, D, np.random.default_rng(1)), families=FAMILIES) for make in makes}
    return {name: {row.name: row.beside.get("gap_sds", 0.0) for row in scores.rows} for name, scores in found.items()}


@pytest.mark.thorough
def test_a_normal_cloud_passes_all(gaps: dict[str, dict[str, float]]) -> None:
    assert {name: gap for name, gap in gaps["normal"].items() if abs(gap) > 3.5} == {}


@pytest.mark.parametrize(
    ("make", "seen", "unseen"),
    [
        (
            "student",
            {"sliced/epps_pulley", "classifier/auc", "classifier/auc_radius", "copula/radius_agreement"},
            {"classifier/auc_components", "neighbours/near_duplicates"},
        ),
        # Independent components: margins alone, of tails and not of the radius alone.
        (
            "cube",
            {"classifier/auc", "classifier/auc_components"},
            {"copula/radius_agreement", "copula/contour_agreement", "sliced/epps_pulley", "neighbours/near_duplicates"},
        ),
        (
            "t_copula",
            {"copula/radius_agreement", "copula/contour_agreement", "classifier/auc_radius"},
            {"neighbours/near_duplicates"},
        ),
        ("two_covariances", {"neighbours/distance_ratio"}, {"neighbours/near_duplicates"}),
        (
            "doubled",
            {"neighbours/near_duplicates", "neighbours/dimension_ratio"},
            {"sliced/epps_pulley", "classifier/auc"},
        ),
    ],
)
def test_each_sees_what_it_should(make: str, seen: set, unseen: set, gaps: dict[str, dict[str, float]]) -> None:
    assert {name: gaps[make][name] for name in seen if not abs(gaps[make][name]) > 5} == {}
    assert {name: gaps[make][name] for name in unseen if not abs(gaps[make][name]) < 4.5} == {}


# --- Epps and Pulley ---------------------------------------------------------------------------------------------


def test_the_statistic_of_one_direction_is_the_integral() -> None:
    x = np.random.default_rng(0).exponential(size=(300, 1))
    z = (x[:, 0] - x.mean()) / x.std()

    def integrand(t: float) -> float:
        return float(abs(np.exp(1j * t * z).mean() - np.exp(-(t**2) / 2)) ** 2 * np.exp(-(t**2) / 2))

    expected = 300 * integrate.quad(integrand, -5, 5, limit=200)[0]
    found = epps_pulley(x - x.mean(), np.random.default_rng(1), directions=3)
    # In 1 component all directions are the same one; 17 points integrate to a percent or so.
    assert found == pytest.approx((expected, expected), rel=0.02)


def test_the_mean_over_directions_is_the_closed_form_of_a_normal_cloud() -> None:
    # Mean of the limit law with mean and sd estimated: sqrt(2 pi) times that of Baringhaus and Henze's statistic with
    # weight 1, 1 - 3^(-1/2) (1 + 1/3 + 3/18) of one dimension.
    white = np.random.default_rng(0).standard_normal((4000, 100))
    mean, largest = epps_pulley(white, np.random.default_rng(1), directions=1000)
    assert mean == pytest.approx(np.sqrt(2 * np.pi) * (1 - 3**-0.5 * (1 + 1 / 3 + 1 / 6)), rel=0.06)
    assert largest > mean


# --- classifier --------------------------------------------------------------------------------------------------


def test_the_classifier_needs_points_and_radii() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DegenerateError, match="39 points; a classifier needs at least 40"):
        classifier_aucs(rng.standard_normal((39, 2)), 39, rng)
    with pytest.raises(DegenerateError, match="50 points in 49 components have no radii"):
        classifier_aucs(rng.standard_normal((50, 49)), 50, rng)


@pytest.mark.parametrize(("n", "d"), [(200, 30), (2000, 8)])
def test_aucs_of_normal_clouds_are_a_half_on_average(n: int, d: int) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(40):
        points = normal(n, d, rng)
        rows.append(list(classifier_aucs(whiten(points, moments(points)), n, rng).values()))
    table = np.array(rows)
    assert np.abs(table.mean(axis=0) - 0.5).max() < 4 * (table.std(axis=0) / np.sqrt(40)).max()


# --- copula ------------------------------------------------------------------------------------------------------


def test_normal_scores_are_normal_whatever_the_margins() -> None:
    rng = np.random.default_rng(0)
    points = np.exp(3 * rng.standard_normal((1000, 4)))
    scores = normal_scores(points)
    assert all(stats.kstest(column, "norm").statistic < 0.002 for column in scores.T)
    assert (np.argsort(scores, axis=0) == np.argsort(points, axis=0)).all()
    assert np.array_equal(normal_scores(np.log(points)), scores)


def test_ties_share_a_rank_and_constants_have_none() -> None:
    scores = normal_scores(np.array([[1.0], [1.0], [2.0], [0.0]]))
    assert scores[0] == scores[1]
    with pytest.raises(DegenerateError, match="constant components: 0"):
        normal_scores(np.ones((4, 1)))


# --- neighbours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 5])
def test_the_dimension_of_a_flat_cloud_is_that_of_the_plane(dimension: int) -> None:
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((dimension, 20))
    points = rng.standard_normal((4000, dimension)) @ mixing + 1e-6 * rng.standard_normal((4000, 20))
    found, ratio, distance, _ = neighbour_measures(points, moments(points), rng)
    # 1,000 ratios know the dimension to about 1 / sqrt(1000).
    assert found == pytest.approx(dimension, rel=0.12)
    # N(mean, covariance) is as flat.
    assert (ratio, distance) == pytest.approx((1, 1), rel=0.12)


def test_a_curve_has_one_dimension_and_its_normal_cloud_more() -> None:
    rng = np.random.default_rng(0)
    t = rng.uniform(0, 2 * np.pi, 3000)
    points = np.stack([np.cos(t), np.sin(t), np.cos(3 * t), np.sin(5 * t)], axis=1)
    found, ratio, _, _ = neighbour_measures(points, moments(points), rng)
    assert found == pytest.approx(1, rel=0.12)
    assert ratio < 0.4


def test_exact_twins_are_counted_and_too_many_leave_no_dimension() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((1000, 10))
    points[:100] = points[100:200]
    assert neighbour_measures(points, moments(points), rng)[3] == pytest.approx(0.2, abs=0.001)
    with pytest.raises(DegenerateError, match="most points have an exact twin"):
        neighbour_measures(np.repeat(points[200:300], 2, axis=0), moments(points), rng)
    with pytest.raises(DegenerateError, match="3 points; neighbours need at least 4"):
        neighbour_measures(points[:3], moments(points), rng)
