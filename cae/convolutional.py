"""The convolutional autoencoder: stages of convolutions, one linear latent layer, and the same stages mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from cae.latent_layers import Posterior, Regularizer
from cae.layers import MOMENTUM, BatchNorm, PictureTranspose, activation
from cae.model import CHANNELS, Autoencoder, autoencoder

if TYPE_CHECKING:
    from cae.config import ModelConfig


def build_autoencoder(config: ModelConfig, resolution: int, precision: str = "float32") -> Autoencoder:
    """An untrained autoencoder for square images of `resolution` pixels, a multiple of 2^layers.

    precision: "float32", or "bfloat16" for the convolutions' arithmetic; weights, latent vectors and pictures are
    float32 in both.
    """
    dtype = "float32" if precision == "float32" else "mixed_bfloat16"
    encoder = _encoder(config, resolution, dtype)
    return autoencoder(encoder, _to_logits(config, resolution, dtype))


def values_of(resolution: int) -> int:
    """Color values of an image. Penalties beside the reconstruction's mean over them are shared out among as many."""
    return resolution * resolution * CHANNELS


# --- encoder -------------------------------------------------------------------------------------------------------


def _encoder(config: ModelConfig, resolution: int, dtype: str) -> keras.Model:
    images = keras.Input((resolution, resolution, CHANNELS), dtype="uint8", name="images")
    x = keras.layers.Rescaling(1 / 255, dtype="float32", name="to_unit_interval")(images)
    for i, maps in enumerate(config.maps, start=1):
        x = _down(x, maps, config, dtype, f"conv_{i}")
    x = keras.layers.Flatten(dtype=dtype, name="flatten")(x)
    for i, units in enumerate(config.dense, start=1):
        x = _dense(x, units, config, dtype, f"dense_{i}")
    return keras.Model(images, _latents(x, config, resolution), name="encoder")


def _down(x: Any, maps: int, config: ModelConfig, dtype: str, name: str) -> Any:
    """A stage of the encoder, to half the side."""
    strides = 1 if config.resampling == "pooling" else 2
    convolution = _convolution(config, strides)
    x = keras.layers.Conv2D(maps, **convolution, dtype=dtype, name=name)(x)
    x = _further(_activate(x, config, dtype, name), config, dtype, name)
    if config.resampling == "pooling":
        x = keras.layers.MaxPooling2D(2, dtype=dtype, name=f"{name}_pool")(x)
    return _drop(x, config, dtype, name)


def _latents(x: Any, config: ModelConfig, resolution: int) -> Any:
    """The latent vectors; the last layer that computes them is called "latent", whatever enforces something there."""
    name = "latent_linear" if config.latent_batch_norm else "latent"
    latents = keras.layers.Dense(config.latent_dim, dtype="float32", name=name)(x)
    if config.latent_batch_norm:
        # Neither scale nor offset: every component keeps mean 0 and sd 1, which Keras' epsilon of 0.001 would lower.
        norm = {"momentum": MOMENTUM, "epsilon": 1e-5, "center": False, "scale": False}
        latents = BatchNorm(**norm, dtype="float32", name="latent")(latents)
    regularizer, weight = config.enforced
    # The reconstruction loss is a mean over color values: what is added to it is shared out among as many.
    scale = weight / values_of(resolution)
    if regularizer == "kl":
        log_variances = keras.layers.Dense(config.latent_dim, dtype="float32", name="log_variance")(x)
        latents = Posterior(scale, dtype="float32", name="posterior")([latents, log_variances])
    elif regularizer != "none":
        latents = Regularizer(regularizer, scale, dtype="float32", name="regularizer")(latents)
    if config.latent_l2:
        latents = Regularizer("l2", config.latent_l2 / values_of(resolution), dtype="float32", name="latent_l2")(
            latents
        )
    return latents


# --- decoder -------------------------------------------------------------------------------------------------------


def _to_logits(config: ModelConfig, resolution: int, dtype: str) -> keras.Model:
    side = resolution // 2 ** len(config.maps)
    latents = x = keras.Input((config.latent_dim,), name="latents")
    l2 = _decoder_l2(config, resolution)
    for i, units in reversed(list(enumerate(config.dense, start=1))):
        x = _dense(x, units, config, dtype, f"dense_{i}", **l2)
    x = keras.layers.Dense(side * side * config.maps[-1], **l2, dtype=dtype, name="dense")(x)
    x = keras.layers.Reshape((side, side, config.maps[-1]), dtype=dtype, name="reshape")(x)
    for i, maps in enumerate(reversed(config.maps[:-1]), start=1):
        x = _up(x, maps, config, dtype, f"deconv_{i}", l2)
        x = _drop(_activate(x, config, dtype, f"deconv_{i}"), config, dtype, f"deconv_{i}")
    x = _up(x, CHANNELS, config, dtype, "deconv_image", l2)
    return keras.Model(latents, x, name="to_logits")


def _up(x: Any, maps: int, config: ModelConfig, dtype: str, name: str, l2: dict[str, Any]) -> Any:
    """A stage of the encoder backwards: its further convolutions, then one to twice the side, not yet activated."""
    if config.resampling == "pooling":
        x = keras.layers.UpSampling2D(2, dtype=dtype, name=f"{name}_upsample")(x)
        x = _further(x, config, dtype, name, **l2)
        return keras.layers.Conv2D(maps, **_convolution(config, 1), **l2, dtype=dtype, name=name)(x)
    x = _further(x, config, dtype, name, **l2)
    kind = PictureTranspose if name == "deconv_image" else keras.layers.Conv2DTranspose
    return kind(maps, **_convolution(config, 2), **l2, dtype=dtype, name=name)(x)


def _decoder_l2(config: ModelConfig, resolution: int) -> dict[str, Any]:
    if not config.decoder_l2:
        return {}
    return {"kernel_regularizer": keras.regularizers.L2(config.decoder_l2 / values_of(resolution))}


# --- parts of both -------------------------------------------------------------------------------------------------


def _further(x: Any, config: ModelConfig, dtype: str, name: str, **options: Any) -> Any:
    """The stage's convolutions beside the one that changes the side; residual ones are added to their input."""
    maps = x.shape[-1]
    for i in range(2, config.blocks + 1):
        convolution = keras.layers.Conv2D(
            maps, **_convolution(config, 1), **options, dtype=dtype, name=f"{name}_block_{i}"
        )
        y = _activate(convolution(x), config, dtype, f"{name}_block_{i}")
        x = keras.layers.Add(dtype=dtype, name=f"{name}_block_{i}_sum")([x, y]) if config.residual else y
    return x


def _convolution(config: ModelConfig, strides: int) -> dict[str, Any]:
    return {"kernel_size": config.kernel_size, "strides": strides, "padding": "same"}


def _dense(x: Any, units: int, config: ModelConfig, dtype: str, name: str, **options: Any) -> Any:
    x = keras.layers.Dense(units, **options, dtype=dtype, name=name)(x)
    return _drop(_activate(x, config, dtype, name), config, dtype, name)


def _activate(x: Any, config: ModelConfig, dtype: str, name: str) -> Any:
    kind = config.activation.rpartition(":")[2]  # of a plug-in without its module
    x = activation(config.activation, config.negative_slope, dtype=dtype, name=f"{name}_{kind}")(x)
    return BatchNorm(momentum=MOMENTUM, dtype=dtype, name=f"{name}_batch_norm")(x) if config.batch_norm else x


def _drop(x: Any, config: ModelConfig, dtype: str, name: str) -> Any:
    if not config.dropout:
        return x
    # A seed, so that it takes none of the random numbers that weights are drawn from; `reseed` gives each its own.
    return keras.layers.Dropout(config.dropout, seed=0, dtype=dtype, name=f"{name}_dropout")(x)
