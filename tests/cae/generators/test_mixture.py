from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cae import sampling
from cae.config import AnalysisConfig
from cae.generators.mixture import Mixture, fitted, leading, transport
from cae.latent_distribution import describe

CONFIG = AnalysisConfig()
# A KS distance exceeds this over sqrt(n) once in 1000 times.
RARE = 1.95


def two_of_three() -> Mixture:
    rng = np.random.default_rng(4)
    roots = np.tril(rng.normal(size=(2, 3, 3))) * 0.5 + np.eye(3)
    return Mixture(np.array([0.3, 0.7]), np.array([[-2.0, 1, 0], [1, -1, 3]]), np.abs(roots))


def test_one_normal_distribution_leaves_draws_where_they_are() -> None:
    draws = np.random.default_rng(0).standard_normal((500, 4))
    assert np.array_equal(transport(Mixture(np.ones(1), np.zeros((1, 4)), np.eye(4)[None]), draws), draws)


def test_two_equal_normal_distributions_are_one() -> None:
    draws = np.random.default_rng(0).standard_normal((500, 4))
    same = Mixture(np.array([0.2, 0.8]), np.zeros((2, 4)), np.stack([np.eye(4)] * 2))
    assert transport(same, draws) == pytest.approx(draws, abs=1e-12)


def test_mapped_draws_have_the_mixtures_distribution() -> None:
    """Along any direction u that is a mixture of N(u'm, u'Su), known in closed form."""
    mixture, rng = two_of_three(), np.random.default_rng(1)
    points = transport(mixture, rng.standard_normal((20_000, 3)))
    for direction in [*np.eye(3), *rng.normal(size=(5, 3))]:
        means = mixture.means @ direction
        sds = np.linalg.norm(np.einsum("cij,i->cj", mixture.roots, direction), axis=1)
        cdf = lambda x, m=means, s=sds: stats.norm.cdf((x[:, None] - m) / s) @ mixture.weights  # noqa: E731
        assert stats.kstest(points @ direction, cdf).statistic < RARE / np.sqrt(len(points))


def test_the_map_is_exact_and_rising_far_into_the_tails() -> None:
    mixture = two_of_three()
    z = np.linspace(-8, 8, 401)
    points = transport(mixture, np.column_stack([z, np.zeros((len(z), 2))]))
    assert (np.diff(points[:, 0]) > 0).all()
    unit = (points[:, :1] - mixture.means[:, 0]) / mixture.roots[:, 0, 0]
    half = z <= 0
    assert stats.norm.cdf(unit[half]) @ mixture.weights == pytest.approx(stats.norm.cdf(z[half]), rel=1e-9)
    assert stats.norm.sf(unit[~half]) @ mixture.weights == pytest.approx(stats.norm.sf(z[~half]), rel=1e-9)
    last = transport(mixture, np.column_stack([np.zeros((len(z), 2)), z]))
    assert (np.diff(last[:, 2]) > 0).all()


def test_normal_vectors_are_one_component_and_their_points_those_of_mnd() -> None:
    rng = np.random.default_rng(2)
    cloud = describe(rng.normal(size=(1000, 5)) @ rng.normal(size=(5, 5)) + 3, np.ones(5))
    draws = sampling.standard_normal_draws(50, 5)
    assert len(fitted(cloud).weights) == 1
    assert np.array_equal(sampling.sample("gmm", cloud, draws, CONFIG), sampling.sample("mnd", cloud, draws, CONFIG))
    assert "a single normal distribution on 5" in sampling.explain("gmm", cloud, CONFIG)


def test_clusters_are_found_and_drawn() -> None:
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    centers = np.array([[6, 0, 0, 0], [-6, 0, 0, 0], [0, 6, 0, 0], [0, -6, 0, 0]])
    vectors = (centers[rng.integers(0, 4, 1500)] + rng.normal(size=(1500, 4))) @ turn
    cloud = describe(vectors, np.ones(4))
    mixture = fitted(cloud)
    assert len(mixture.weights) == 4
    # Entropy of one normal with that covariance less that of the mixture, whose parts hardly overlap, per component.
    exact = (np.log(np.linalg.det(np.cov(vectors.T))) / 2 - np.log(4)) / 4
    assert mixture.gain[0] == pytest.approx(exact, abs=4 * mixture.gain[1])
    points = sampling.sample("gmm", cloud, sampling.standard_normal_draws(2000, 4), CONFIG) @ turn.T
    nearest = np.linalg.norm(points[:, None] - centers, axis=2).min(axis=1)
    assert stats.kstest(nearest, stats.chi(4).cdf).statistic < 0.05
    assert "4 normal distributions" in sampling.explain("gmm", cloud, CONFIG)


@pytest.mark.parametrize(
    ("n", "scales", "expected"),
    [
        (10_000, np.ones(100), 32),
        (10_000, np.ones(20), 18),
        (10_000, np.r_[100.0, np.ones(19)], 8),
        (10_000, np.ones(5), 5),
        (100, np.ones(100), 10),
        (4, np.ones(100), 2),
    ],
)
def test_the_mixture_is_on_few_axes(n: int, scales: np.ndarray, expected: int) -> None:
    """Scores of exactly the same variances: columns of an orthogonal matrix where there are more vectors than axes."""
    vectors = np.random.default_rng(0).standard_normal((n, len(scales)))
    if n > len(scales):
        vectors = np.linalg.qr(vectors - vectors.mean(axis=0))[0]
    assert leading(describe(vectors * scales, np.ones(len(scales)))) == expected
