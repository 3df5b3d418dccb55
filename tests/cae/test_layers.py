from __future__ import annotations

import typing

import keras
import numpy as np
import pytest

from cae.config import Activation
from cae.layers import BatchNorm, activation


@pytest.mark.parametrize("kind", typing.get_args(Activation))
def test_every_activation_is_a_layer(kind: str) -> None:
    values = np.linspace(-3, 3, 13, dtype=np.float32)
    out = keras.ops.convert_to_numpy(activation(kind, 0.3)(values))
    assert out.shape == values.shape
    assert np.isfinite(out).all()
    if kind not in ("leaky_relu",):
        assert out == pytest.approx(keras.ops.convert_to_numpy(keras.activations.get(kind)(values)))


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
