"""A network as a list of plain operations with their weights, for what has no Keras: a browser, say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from cae.registries import ACTIVATIONS


class UnknownOperationError(ValueError):
    """A layer that has no counterpart among the operations."""


@dataclass(frozen=True, eq=False)
class Operation:
    """What one layer computes in use, not in training, of pictures (n, h, w, c) or vectors (n, d), all float32.

    kind, its settings and weights:
        dense, kernel (in, out), bias (out,)
        conv, strides, padding, kernel (h, w, in, out), bias; and conv_transpose, its kernel (h, w, out, in)
        affine, scale and shift (c,): batch normalization by the moving moments
        activation, name, slope of leaky_relu
        upsample, factor: each pixel repeated
        reshape, shape without n
        add
    inputs: numbers of the operations whose outputs it takes, counted from 1; 0 is the network's input.
    """

    kind: str
    inputs: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def operations(network: keras.Model) -> list[Operation]:
    """The network's operations in an order in which each comes after its inputs; the last one gives the output.

    Raises UnknownOperationError for a layer that has no counterpart here.
    """
    if not hasattr(network, "operations"):
        raise UnknownOperationError(f"{type(network).__name__} is written as a class, which shows no layers")
    found: list[Operation] = []
    # Of each tensor the number of the operation that gives it.
    numbers = {id(network.input): 0}
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs = tuple(_number(numbers, tensor) for tensor in _as_list(layer.input))
        for part in _parts(layer):
            found.append(Operation(part.kind, inputs, part.settings, part.weights))
            inputs = (len(found),)
        numbers[id(layer.output)] = inputs[0]
    _number(numbers, network.output)
    return found


def _number(numbers: dict[int, int], tensor: Any) -> int:
    """The number of the operation that gives the tensor. A layer that is used twice shows its first use alone."""
    if id(tensor) not in numbers:
        raise UnknownOperationError("a layer that is used more than once has no counterpart")
    return numbers[id(tensor)]


def _as_list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def _parts(layer: Any) -> list[Operation]:
    """What the layer does, in turn and without inputs; nothing, for one that only training knows."""
    for kind, parts in _LAYERS.items():
        if isinstance(layer, kind):
            return parts(layer)
    raise UnknownOperationError(f"layer {layer.name} ({type(layer).__name__}) has no counterpart")


def _linear(kind: str, layer: Any, **settings: Any) -> list[Operation]:
    kernel, *bias = layer.get_weights()
    count = layer.units if kind == "dense" else layer.filters
    weights = {"kernel": kernel, "bias": bias[0] if bias else np.zeros(count)}
    made = Operation(kind, (), settings, {name: array.astype(np.float32) for name, array in weights.items()})
    return [made, *_activation(layer.activation, layer.name)]


def _convolution(kind: str, layer: Any) -> list[Operation]:
    odd = {
        "dilation": set(layer.dilation_rate) != {1},
        "groups": getattr(layer, "groups", 1) != 1,
        "output_padding": getattr(layer, "output_padding", None) is not None,
        "channels first": layer.data_format != "channels_last",
    }
    if any(odd.values()):
        raise UnknownOperationError(f"layer {layer.name}: {', '.join(name for name in odd if odd[name])} not known")
    return _linear(kind, layer, strides=list(layer.strides), padding=layer.padding)


def _affine(layer: Any) -> list[Operation]:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, gathered."""
    if layer.axis not in (-1, 3):
        raise UnknownOperationError(f"layer {layer.name}: normalization over axis {layer.axis} not known")
    mean, variance = (np.asarray(moment, np.float64) for moment in (layer.moving_mean, layer.moving_variance))
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * np.asarray(layer.gamma, np.float64)
    shift = (np.asarray(layer.beta, np.float64) if layer.center else 0) - mean * scale
    return [Operation("affine", (), {}, {"scale": scale.astype(np.float32), "shift": shift.astype(np.float32)})]


def _activation(function: Any, layer: str) -> list[Operation]:
    name = keras.activations.serialize(function)
    if name == "linear":
        return []
    if not (isinstance(name, str) and ACTIVATIONS.is_builtin(name)):
        raise UnknownOperationError(f"layer {layer}: activation {name} has no counterpart")
    # Keras' function has this slope.
    return [Operation("activation", (), {"name": name} | ({"slope": 0.2} if name == "leaky_relu" else {}))]


def _upsample(layer: Any) -> list[Operation]:
    if len(set(layer.size)) != 1 or layer.interpolation != "nearest":
        raise UnknownOperationError(f"layer {layer.name}: {layer.interpolation} by {layer.size} not known")
    return [Operation("upsample", (), {"factor": layer.size[0]})]


# A layer of ours is an instance of the Keras layer that it computes the same as.
_LAYERS: dict[Any, Callable[[Any], list[Operation]]] = {
    keras.layers.Dense: lambda layer: _linear("dense", layer),
    keras.layers.Conv2DTranspose: lambda layer: _convolution("conv_transpose", layer),
    keras.layers.Conv2D: lambda layer: _convolution("conv", layer),
    keras.layers.BatchNormalization: _affine,
    keras.layers.LeakyReLU: lambda layer: [
        Operation("activation", (), {"name": "leaky_relu", "slope": float(layer.negative_slope)})
    ],
    keras.layers.Activation: lambda layer: _activation(layer.activation, layer.name),
    keras.layers.UpSampling2D: _upsample,
    keras.layers.Reshape: lambda layer: [Operation("reshape", (), {"shape": list(layer.output.shape[1:])})],
    keras.layers.Flatten: lambda layer: [Operation("reshape", (), {"shape": list(layer.output.shape[1:])})],
    keras.layers.Add: lambda layer: [Operation("add", ())],
    keras.layers.Dropout: lambda layer: [],
    keras.layers.Identity: lambda layer: [],
}
