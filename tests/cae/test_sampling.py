from __future__ import annotations

import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cae import sampling
from cae.config import AnalysisConfig, SamplingMethod

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6) * 3).astype(np.float32)


@pytest.fixture(scope="module")
def cloud(vectors: np.ndarray) -> sampling.Cloud:
    return sampling.describe(vectors)


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((200_000, 6))


def test_moments_are_those_of_numpy(vectors: np.ndarray, cloud: sampling.Cloud, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "CHUNK", 999)
    cloud = sampling.describe(vectors)
    exact = vectors.astype(np.float64)
    assert cloud.mean == pytest.approx(exact.mean(axis=0))
    assert cloud.sd == pytest.approx(exact.std(axis=0, ddof=1))
    assert (cloud.axes * cloud.scales**2) @ cloud.axes.T == pytest.approx(np.cov(exact.T))
    assert (np.diff(cloud.scales) <= 0).all()
    assert cloud.rms_radius == pytest.approx(np.sqrt((exact**2).sum(axis=1).mean()))


@pytest.mark.parametrize("s", [0.5, 1.0, 2.0])
def test_mnd_has_the_moments_of_the_data(
    cloud: sampling.Cloud, vectors: np.ndarray, draws: np.ndarray, s: float
) -> None:
    points = sampling.sample("mnd", cloud, draws, AnalysisConfig(mnd_sigma=s)).astype(np.float64)
    covariance = np.cov(vectors.astype(np.float64).T)
    assert points.mean(axis=0) == pytest.approx(cloud.mean, abs=5 * s * cloud.sd.max() / np.sqrt(len(draws)))
    error = np.abs(np.cov(points.T) / s**2 - covariance).max()
    assert error < 6 * cloud.sd.max() ** 2 * np.sqrt(2 / len(draws))


def test_independent_keeps_mean_and_sd_but_no_correlation(cloud: sampling.Cloud, draws: np.ndarray) -> None:
    points = sampling.sample("independent", cloud, draws, CONFIG).astype(np.float64)
    assert points.std(axis=0) == pytest.approx(cloud.sd, rel=0.01)
    correlation = np.corrcoef(points.T) - np.eye(6)
    assert np.abs(correlation).max() < 5 / np.sqrt(len(draws))


def test_uniform_fills_a_cube_with_the_radii_of_the_data(cloud: sampling.Cloud, draws: np.ndarray) -> None:
    points = sampling.sample("uniform", cloud, draws, CONFIG).astype(np.float64)
    b = sampling.cube_half_width(cloud)
    assert np.abs(points).max() <= b * (1 + 1e-6)
    assert np.quantile(points, [0.25, 0.75]) == pytest.approx([-b / 2, b / 2], abs=0.01 * b)
    assert np.sqrt((points**2).sum(axis=1).mean()) == pytest.approx(cloud.rms_radius, rel=0.01)


def test_pca_stays_within_its_sigmas_and_is_mnd_inside(cloud: sampling.Cloud, draws: np.ndarray) -> None:
    few = draws[:500]
    points = sampling.sample("pca", cloud, few, AnalysisConfig(pca_sigma=1.5))
    scores = (points - cloud.mean) @ cloud.axes / cloud.scales
    assert np.abs(scores).max() <= 1.5 + 1e-4
    inside = (np.abs(few) <= 1.5).all(axis=1)
    assert points[inside] == pytest.approx(sampling.sample("mnd", cloud, few, CONFIG)[inside], abs=1e-4)


@pytest.mark.parametrize("method", typing.get_args(SamplingMethod))
def test_every_method_gives_float32_and_explains_itself(cloud: sampling.Cloud, draws: np.ndarray, method) -> None:
    points = sampling.sample(method, cloud, draws[:3], CONFIG)
    assert (points.shape, points.dtype) == ((3, 6), np.float32)
    assert sampling.explain(method, cloud, CONFIG)


def test_an_unknown_method_is_an_error(cloud: sampling.Cloud, draws: np.ndarray) -> None:
    with pytest.raises(ValueError, match="spiral"):
        sampling.sample("spiral", cloud, draws[:3], CONFIG)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=30)
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
