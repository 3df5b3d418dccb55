from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.layers import BatchNorm, LeakyReLU, PictureTranspose, activation, gradients
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
