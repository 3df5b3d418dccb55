from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import FastICA

from metrics.marginals import marginals
from metrics.moments import DegenerateError, chunks_of, moments, whiten
from metrics.pursuit import CONTRASTS, STEPS, Direction, _applied, _candidates, worst_direction
from tests.metrics.controls import ball, cube, mixture, normal, one_bimodal, student

# Where the search need not be at its best.
SHORT = 5


def found(points: np.ndarray, seed: int = 0, steps: int = STEPS) -> Direction:
    return worst_direction(points, moments(points), np.random.default_rng(seed), steps)


def rotation(d: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


@cache
def null_distances(m: int, samples: int = 4000) -> np.ndarray:
    """Sorted Kolmogorov-Smirnov distances of normal samples of m, mean and sd fitted (Lilliefors)."""
    columns = np.random.default_rng(99).standard_normal((m, samples))
    return np.sort(marginals(columns, moments(columns)).ks)


def exponential(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    return np.column_stack([rng.exponential(size=n) - 1, rng.standard_normal((n, d - 1))])


def uneven_mixture(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A fifth of the points 3 sd away along component 0, which has sd 1 like all others."""
    cloud = rng.standard_normal((n, d))
    cloud[:, 0] += 3 * (rng.random(n) < 0.2)
    cloud[:, 0] /= np.sqrt(1 + 9 * 0.2 * 0.8)
    return cloud


# The overlap of a direction found in n/2 points with the true one falls short of 1 by about d / n times a factor that
# grows with the contrast's noise; these are what a search must reach at the least to be said to have found it.
@pytest.mark.parametrize(
    ("make", "n", "d", "overlap"),
    [
        (one_bimodal, 3000, 32, 0.98),
        (exponential, 3000, 64, 0.85),
        (uneven_mixture, 4000, 40, 0.85),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_one_bad_direction_among_many_is_found_in_spite_of_any_rotation(make, n, d, overlap, seed) -> None:
    rng = np.random.default_rng(seed)
    turn = rotation(d, rng) * rng.uniform(0.3, 3, d)
    points = make(n, d, rng) @ turn
    own = moments(points)
    result = worst_direction(points, own, rng)
    # The covariance maps the true direction a to weights: a'x is uncorrelated with all else in each of these clouds.
    truth = np.linalg.solve(turn, np.eye(d)[:, 0]) * own.sd
    along = whiten(points, own) @ result.vector
    assert abs(np.corrcoef(along, (points - own.mean) / own.sd @ truth)[0, 1]) > overlap
    assert result.ks > null_distances(len(result.projections))[-1]
    assert result.index in [*CONTRASTS, "fourth moments", "third moments"]


@pytest.mark.filterwarnings("ignore:FastICA did not converge")
@pytest.mark.parametrize("make", [one_bimodal, exponential])
def test_no_worse_than_all_components_of_scikit_learn_s_fastica(make) -> None:
    rng = np.random.default_rng(0)
    points = make(2000, 8, rng) @ rotation(8, rng)
    half = points[::2]
    theirs = FastICA(whiten="unit-variance", max_iter=100, random_state=0).fit(half).transform(points[1::2])
    # Both are judged on points they have not seen; each distance is known to about 0.5 / sqrt(m).
    assert found(points).ks > marginals(theirs, moments(theirs)).ks.max() - 3 * 0.5 * np.sqrt(1 / 500 + 1 / 1000)


def test_the_worst_component_is_reported_by_its_weight() -> None:
    result = found(one_bimodal(2000, 32, np.random.default_rng(0)))
    assert np.abs(result.weights).argmax() == 0
    assert result.weights[0] == pytest.approx(1, abs=0.05)
    assert np.abs(result.weights[1:]).max() < 0.2
    assert result.excess_kurtosis == pytest.approx(stats.kurtosis(result.projections))
    assert result.excess_kurtosis < -1.5


def test_a_mixture_in_every_component_lies_along_the_main_axis() -> None:
    result = found(mixture(2000, 16, np.random.default_rng(0)))
    # Two peaks so far apart that they are nearly +-1: the KS distance of that law is Phi(1) - 1/2 = 0.34.
    assert result.ks > 0.25
    assert np.abs(result.weights).min() > 0.1 * np.abs(result.weights).max()


def test_heavy_tails_of_all_directions_are_reported_as_they_are() -> None:
    result = found(student(4000, 20, np.random.default_rng(0)), steps=SHORT)
    x = np.linspace(-6, 6, 20_001)
    every = np.abs(stats.t(8, scale=np.sqrt(6 / 8)).cdf(x) - stats.norm.cdf(x)).max()
    assert result.ks == pytest.approx(every, abs=1.36 / np.sqrt(len(result.projections)))


def test_every_direction_of_a_ball_is_nearly_normal() -> None:
    result = found(ball(2000, 64, np.random.default_rng(0)), steps=SHORT)
    assert result.ks < null_distances(500)[-1]


def test_a_cube_s_worst_direction_is_an_edge() -> None:
    result = found(cube(4000, 8, np.random.default_rng(0)))
    x = np.linspace(-3, 3, 20_001)
    edge = np.abs(stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)).cdf(x) - stats.norm.cdf(x)).max()
    assert result.ks == pytest.approx(edge, abs=1.36 / np.sqrt(1000))
    assert np.sort(np.abs(result.weights))[-2] < 0.2


# n close to d gives any search a spurious shape, and the moments hold the judged points as well.
@pytest.mark.parametrize(("n", "d", "repeats"), [(120, 30, 50), (200, 4, 30)])
def test_the_verdict_on_normal_points_is_that_of_one_normal_sample(n: int, d: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    distances = np.empty(repeats)
    for k in range(repeats):
        points = normal(n, d, rng)
        distances[k] = worst_direction(points, moments(points), rng, SHORT).ks
    null = null_distances(n // 4)
    p = 1 - np.searchsorted(null, distances) / len(null)
    assert stats.binomtest(int((p <= 0.05).sum()), repeats, 0.05).pvalue > 1e-3
    assert stats.kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", CONTRASTS)
def test_no_contrast_follows_the_noise_of_the_covariance(name: str) -> None:
    z = stats.zscore(np.random.default_rng(0).gamma(3, size=(2, 1000)), axis=1)
    step = z.copy()
    slope = _applied(CONTRASTS[name], step)
    np.testing.assert_allclose((step * z).mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(step.mean(axis=1), 0, atol=1e-12)
    # What is left is a function of z alone; its mean slope, by differences.
    order = z.argsort(axis=1)
    sorted_z, sorted_step = np.take_along_axis(z, order, 1), np.take_along_axis(step, order, 1)
    slopes = np.array([np.gradient(g, x).mean() for g, x in zip(sorted_step, sorted_z, strict=True)])
    np.testing.assert_allclose(slope, slopes, atol=0.05 * np.abs(sorted_step).max())


def test_what_the_search_overfits_is_not_reported() -> None:
    points = normal(600, 80, np.random.default_rng(0))
    own = moments(points)
    searched = whiten(points[:300], own).astype(np.float32)
    overfitted = searched @ _candidates(searched, own, np.random.default_rng(0), STEPS)[1].T
    assert marginals(overfitted, moments(overfitted)).ks.max() > 1.5 * null_distances(300)[-1]
    assert found(points).ks < null_distances(150)[-1]


def test_the_fields_agree_with_one_another() -> None:
    points = exponential(1000, 6, np.random.default_rng(0)) @ rotation(6, np.random.default_rng(1))
    own = moments(points)
    result = worst_direction(points, own, np.random.default_rng(0), SHORT)
    every = (points - own.mean) / own.sd @ result.weights
    np.testing.assert_allclose(whiten(points, own) @ result.vector, every, atol=1e-10)
    assert np.linalg.norm(result.vector) == pytest.approx(1)
    assert every.std(ddof=1) == pytest.approx(1)
    assert result.weights[np.abs(result.weights).argmax()] > 0
    assert result.projections.shape == (250,)
    assert (result.projections.mean(), result.projections.std(ddof=1)) == pytest.approx((0, 1), abs=1e-10)
    assert result.ks == pytest.approx(stats.kstest(result.projections, "norm").statistic)
    assert result.skewness == pytest.approx(stats.skew(result.projections))
    # Up to one shift and scale they are the values of a quarter of the points, and no others.
    judged = np.random.default_rng(0).permutation(1000)[750:]
    np.testing.assert_allclose(stats.zscore(every[judged], ddof=1), result.projections, atol=1e-10)


def test_one_seed_gives_one_direction_whatever_the_scale_and_chunks() -> None:
    points = one_bimodal(600, 6, np.random.default_rng(0)).astype(np.float32)
    first = found(points)
    np.testing.assert_array_equal(found(points).vector, first.vector)
    # Powers of two round nothing; a shift does.
    for mapped in (points * np.float32([4, 0.5, 8, 1, 2, 0.25]), points + np.float32(3)):
        with chunks_of(500):
            again = found(mapped)
        assert abs(again.vector @ first.vector) > 0.999
        assert again.ks == pytest.approx(first.ks, abs=0.01)


@pytest.mark.parametrize("make", [lambda x: x.astype(np.float16), lambda x: (100 * x).astype(np.int16)])
def test_number_types(make) -> None:
    assert found(make(one_bimodal(1000, 5, np.random.default_rng(0))), steps=SHORT).ks > 0.15


@pytest.mark.parametrize("d", [1, 2])
def test_few_components(d: int) -> None:
    points = exponential(2000, 2, np.random.default_rng(0))[:, :d]
    result = found(points, steps=SHORT)
    # The distance between the exponential and the normal law of its mean and sd.
    x = np.linspace(-1, 6, 20_001)
    assert result.ks == pytest.approx(np.abs(stats.expon(-1).cdf(x) - stats.norm.cdf(x)).max(), abs=1.36 / np.sqrt(500))


@pytest.mark.parametrize(("n", "d"), [(3, 2), (39, 2), (39, 1)])
def test_few_points_are_an_error(n: int, d: int) -> None:
    with pytest.raises(DegenerateError, match=f"{n} points are too few .* at least 40"):
        found(np.random.default_rng(0).standard_normal((n, d)))


def test_clouds_without_inverse_covariance_are_an_error() -> None:
    points = np.random.default_rng(0).standard_normal((60, 5))
    for cloud, message in [
        (np.column_stack([points, np.ones(60)]), "constant components: 5"),
        (np.column_stack([points, points[:, 1]]), "dependent components: 1, 5"),
        (np.random.default_rng(0).standard_normal((60, 60)), "no invertible covariance"),
    ]:
        with pytest.raises(DegenerateError, match=message):
            found(cloud)


def outcome(points: np.ndarray, seed: int) -> str:
    try:
        result = found(points, seed, SHORT)
    except DegenerateError as reason:
        return str(reason)
    numbers = [result.ks, result.skewness, result.excess_kurtosis, *result.projections]
    return "finite" if np.isfinite(numbers).all() else "not finite"


def test_a_component_that_few_points_have_gives_a_number_or_a_reason() -> None:
    points = np.random.default_rng(0).standard_normal((400, 3))
    points[:, 2] = np.arange(400) == 7
    outcomes = [outcome(points, seed) for seed in range(6)]
    assert all(text == "finite" or "hardly varies" in text for text in outcomes)
