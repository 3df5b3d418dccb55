from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.latent_layers import Posterior, Regularizer, kl_divergence, reseed
from cae.penalties import squared_norm


@pytest.mark.parametrize(
    ("mean", "log_variance", "nats"),
    [
        ([0, 0], [0, 0], 0.0),
        ([1, 0], [0, 0], 0.5),
        ([0, 0], [1, 0], 0.5 * (np.e - 2)),
        ([0, 0], [0, -np.log(4)], 0.5 * (0.25 - 1 + np.log(4))),
        ([1, -2], [1, 0], 0.5 * (np.e - 2) + 2.5),
    ],
)
def test_divergence_from_the_standard_normal(mean: list[float], log_variance: list[float], nats: float) -> None:
    found = kl_divergence(np.float32([mean]), np.float32([log_variance]))
    assert keras.ops.convert_to_numpy(found) == pytest.approx([nats], abs=1e-6)


def test_divergence_is_the_integral_it_stands_for() -> None:
    """The mean of log q - log p over draws from q, within 4 of its standard errors."""
    mean, log_variance = np.array([0.7, -1.2]), np.array([-0.5, 0.4])
    noise = np.random.default_rng(0).standard_normal((100_000, 2))
    points = mean + np.exp(log_variance / 2) * noise
    ratios = 0.5 * (points**2 - noise**2 - log_variance).sum(axis=1)
    exact = float(kl_divergence(np.float32([mean]), np.float32([log_variance]))[0])
    assert ratios.mean() == pytest.approx(exact, abs=4 * ratios.std() / np.sqrt(len(ratios)))


def test_posterior_is_sampled_in_training_alone() -> None:
    layer = Posterior(kl_scale=0.01)
    mean, log_variance = np.full((20_000, 2), 3, np.float32), np.full((20_000, 2), np.log(4), np.float32)
    assert np.array_equal(layer([mean, log_variance]), mean)
    draws = keras.ops.convert_to_numpy(layer([mean, log_variance], training=True))
    # Standard errors: 2 / sqrt(20,000) of the mean, a sqrt(2)-th of it of the sd.
    assert draws.mean(axis=0) == pytest.approx([3, 3], abs=4 * 0.0142)
    assert draws.std(axis=0) == pytest.approx([2, 2], abs=4 * 0.01)
    assert abs(np.corrcoef(draws.T)[0, 1]) < 4 * 0.0071


def test_posterior_draws_anew_at_every_call_and_the_same_after_the_same_seed() -> None:
    layer = Posterior(kl_scale=0.01)
    inputs = [np.zeros((5, 2), np.float32)] * 2
    symbols = [keras.Input((2,)), keras.Input((2,))]
    model, draws = keras.Model(symbols, layer(symbols)), []
    for seed in (1, 1, 2):
        reseed(model, 7, seed)
        draws += [np.asarray(layer(inputs, training=True)), np.asarray(layer(inputs, training=True))]
    assert np.array_equal(draws[:2], draws[2:4])
    assert not np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[2], draws[4])


def test_posterior_adds_the_divergence_to_the_loss() -> None:
    layer = Posterior(kl_scale=0.01)
    for training in (True, False):
        layer([np.ones((4, 3), np.float32), np.zeros((4, 3), np.float32)], training=training)
        (loss,) = layer.losses
        assert float(loss) == pytest.approx(0.01 * 3 * 0.5)
        layer._clear_losses()


def test_a_regularizer_changes_nothing_but_the_loss() -> None:
    layer = Regularizer("l2", 0.01)
    vectors = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    for training in (True, False):
        assert np.array_equal(layer(vectors, training=training), vectors)
        (loss,) = layer.losses
        assert float(loss) == pytest.approx(0.01 * float(squared_norm(vectors)))
        layer._clear_losses()


def test_every_layer_draws_its_own_numbers_and_the_same_after_the_same_seed() -> None:
    inputs = x = keras.Input((1_000,))
    inner = keras.Sequential([keras.Input((1_000,)), keras.layers.Dropout(0.5)])
    model = keras.Model(inputs, [keras.layers.Dropout(0.5)(x), inner(x)])
    ones, kept = np.ones((1, 1_000), np.float32), []
    for seed in (1, 1, 2):
        reseed(model, 7, seed)
        kept.append(np.array([np.asarray(y)[0] > 0 for y in model(ones, training=True)]))
    assert np.array_equal(kept[0], kept[1])
    assert not np.array_equal(kept[0], kept[2])
    assert abs(np.corrcoef(kept[0])[0, 1]) < 4 / np.sqrt(1_000)
