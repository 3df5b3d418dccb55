"""An autoencoder with residual blocks, and an activation of its own."""

from __future__ import annotations

from typing import Any

import keras

from cae.config import ModelConfig
from cae.layers import activation
from cae.model import Autoencoder, autoencoder


def snake(x: Any) -> Any:
    """x + sin(x)^2 (Ziyin, Hartwig and Ueda 2020)."""
    return x + keras.ops.sin(x) ** 2


@keras.saving.register_keras_serializable(package="mylab")
class Scale(keras.layers.Layer):
    """Multiplies by one trained number, so that a block starts as the identity."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(), initializer="zeros", name="scale")

    def call(self, x: Any) -> Any:
        return self.scale * x


def residual(config: ModelConfig, resolution: int, precision: str) -> Autoencoder:
    """Each stage of `maps` is a strided convolution and a residual block of two more; the decoder mirrors it."""
    dtype = "float32" if precision == "float32" else "mixed_bfloat16"
    images = keras.Input((resolution, resolution, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255, dtype="float32")(images)
    for maps in config.maps:
        x = _block(keras.layers.Conv2D(maps, 3, 2, "same", dtype=dtype)(x), maps, config, dtype)
    latents = keras.layers.Dense(config.latent_dim, dtype="float32")(keras.layers.Flatten(dtype=dtype)(x))

    side = resolution // 2 ** len(config.maps)
    points = keras.Input((config.latent_dim,))
    y = keras.layers.Dense(side * side * config.maps[-1], dtype=dtype)(points)
    y = keras.layers.Reshape((side, side, config.maps[-1]))(y)
    for maps in reversed(config.maps):
        y = _block(keras.layers.Conv2DTranspose(maps, 3, 2, "same", dtype=dtype)(y), maps, config, dtype)
    logits = keras.layers.Conv2D(3, 3, padding="same", dtype="float32")(y)
    return autoencoder(keras.Model(images, latents), keras.Model(points, logits))


def _block(x: Any, maps: int, config: ModelConfig, dtype: str) -> Any:
    kind = {"kind": config.activation, "negative_slope": config.negative_slope, "dtype": dtype}
    y = activation(**kind)(x)
    y = keras.layers.Conv2D(maps, 3, padding="same", dtype=dtype)(y)
    y = activation(**kind)(y)
    y = Scale(dtype=dtype)(keras.layers.Conv2D(maps, 3, padding="same", dtype=dtype)(y))
    return keras.layers.Add(dtype=dtype)([x, y])
