from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.layers import BatchNorm, LeakyReLU, PictureTranspose, Posterior, activation, gradients, kl_divergence
from cae.registries import ACTIVATIONS


@pytest.mark.parametrize("kind", tuple(ACTIVATIONS.builtin))
def test_every_activation_is_a_layer(kind: str) -> None:
    values = np.linspace(-3, 3, 13, dtype=np.float32)
    out = keras.ops.convert_to_numpy(activation(kind, 0.3)(values))
    assert out.shape == values.shape
    assert np.isfinite(out).all()
    if kind not in ("leaky_relu",):
        assert out == pytest.approx(keras.ops.convert_to_numpy(keras.activations.get(kind)(values)))


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_leaky_relu_and_its_gradient_are_keras(slope: float) -> None:
    values = keras.Variable(np.float32([-2, -1e-30, 0, 1e-30, 3]))
    weights = np.float32([1, 2, 3, 4, 5])
    ours, theirs = LeakyReLU(negative_slope=slope), keras.layers.LeakyReLU(negative_slope=slope)
    assert np.array_equal(ours(values), theirs(values))
    changes = [gradients(lambda of=layer: keras.ops.sum(of(values) * weights), [values]) for layer in (ours, theirs)]
    assert np.array_equal(*changes)


@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_a_picture_and_its_gradients_are_keras(kernel: int) -> None:
    inputs = np.random.default_rng(0).standard_normal((4, 6, 6, 5)).astype(np.float32)
    kinds = [kind(3, kernel, strides=2, padding="same") for kind in (PictureTranspose, keras.layers.Conv2DTranspose)]
    for layer in kinds:
        layer.build(inputs.shape)
    kinds[0].set_weights([kinds[1].get_weights()[0], np.float32([1, -2, 3])])
    kinds[1].set_weights(kinds[0].get_weights())
    ours, theirs = (np.asarray(layer(inputs)) for layer in kinds)
    assert ours == pytest.approx(theirs, abs=1e-6)
    changes = [gradients(lambda of=layer: keras.ops.sum(of(inputs) ** 2), layer.trainable_variables) for layer in kinds]
    for ours, theirs in zip(*changes, strict=True):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 0.02)])
def test_fused_batch_norm_is_keras_batch_norm(dtype: str, tolerance: float) -> None:
    fused, plain = (kind(momentum=0.9, dtype=dtype) for kind in (BatchNorm, keras.layers.BatchNormalization))
    images = np.random.default_rng(0).normal(3, 2, (16, 6, 6, 4)).astype(np.float32)
    for training in (True, True, False):
        ours, theirs = (np.asarray(layer(images, training=training), np.float32) for layer in (fused, plain))
        assert ours == pytest.approx(theirs, abs=tolerance)
    for ours, theirs in zip(fused.weights, plain.weights, strict=True):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), abs=1e-4)


def test_batch_norm_keeps_its_averages_outside_training_and_when_frozen() -> None:
    layer = BatchNorm()
    images = np.random.default_rng(0).normal(3, 2, (4, 6, 6, 4)).astype(np.float32)
    layer(images)
    layer.trainable = False
    layer(images, training=True)
    assert np.array_equal(layer.moving_mean, np.zeros(4))


# Of N(1, 1): mean^2 / 2. Of N(0, e): (e - 1 - 1) / 2. Of N(0, 1/4): (1/4 - 1 + ln 4) / 2.
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
    draws = []
    for seed in (1, 1, 2):
        layer.reseed(7, seed)
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
