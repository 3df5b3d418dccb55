from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cae import sampling
from cae.config import AnalysisConfig
from cae.generators.copula import fitted, normal_scores
from cae.latent_distribution import describe

CONFIG = AnalysisConfig()
RARE = 1.95


@pytest.fixture(scope="module")
def skewed() -> np.ndarray:
    """A Gaussian copula with exponential, uniform, heavy-tailed and two-peaked components."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4000, 4)) @ rng.normal(size=(4, 4))
    u = stats.norm.cdf(z / z.std(axis=0))
    return np.column_stack([-np.log1p(-u[:, 0]), u[:, 1], stats.t(3).ppf(u[:, 2]), np.cbrt(u[:, 3] - 0.5)])


def test_normal_scores_are_quantiles_of_ranks() -> None:
    vectors = np.array([[3.0, 1], [1, 1], [2, 1], [2, 1]])
    expected = stats.norm.ppf(np.array([4, 1, 2.5, 2.5]) / 5)
    scores = normal_scores(vectors)
    assert scores[:, 0] == pytest.approx(expected, abs=1e-6)
    assert scores[:, 1] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("n", [4000, 4, 3])
def test_the_factor_gives_the_correlation_of_the_normal_scores(skewed: np.ndarray, n: int) -> None:
    vectors = skewed[:n]
    factor = fitted(describe(vectors, np.ones(4))).factor
    scores = stats.norm.ppf(stats.rankdata(vectors, axis=0) / (n + 1))
    assert factor @ factor.T == pytest.approx(np.corrcoef(scores.T), abs=1e-5)


def test_no_other_factor_is_nearer_to_that_of_mnd(skewed: np.ndarray) -> None:
    cloud = describe(skewed, np.ones(4))
    factor, own = fitted(cloud).factor, cloud.axes * cloud.scales / cloud.sd[:, None]
    least, rng = np.linalg.norm(factor - own), np.random.default_rng(0)
    for size in (1e-3, 0.1, 10):
        for _ in range(20):
            turn = np.linalg.qr(np.eye(4) + size * rng.normal(size=(4, 4)))[0]
            turn *= np.sign(np.diag(turn))
            assert np.linalg.norm(factor @ turn - own) >= least
    assert least < 0.5 * np.linalg.norm(np.linalg.cholesky(factor @ factor.T) - own)


def test_components_have_the_datas_distributions(skewed: np.ndarray) -> None:
    cloud = describe(skewed, np.ones(4))
    draws = np.random.default_rng(2).standard_normal((50_000, 4))
    points = sampling.sample("copula", cloud, draws, CONFIG)
    for own, data in zip(points.T, skewed.T, strict=True):
        # The data's quantiles stand at rank / (n + 1), an empirical distribution steps by 1 / n.
        assert stats.ks_2samp(own, data).statistic < RARE / np.sqrt(len(draws)) + 1 / len(data)
        assert data.min() - 1e-5 <= own.min() <= own.max() <= data.max() + 1e-5
    assert stats.spearmanr(points)[0] == pytest.approx(stats.spearmanr(skewed)[0], abs=0.03)


def test_normal_vectors_have_the_points_of_mnd() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(50_000, 6)) @ rng.normal(size=(6, 6)) + 2
    cloud, draws = describe(vectors, np.ones(6)), sampling.standard_normal_draws(400, 6)
    copula, mnd = (sampling.sample(name, cloud, draws, CONFIG) for name in ("copula", "mnd"))
    # Quantiles and correlations of 50,000 vectors are known to a hundredth of an sd, but for the tails.
    assert np.sqrt(np.mean(((copula - mnd) / cloud.sd) ** 2)) < 0.02


def test_people_stay_who_they_are_in_mnd(skewed: np.ndarray) -> None:
    cloud, draws = describe(skewed, np.ones(4)), sampling.standard_normal_draws(400, 4)
    copula, mnd = (sampling.sample(name, cloud, draws, CONFIG) for name in ("copula", "mnd"))
    for own, normal in zip(copula.T, mnd.T, strict=True):
        # Of another factor of the same correlations, turned at random, it would be 0 on average.
        assert stats.spearmanr(own, normal)[0] > 0.9


def test_a_component_that_others_determine_follows_them() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(20_000, 3))
    longer = np.column_stack([vectors, vectors[:, 0] - vectors[:, 1]])
    cloud = describe(longer, np.ones(4))
    points = sampling.sample("copula", cloud, sampling.standard_normal_draws(300, 4), CONFIG)
    assert points[:, 3] == pytest.approx(points[:, 0] - points[:, 1], abs=0.15)
