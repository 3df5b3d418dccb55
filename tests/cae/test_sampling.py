from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cae import sampling
from cae.config import AnalysisConfig
from cae.latent_distribution import LatentDistribution, describe
from cae.registries import GENERATORS

CONFIG = AnalysisConfig()
METHODS = tuple(GENERATORS.builtin)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6) * 3).astype(np.float32)


@pytest.fixture(scope="module")
def cloud(vectors: np.ndarray) -> LatentDistribution:
    return describe(vectors, np.arange(1.0, 7.0))


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((200_000, 6))


@pytest.mark.parametrize("s", [0.5, 1.0, 2.0])
def test_mnd_has_the_moments_of_the_data(
    cloud: LatentDistribution, vectors: np.ndarray, draws: np.ndarray, s: float
) -> None:
    points = sampling.sample("mnd", cloud, draws, AnalysisConfig(mnd_sigma=s)).astype(np.float64)
    covariance = np.cov(vectors.astype(np.float64).T)
    assert points.mean(axis=0) == pytest.approx(cloud.mean, abs=5 * s * cloud.sd.max() / np.sqrt(len(draws)))
    error = np.abs(np.cov(points.T) / s**2 - covariance).max()
    assert error < 6 * cloud.sd.max() ** 2 * np.sqrt(2 / len(draws))


def test_independent_keeps_mean_and_sd_but_no_correlation(cloud: LatentDistribution, draws: np.ndarray) -> None:
    points = sampling.sample("independent", cloud, draws, CONFIG).astype(np.float64)
    assert points.std(axis=0) == pytest.approx(cloud.sd, rel=0.01)
    correlation = np.corrcoef(points.T) - np.eye(6)
    assert np.abs(correlation).max() < 5 / np.sqrt(len(draws))


def test_uniform_fills_a_cube_with_the_radii_of_the_data(cloud: LatentDistribution, draws: np.ndarray) -> None:
    points = sampling.sample("uniform", cloud, draws, CONFIG).astype(np.float64)
    b = sampling.cube_half_width(cloud)
    assert np.abs(points).max() <= b * (1 + 1e-6)
    assert np.quantile(points, [0.25, 0.75]) == pytest.approx([-b / 2, b / 2], abs=0.01 * b)
    assert np.sqrt((points**2).sum(axis=1).mean()) == pytest.approx(cloud.rms_radius, rel=0.01)


def test_pca_stays_within_its_sigmas_and_is_mnd_inside(cloud: LatentDistribution, draws: np.ndarray) -> None:
    few = draws[:500]
    points = sampling.sample("pca", cloud, few, AnalysisConfig(pca_sigma=1.5))
    scores = (points - cloud.mean) @ cloud.axes / cloud.scales
    assert np.abs(scores).max() <= 1.5 + 1e-4
    inside = (np.abs(few) <= 1.5).all(axis=1)
    assert points[inside] == pytest.approx(sampling.sample("mnd", cloud, few, CONFIG)[inside], abs=1e-4)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_interval_is_uniform_around_the_mean(cloud: LatentDistribution, draws: np.ndarray, factor: float) -> None:
    points = sampling.sample("interval", cloud, draws, AnalysisConfig(interval_factor=factor)).astype(np.float64)
    unit = (points - cloud.mean) / (factor * cloud.half_widths)
    assert np.abs(unit).max() <= 1 + 1e-5
    for component in unit.T:
        # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times.
        assert stats.kstest(component, stats.uniform(-1, 2).cdf).statistic < 1.95 / np.sqrt(len(draws))


def test_elliptical_has_the_directions_of_mnd_and_the_radii_of_the_data(draws: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    # Elliptical, but far from normal: t with 5 degrees of freedom.
    data = rng.normal(size=(5000, 6)) @ rng.normal(size=(6, 6)) / np.sqrt(rng.chisquare(5, (5000, 1)) / 5) + 2
    cloud = describe(data, np.ones(6))
    points = sampling.sample("elliptical", cloud, draws, CONFIG)
    mnd = sampling.sample("mnd", cloud, draws, CONFIG)
    a, b = points[:1000] - cloud.mean, mnd[:1000] - cloud.mean
    cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosine == pytest.approx(1, abs=1e-6)
    inverse = np.linalg.inv(np.cov(data.T))
    own, drawn = (
        np.sqrt(np.einsum("ni,ij,nj->n", centered, inverse, centered))
        for centered in (data - cloud.mean, points - cloud.mean)
    )
    # Interpolation is off by at most 1/1000 between two quantiles, the drawn points by their sampling error.
    assert stats.ks_2samp(own, drawn).statistic < 1e-3 + 1.95 / np.sqrt(len(draws))
    assert drawn.max() <= own.max() * (1 + 1e-5)


def test_elliptical_is_mnd_where_the_data_are_normal(cloud: LatentDistribution, draws: np.ndarray) -> None:
    ranks = np.linspace(0, 1, len(cloud.radii))
    normal = replace(cloud, radii=stats.chi(6).ppf(np.clip(ranks, 0, 1 - 1e-9)))
    few = draws[:2000]
    rank = stats.chi2.cdf((few**2).sum(axis=1), 6)
    inside = few[(rank > 0.05) & (rank < 0.95)]
    expected = sampling.sample("mnd", cloud, inside, CONFIG)
    # Between quantiles h = 1e-3 apart radii are off by at most h^2 / 8 times the quantile function's second derivative,
    # which is below 128 there.
    tolerance = 128 / 8 * 1e-6 * cloud.scales[0]
    assert sampling.sample("elliptical", normal, inside, CONFIG) == pytest.approx(expected, rel=1e-6, abs=tolerance)


def test_axes_without_scale_change_no_other(cloud: LatentDistribution, vectors: np.ndarray, draws: np.ndarray) -> None:
    longer = describe(np.column_stack([vectors, vectors[:, 0] - vectors[:, 1]]), np.ones(7))
    more = np.column_stack([draws[:50], np.full(50, 1e3)])
    points = sampling.sample("elliptical", longer, more, CONFIG)
    assert points[:, 6] == pytest.approx(points[:, 0] - points[:, 1], abs=1e-3)
    scores = (points - longer.mean) @ longer.axes[:, :6] / longer.scales[:6]
    assert np.linalg.norm(scores, axis=1).max() <= longer.radii[-1] * (1 + 1e-3)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "uniform"])
def test_identical_vectors_are_all_there_is_to_draw(draws: np.ndarray, method) -> None:
    same = describe(np.full((10, 6), 0.3, np.float32), np.zeros(6))
    assert sampling.sample(method, same, draws[:5], CONFIG) == pytest.approx(np.float32(0.3))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_float32_and_explains_itself(cloud: LatentDistribution, draws: np.ndarray, method) -> None:
    points = sampling.sample(method, cloud, draws[:3], CONFIG)
    assert (points.shape, points.dtype) == ((3, 6), np.float32)
    assert sampling.explain(method, cloud, CONFIG)


def test_an_unknown_method_is_an_error(cloud: LatentDistribution, draws: np.ndarray) -> None:
    with pytest.raises(ValueError, match="spiral"):
        sampling.sample("spiral", cloud, draws[:3], CONFIG)  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 40), st.integers(1, 40))
def test_all_runs_share_their_draws(few: int, more: int, narrow: int, wide: int) -> None:
    small = sampling.standard_normal_draws(few, narrow)
    large = sampling.standard_normal_draws(few + more, narrow + wide)
    assert np.array_equal(small, large[:few, :narrow])


def test_draws_are_standard_normal() -> None:
    draws = sampling.standard_normal_draws(400, 500)
    assert abs(draws.mean()) < 5 / np.sqrt(draws.size)
    assert abs(draws.std() - 1) < 5 / np.sqrt(2 * draws.size)
    assert np.abs(np.corrcoef(draws) - np.eye(400)).max() < 6 / np.sqrt(500)
