"""An autoencoder: what a builder gives, and its halves read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from cae.layers import plugged_activation
from cae.plugins import PluginError
from cae.registries import ACTIVATIONS, MODELS

if TYPE_CHECKING:
    from cae.config import ModelConfig, RunConfig, TrainingConfig

CHANNELS = 3


@dataclass(frozen=True)
class Autoencoder:
    """encoder: uint8 (n, h, w, 3) -> float32 (n, latent_dim); decoder: back to float32 (n, h, w, 3) in [0, 1].

    `model` is both in a row and shares their weights; it ends before the sigmoid, with the pictures' logits, of which
    the losses are computed. A variational encoder gives the means of the images' posterior normal distributions, and in
    training a random point of each.
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


def untrained(config: ModelConfig, resolution: int, training: TrainingConfig) -> Autoencoder:
    """An autoencoder before its first step, its weights drawn with the training's seed. Raises PluginError."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(training.seed)
    return build(config, resolution, training.precision)


def load_network(path: Path, config: RunConfig) -> keras.Model:
    """One half of a recorded run, in Keras' safe mode: only layers of Keras, of ours and of the run's plug-ins.

    Raises PluginError where one of those cannot be imported.
    """
    from cae.config import load_plugins

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
