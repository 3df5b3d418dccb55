from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cae import sampling
from cae.config import AnalysisConfig
from cae.generators.knn import NEIGHBOURS, base_rows, ordered
from cae.latent_distribution import LatentDistribution, describe, scores_of

CONFIG = AnalysisConfig()


def cloud_of(n: int, d: int) -> LatentDistribution:
    rng = np.random.default_rng(1)
    return describe(rng.standard_normal((n, d)) * 0.7 ** np.arange(d) + 4, np.ones(d))


@pytest.mark.parametrize(("n", "axes"), [(2, 1), (7, 1), (7, 2), (30, 3), (64, 3), (101, 2), (130, 3)])
def test_every_vector_is_as_probable_as_any_other(n: int, axes: int) -> None:
    ranks = np.random.default_rng(n).uniform(size=(2000 * n, axes))
    counts = np.bincount(base_rows(np.arange(n), ranks), minlength=n)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_of_one_axis_each_vector_has_its_own_ranks() -> None:
    ranks = (np.arange(50)[:, None] + 0.5) / 50
    assert base_rows(np.arange(50), ranks).tolist() == list(range(50))
    assert base_rows(np.arange(50), np.array([[0.0], [1.0]])).tolist() == [0, 49]


def test_vectors_keep_the_order_of_the_draws_along_the_leading_axes() -> None:
    cloud = cloud_of(3000, 8)
    draws = sampling.standard_normal_draws(500, 8)
    scores = scores_of(cloud, base_rows(ordered(cloud), stats.norm.cdf(draws[:, :3])), 3)
    kept = [stats.spearmanr(score, draw)[0] for score, draw in zip(scores.T, draws[:, :3].T, strict=True)]
    # Cut into b blocks, ranks lose 1 / b^2 of their variance; those among m vectors, which are order statistics of a
    # sample, 2 / (m + 1). Here 15 blocks of 3000 vectors, 15 of 200, and the last 13.
    lost = [1 - (1 - 1 / 15**2) * (1 - 2 / 3001), 1 - (1 - 1 / 15**2) * (1 - 2 / 201), 2 / 14]
    assert kept == pytest.approx(np.sqrt(1 - np.array(lost)), abs=0.02)


@pytest.mark.parametrize("d", [2, 3, 6])
def test_points_lie_on_the_way_to_a_near_neighbour(d: int) -> None:
    cloud = cloud_of(300, d)
    scaled = cloud.vectors / cloud.vectors.std(axis=0)
    points = sampling.sample("knn", cloud, sampling.standard_normal_draws(40, d), CONFIG) / cloud.vectors.std(axis=0)
    distances = np.linalg.norm(scaled[:, None] - scaled, axis=2)
    near = np.argsort(distances, axis=1)[:, 1 : NEIGHBOURS + 1]
    starts = np.repeat(np.arange(300), NEIGHBOURS)
    lines = distances[starts, near.ravel()]
    for point in points:
        # On a segment: the ways to its ends add up to its length.
        ways = np.linalg.norm(scaled[starts] - point, axis=1) + np.linalg.norm(scaled[near.ravel()] - point, axis=1)
        assert (ways - lines).min() < 1e-5


def test_neighbours_and_places_between_are_uniform() -> None:
    """On a line of equal steps: the neighbours are 1 to 4 steps away on either side, the way there uniform."""
    vectors = np.column_stack([np.arange(1000.0), np.zeros(1000)])
    cloud = describe(vectors, np.ones(2))
    draws = np.random.default_rng(2).standard_normal((4000, 2))
    rank = np.floor(stats.norm.cdf(draws[:, 0]) * 1000)
    bases = rank if cloud.axes[0, 0] > 0 else 999 - rank
    inside = (bases > 4) & (bases < 995)
    moved = sampling.sample("knn", cloud, draws, CONFIG)[:, 0] - bases
    steps = np.array([-4, -3, -2, -1, 1, 2, 3, 4])
    mixed = lambda x: np.mean([stats.uniform(min(s, 0), abs(s)).cdf(x) for s in steps], axis=0)  # noqa: E731
    assert stats.kstest(moved[inside], mixed).statistic < 1.95 / np.sqrt(inside.sum())


def test_copies_are_neighbours_but_no_vector_is_its_own() -> None:
    vectors = np.repeat(np.random.default_rng(0).standard_normal((4, 3)), 30, axis=0)
    points = sampling.sample("knn", describe(vectors, np.ones(3)), sampling.standard_normal_draws(20, 3), CONFIG)
    assert np.abs(points[:, None] - vectors).max(axis=2).min(axis=1) == pytest.approx(0, abs=1e-6)
