from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from cae.operations import Operation, UnknownOperationError, operations
from cae.registries import ACTIVATIONS

OPERATIONS: dict[str, Callable[..., Any]] = {
    "dense": lambda x, w: keras.ops.matmul(x[0], w["kernel"]) + w["bias"],
    "conv": lambda x, w, strides, padding: keras.ops.conv(x[0], w["kernel"], tuple(strides), padding) + w["bias"],
    "conv_transpose": lambda x, w, strides, padding: (
        keras.ops.conv_transpose(x[0], w["kernel"], tuple(strides), padding) + w["bias"]
    ),
    "affine": lambda x, w: x[0] * w["scale"] + w["shift"],
    "activation": lambda x, w, name, **slope: keras.activations.get(name)(
        x[0], **({"negative_slope": slope["slope"]} if slope else {})
    ),
    "upsample": lambda x, w, factor: keras.ops.repeat(keras.ops.repeat(x[0], factor, 1), factor, 2),
    "reshape": lambda x, w, shape: keras.ops.reshape(x[0], (-1, *shape)),
    "add": lambda x, w: x[0] + x[1],
}


def computed(described: list[Operation], vectors: np.ndarray) -> np.ndarray:
    """What the operations make of vectors, step by step."""
    values: list[Any] = [vectors]
    for step in described:
        inputs = [values[number] for number in step.inputs]
        values.append(OPERATIONS[step.kind](inputs, step.weights, **step.settings))
    return np.asarray(keras.ops.convert_to_numpy(values[-1]))


def shaken(network: keras.Model) -> keras.Model:
    """With biases, scales and moving averages that are none of those a network starts with; kernels stay, so that the
    pictures stay off black and white."""
    rng = np.random.default_rng(1)
    for layer in network.layers:
        moved = [w if w.ndim > 1 else np.abs(w + 0.3 * rng.standard_normal(w.shape)) for w in layer.get_weights()]
        layer.set_weights([weight.astype("float32") for weight in moved])
    return network


@pytest.fixture(autouse=True)
def _the_same_kernels() -> None:
    keras.utils.set_random_seed(0)


NETWORKS = [
    *({"activation": name} for name in ACTIVATIONS.builtin),
    {"batch_norm": True},
    {"resampling": "pooling"},
    {"blocks": 3, "residual": True, "batch_norm": True},
    {"blocks": 2, "resampling": "pooling", "residual": True},
    {"dense": [24, 12], "dropout": 0.2, "activation": "tanh"},
    {"kernel_size": 5},
    {"decoder_l2": 0.1},
]


@pytest.mark.parametrize("settings", NETWORKS, ids=str)
def test_the_operations_of_a_decoder_make_its_pictures(settings: dict[str, Any]) -> None:
    decoder = shaken(build_autoencoder(ModelConfig(maps=[8, 16], latent_dim=6, **settings), 16).decoder)
    vectors = np.random.default_rng(0).standard_normal((3, 6)).astype("float32")
    expected = decoder.predict_on_batch(vectors)
    assert np.ptp(expected) > 0.01
    assert computed(operations(decoder), vectors) == pytest.approx(expected, abs=2e-5)


def test_those_of_keras_own_layers_as_well() -> None:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(48, activation="relu", use_bias=False)(inputs)
    x = keras.layers.Identity()(keras.layers.Reshape((4, 4, 3))(x))
    x = keras.layers.Conv2DTranspose(4, 3, strides=2, padding="valid", activation="leaky_relu")(x)
    x = keras.layers.BatchNormalization(center=False, scale=False)(x)
    x = keras.layers.Dense(2)(keras.layers.Flatten()(x))
    network = shaken(keras.Model(inputs, x))
    vectors = np.random.default_rng(0).standard_normal((3, 6)).astype("float32")
    assert computed(operations(network), vectors) == pytest.approx(network.predict_on_batch(vectors), rel=1e-4)


def double(x: Any) -> Any:
    return 2 * x


class Written(keras.Model):
    """Without a graph of layers."""

    def call(self, inputs: Any) -> Any:
        return inputs


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (keras.layers.LayerNormalization(name="norm"), r"layer norm \(LayerNormalization\) has no counterpart"),
        (keras.layers.Activation(double, name="own"), "layer own: activation .*double.* has no counterpart"),
        (keras.layers.Conv2D(3, 3, dilation_rate=2, name="far"), "layer far: dilation not known"),
        (keras.layers.Conv2D(6, 3, groups=3, name="apart"), "layer apart: groups not known"),
        (keras.layers.UpSampling2D(2, interpolation="bilinear", name="up"), "layer up: bilinear by"),
        (keras.layers.BatchNormalization(axis=1, name="rows"), "layer rows: normalization over axis 1 not known"),
    ],
)
def test_what_has_no_counterpart_is_named(layer: keras.Layer, told: str) -> None:
    inputs = keras.Input((8, 8, 3))
    with pytest.raises(UnknownOperationError, match=told):
        operations(keras.Model(inputs, layer(inputs)))


@pytest.mark.parametrize("then", [[], [keras.layers.Activation("relu")]])
def test_a_layer_that_is_used_twice_is_refused(then: list[keras.Layer]) -> None:
    inputs, twice = keras.Input((4,)), keras.layers.Dense(4)
    outputs = twice(twice(inputs))
    for layer in then:
        outputs = layer(outputs)
    with pytest.raises(UnknownOperationError, match="used more than once"):
        operations(keras.Model(inputs, outputs))


def test_a_model_without_a_graph_is_none() -> None:
    with pytest.raises(UnknownOperationError, match="Written is written as a class"):
        operations(Written())
