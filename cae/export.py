"""A network with Keras' own layers alone: its file loads wherever Keras is, without this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from cae.latent_layers import Posterior, Regularizer
from cae.layers import BatchNorm, LeakyReLU, PictureTranspose
from cae.model import Autoencoder, summary

# Our layers compute the same as these, only faster.
STOCK = {
    BatchNorm: keras.layers.BatchNormalization,
    LeakyReLU: keras.layers.LeakyReLU,
    PictureTranspose: keras.layers.Conv2DTranspose,
}


def save_networks(autoencoder: Autoencoder, folder: Path) -> None:
    """`encoder.keras`, `decoder.keras` (which Keras loads in safe mode, without this package) and `summary.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    with_stock_layers(autoencoder.encoder).save(folder / "encoder.keras")
    with_stock_layers(autoencoder.decoder).save(folder / "decoder.keras")
    (folder / "summary.txt").write_text(summary(autoencoder), encoding="utf-8")


def with_stock_layers(network: keras.Model) -> keras.Model:
    """The same network, its weights copied, in which no layer is ours; those of plug-ins stay what they are.

    A variational encoder gives the means, and keeps the layer "log_variance". In bfloat16 outputs differ by rounding.
    """
    if not hasattr(network, "operations"):  # a plug-in's model written as a class has no graph to copy
        return network
    stock = keras.models.clone_model(network, clone_function=_stock, call_function=_call)
    for layer in network.layers:
        if layer.weights:
            stock.get_layer(layer.name).set_weights(layer.get_weights())
    return stock


def _stock(layer: Any) -> Any:
    # Posterior is taken apart where it is called; a penalty has no part in what a network gives.
    if isinstance(layer, Posterior | Regularizer):
        return keras.layers.Identity(name=layer.name)
    return STOCK.get(type(layer), type(layer)).from_config(layer.get_config())


def _call(layer: Any, *inputs: Any, **named: Any) -> Any:
    """A posterior's mean; its log-variance takes part by nothing, so that the network keeps it."""
    if not (isinstance(layer, keras.layers.Identity) and isinstance(inputs[0], list)):
        return layer(*inputs, **named)
    mean, log_variance = inputs[0]
    nothing = keras.layers.Rescaling(0.0, name=f"{layer.name}_noise")(log_variance)
    return layer(keras.layers.Add(name=f"{layer.name}_mean")([mean, nothing]))
