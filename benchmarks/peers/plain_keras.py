"""The best loop of plain Keras layers, losses and optimizer: batch by batch, uint8 to the model, without XLA."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.peers.work import KERNEL, LATENT_DIM, LEARNING_RATE, MAPS, MOMENTUM, SLOPE, Contender, Work


def network(work: Work, maps: tuple[int, ...] = MAPS, latent_dim: int = LATENT_DIM) -> keras.Model:
    """Compiled; weights in the order of `cae.model.Autoencoder.model`."""
    dtype = "float32" if work.precision == "float32" else "mixed_bfloat16"
    convolution: dict[str, Any] = {"kernel_size": KERNEL, "strides": 2, "padding": "same", "dtype": dtype}

    def activated(x: Any) -> Any:
        x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
        return layers.BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x) if work.batch_norm else x

    images = keras.Input((work.resolution, work.resolution, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255, dtype="float32")(images)
    for filters in maps:
        x = activated(layers.Conv2D(filters, **convolution)(x))
    x = layers.Dense(latent_dim, dtype="float32")(layers.Flatten(dtype=dtype)(x))
    side = work.resolution // 2 ** len(maps)
    x = layers.Dense(side * side * maps[-1], dtype=dtype)(x)
    x = layers.Reshape((side, side, maps[-1]), dtype=dtype)(x)
    for filters in reversed(maps[:-1]):
        x = activated(layers.Conv2DTranspose(filters, **convolution)(x))
    x = layers.Conv2DTranspose(3, **convolution)(x)
    model = keras.Model(images, layers.Activation("sigmoid", dtype="float32")(x))
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=_loss, jit_compile=False)
    return model


def _loss(pixels: Any, pictures: Any) -> Any:
    return keras.ops.mean(keras.losses.binary_crossentropy(keras.ops.cast(pixels, "float32") / 255.0, pictures))


def contender(work: Work) -> Contender:
    from benchmarks.peers.counting import operations  # of TensorFlow

    keras.utils.set_random_seed(0)
    model = network(work)

    def step(batch: np.ndarray) -> float:
        pixels = keras.ops.convert_to_tensor(batch)
        return float(model.train_on_batch(pixels, pixels))

    return Contender(step, model.count_params(), partial(operations, model))
