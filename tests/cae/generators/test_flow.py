from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import keras
import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from cae import sampling
from cae.config import AnalysisConfig
from cae.generators.couplings import Flow
from cae.generators.flow import fitted
from cae.latent_distribution import LatentDistribution, describe

CONFIG = AnalysisConfig()
BEND = 1.0


def banana(n: int, rng: np.random.Generator) -> np.ndarray:
    a, b = rng.standard_normal((2, n))
    return np.column_stack([a, b + BEND * a**2])


def student(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((n, 6)) / np.sqrt(rng.chisquare(4, (n, 1)) / 4)


@cache
def cloud_of(make: Callable[[int, np.random.Generator], np.ndarray], n: int = 3000) -> LatentDistribution:
    vectors = make(n, np.random.default_rng(1))
    return describe(vectors, np.ones(vectors.shape[1]))


@pytest.fixture
def turned() -> Flow:
    """A flow with weights that no training gave it."""
    flow, rng = Flow(3), np.random.default_rng(0)
    flow.set_weights([rng.normal(size=weight.shape) * 0.3 for weight in flow.get_weights()])
    return flow


@pytest.mark.parametrize("dimensions", [2, 5])
def test_an_untrained_flow_moves_nothing(dimensions: int) -> None:
    noise = np.random.default_rng(0).standard_normal((20, dimensions)).astype(np.float32)
    flow = Flow(dimensions)
    assert np.array_equal(keras.ops.convert_to_numpy(flow.inverse(noise)), noise)
    own = keras.ops.convert_to_numpy(flow.log_likelihood(noise))
    assert own == pytest.approx(-np.square(noise).sum(axis=1) / 2, rel=1e-5)


def test_what_is_drawn_has_the_likelihood_that_was_trained(turned: Flow) -> None:
    """log p(x) is that of the noise less the logarithm of how the inverse stretches volumes, here by differences."""
    noise = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    step = 1e-2
    points = keras.ops.convert_to_numpy(turned.inverse(noise))
    assert np.abs(points - noise).max() > 0.1
    own = keras.ops.convert_to_numpy(turned.log_likelihood(points))
    for z, likelihood in zip(noise, own, strict=True):
        ends = [keras.ops.convert_to_numpy(turned.inverse(z + s * step * np.eye(3, dtype="f4"))) for s in (1, -1)]
        stretch = np.linalg.slogdet((ends[0] - ends[1]) / (2 * step))[1]
        assert likelihood == pytest.approx(-np.square(z).sum() / 2 - stretch, abs=0.02)


def test_every_coordinate_can_be_moved(turned: Flow) -> None:
    noise = np.random.default_rng(2).standard_normal((9, 3)).astype(np.float32)
    assert (np.abs(keras.ops.convert_to_numpy(turned.inverse(noise)) - noise).max(axis=0) > 0.05).all()


def sliced_wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    """Mean Wasserstein-1 distance over 30 directions."""
    directions = np.random.default_rng(0).normal(size=(30, a.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return float(np.mean([wasserstein_distance(a @ u, b @ u) for u in directions]))


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("make", [banana, student])
def test_points_are_nearer_to_the_truth_than_those_of_mnd(make: Callable[..., np.ndarray]) -> None:
    cloud, truth = cloud_of(make), make(20_000, np.random.default_rng(2))
    draws = np.random.default_rng(3).standard_normal((20_000, truth.shape[1]))
    flow, mnd = (sliced_wasserstein(sampling.sample(name, cloud, draws, CONFIG), truth) for name in ("flow", "mnd"))
    assert flow < mnd / 2
    assert "nats per component" in sampling.explain("flow", cloud, CONFIG)


@pytest.mark.slow
def test_what_was_learned_of_a_banana_is_nearly_all_there_is() -> None:
    """(a, b + c a^2) has the entropy of (a, b); the normal of its covariance, diag(1, 1 + 2 c^2), has more."""
    exact = np.log(1 + 2 * BEND**2) / 4
    learned = fitted(cloud_of(banana))
    assert exact - 4 * learned.gain[1] - 0.02 < learned.gain[0] < exact + 4 * learned.gain[1]


def test_of_a_normal_cloud_little_is_learned() -> None:
    cloud = cloud_of(lambda n, rng: rng.standard_normal((n, 6)) @ rng.normal(size=(6, 6)))
    draws = sampling.standard_normal_draws(300, 6)
    flow, mnd = (sampling.sample(name, cloud, draws, CONFIG) for name in ("flow", "mnd"))
    scores = (flow - mnd) @ cloud.axes / cloud.scales
    assert np.sqrt(np.mean(scores**2)) < 0.1
    assert fitted(cloud).gain[0] < 0.005


def test_a_fit_leaves_random_states_and_names_as_they_were() -> None:
    def numbers() -> list[float]:
        drawn = keras.ops.convert_to_numpy(keras.random.uniform((1,)))
        return [random.random(), float(np.random.rand()), float(drawn[0])]  # noqa: NPY002

    def state(fit: bool) -> list[float]:
        keras.utils.set_random_seed(5)
        if fit:
            fitted(cloud_of(banana, 60))
        return numbers()

    name = keras.layers.Dense(1).name
    assert state(fit=False) == state(fit=True)
    number = int(name.rpartition("_")[2]) if "_" in name else 0
    assert keras.layers.Dense(1).name == f"dense_{number + 1}"
