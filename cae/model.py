"""The convolutional autoencoder: strided convolutions, one linear latent layer, mirrored transposed convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from cae.config import ModelConfig, RunConfig, load_plugins
from cae.layers import MOMENTUM, BatchNorm, PictureTranspose, Posterior, activation, plugged_activation
from cae.plugins import PluginError
from cae.registries import ACTIVATIONS, MODELS

CHANNELS = 3


@dataclass(frozen=True)
class Autoencoder:
    """encoder: uint8 (n, h, w, 3) -> float32 (n, latent_dim); decoder: back to float32 (n, h, w, 3) in [0, 1].

    `model` is both in a row and shares their weights; it ends before the sigmoid, with the pictures' logits, of which
    the losses are computed. With kl_weight > 0 the encoder gives the means of the images' posterior normal
    distributions, and in training a random point of each.
    """

    encoder: keras.Model
    decoder: keras.Model
    model: keras.Model


def autoencoder(encoder: keras.Model, to_logits: keras.Model) -> Autoencoder:
    """Both halves as one network: what a builder gives.

    encoder: uint8 (n, h, w, 3) to float32 (n, latent_dim). to_logits: from there to the pictures' logits (n, h, w, 3).
    """
    pictures = keras.layers.Activation("sigmoid", dtype="float32", name="pictures")(to_logits.output)
    decoder = keras.Model(to_logits.input, pictures, name="decoder")
    return Autoencoder(encoder, decoder, keras.Model(encoder.input, to_logits(encoder.output), name="autoencoder"))


def build(config: ModelConfig, resolution: int, precision: str = "float32") -> Autoencoder:
    """An untrained autoencoder by the configuration's builder. Raises PluginError where it gives something else."""
    made = MODELS.load(config.builder)(config, resolution, precision)
    if not isinstance(made, Autoencoder):
        raise PluginError(f"{config.builder}: gives {type(made).__name__}, not a cae.model.Autoencoder")
    square, point = (None, resolution, resolution, CHANNELS), (None, config.latent_dim)
    for part, shapes in (("encoder", (square, point)), ("decoder", (point, square)), ("model", (square, square))):
        network = getattr(made, part)
        if (network.input_shape, network.output_shape) != shapes:
            has = f"{network.input_shape} to {network.output_shape}"
            raise PluginError(f"{config.builder}: its {part} goes from {has}, not from {shapes[0]} to {shapes[1]}")
    return made


def build_autoencoder(config: ModelConfig, resolution: int, precision: str = "float32") -> Autoencoder:
    """An untrained autoencoder for square images of `resolution` pixels, a multiple of 2^layers.

    precision: "float32", or "bfloat16" for the convolutions' arithmetic; weights, latent vectors and pictures are
    float32 in both.
    """
    dtype = "float32" if precision == "float32" else "mixed_bfloat16"
    encoder = _encoder(config, resolution, dtype)
    return autoencoder(encoder, _to_logits(config, resolution, dtype))


def _encoder(config: ModelConfig, resolution: int, dtype: str) -> keras.Model:
    images = keras.Input((resolution, resolution, CHANNELS), dtype="uint8", name="images")
    x = keras.layers.Rescaling(1 / 255, dtype="float32", name="to_unit_interval")(images)
    for i, maps in enumerate(config.maps, start=1):
        x = keras.layers.Conv2D(maps, **_convolution(config), dtype=dtype, name=f"conv_{i}")(x)
        x = _activate(x, config, dtype, f"conv_{i}")
    x = keras.layers.Flatten(dtype=dtype, name="flatten")(x)
    latents = keras.layers.Dense(config.latent_dim, dtype="float32", name="latent")(x)
    if config.kl_weight > 0:
        log_variances = keras.layers.Dense(config.latent_dim, dtype="float32", name="log_variance")(x)
        # The reconstruction loss is a mean over color values: the KL term is shared out among as many.
        kl_scale = config.kl_weight / (resolution * resolution * CHANNELS)
        latents = Posterior(kl_scale, dtype="float32", name="posterior")([latents, log_variances])
    return keras.Model(images, latents, name="encoder")


def _to_logits(config: ModelConfig, resolution: int, dtype: str) -> keras.Model:
    side = resolution // 2 ** len(config.maps)
    latents = keras.Input((config.latent_dim,), name="latents")
    x = keras.layers.Dense(side * side * config.maps[-1], dtype=dtype, name="dense")(latents)
    x = keras.layers.Reshape((side, side, config.maps[-1]), dtype=dtype, name="reshape")(x)
    for i, maps in enumerate(reversed(config.maps[:-1]), start=1):
        x = keras.layers.Conv2DTranspose(maps, **_convolution(config), dtype=dtype, name=f"deconv_{i}")(x)
        x = _activate(x, config, dtype, f"deconv_{i}")
    x = PictureTranspose(CHANNELS, **_convolution(config), dtype=dtype, name="deconv_image")(x)
    return keras.Model(latents, x, name="to_logits")


def _convolution(config: ModelConfig) -> dict[str, Any]:
    return {"kernel_size": config.kernel_size, "strides": 2, "padding": "same"}


def _activate(x: Any, config: ModelConfig, dtype: str, name: str) -> Any:
    kind = config.activation.rpartition(":")[2]  # of a plug-in without its module
    x = activation(config.activation, config.negative_slope, dtype=dtype, name=f"{name}_{kind}")(x)
    return BatchNorm(momentum=MOMENTUM, dtype=dtype, name=f"{name}_batch_norm")(x) if config.batch_norm else x


def load_network(path: Path, config: RunConfig) -> keras.Model:
    """One half of a recorded run, in Keras' safe mode: only layers of Keras, of ours and of the run's plug-ins.

    Raises PluginError where one of those cannot be imported.
    """
    load_plugins(config)
    if not ACTIVATIONS.is_builtin(config.model.activation):
        plugged_activation(config.model.activation)
    return keras.models.load_model(path, compile=False, safe_mode=True)


def summary(autoencoder: Autoencoder) -> str:
    """Layers, shapes and parameter counts of encoder and decoder as text."""
    lines: list[str] = []
    for model in (autoencoder.encoder, autoencoder.decoder):
        model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
    return "\n".join(lines) + "\n"
