from __future__ import annotations

import keras
import numpy as np
import pytest

from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from cae.model import summary

SMALL = ModelConfig(maps=(4, 8), latent_dim=5)


def conv(inputs: int, outputs: int, kernel: int = 3) -> int:
    return kernel * kernel * inputs * outputs + outputs


# Encoder and decoder of the articles' network by hand: 3-64-64-128-128 with strides of 2, then 256 latent dimensions.
CONVOLUTIONS = conv(3, 64) + conv(64, 64) + conv(64, 128) + conv(128, 128)
TRANSPOSED = conv(128, 128) + conv(128, 64) + conv(64, 64) + conv(64, 3)


@pytest.mark.parametrize(("resolution", "side"), [(96, 6), (128, 8)])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_parameter_counts(resolution: int, side: int, batch_norm: bool) -> None:
    flat = side * side * 128
    norm_in, norm_out = (4 * (64 + 64 + 128 + 128), 4 * (128 + 64 + 64)) if batch_norm else (0, 0)
    network = build_autoencoder(ModelConfig(batch_norm=batch_norm), resolution)
    assert network.encoder.count_params() == CONVOLUTIONS + norm_in + flat * 256 + 256
    assert network.decoder.count_params() == 256 * flat + flat + TRANSPOSED + norm_out


@pytest.mark.parametrize("kl_weight", [0, 1])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_shapes_and_types(precision: str, kl_weight: float) -> None:
    network = build_autoencoder(SMALL.model_copy(update={"kl_weight": kl_weight}), 32, precision)
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    latents = keras.ops.convert_to_numpy(network.encoder(images))
    pictures = keras.ops.convert_to_numpy(network.decoder(latents))
    assert (latents.shape, latents.dtype) == ((3, 5), np.float32)
    assert (pictures.shape, pictures.dtype) == ((3, 32, 32, 3), np.float32)
    assert 0 <= pictures.min() < pictures.max() <= 1
    assert {weight.dtype for weight in network.model.weights} == {"float32"}


def test_bfloat16_is_float32_rounded() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    exact, rounded = build_autoencoder(SMALL, 32), build_autoencoder(SMALL, 32, "bfloat16")
    rounded.model.set_weights(exact.model.get_weights())
    a, b = (keras.ops.convert_to_numpy(network.encoder(images)) for network in (exact, rounded))
    assert not np.array_equal(a, b)
    assert np.abs(a - b).max() < 0.02 * np.abs(a).max()


def test_pixels_are_scaled_inside_the_encoder() -> None:
    network = build_autoencoder(SMALL, 32)
    scaled = keras.Model(network.encoder.input, network.encoder.get_layer("to_unit_interval").output)
    pixels = np.array([0, 51, 255], np.uint8).repeat(32 * 32 * 3).reshape(3, 32, 32, 3)
    assert keras.ops.convert_to_numpy(scaled(pixels))[:, 0, 0, 0] == pytest.approx([0, 0.2, 1])


def test_the_latent_layer_is_linear_and_the_decoder_mirrors_the_encoder() -> None:
    network = build_autoencoder(ModelConfig(), 96)
    assert network.encoder.layers[-1].activation is keras.activations.linear
    maps = [layer.filters for layer in network.decoder.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert maps == [128, 64, 64, 3]


def test_leaky_relu_has_the_configured_slope() -> None:
    network = build_autoencoder(ModelConfig(maps=(4,), latent_dim=2, negative_slope=0.3), 32)
    layer = next(layer for layer in network.encoder.layers if isinstance(layer, keras.layers.LeakyReLU))
    assert float(layer(np.float32([-2.0]))[0]) == pytest.approx(-0.6)


def test_batch_norm_follows_the_activation() -> None:
    network = build_autoencoder(SMALL.model_copy(update={"batch_norm": True}), 32)
    names = [layer.name for layer in network.encoder.layers]
    assert names[2:5] == ["conv_1", "conv_1_leaky_relu", "conv_1_batch_norm"]


def test_summary_names_every_layer() -> None:
    network = build_autoencoder(SMALL, 32)
    text = summary(network)
    assert all(layer.name in text for layer in network.encoder.layers + network.decoder.layers)


@pytest.mark.parametrize("kl_weight", [0, 1])
def test_saved_models_load_in_safe_mode(tmp_path, kl_weight: float) -> None:
    network = build_autoencoder(SMALL.model_copy(update={"batch_norm": True, "kl_weight": kl_weight}), 32)
    network.encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    images = np.full((2, 32, 32, 3), 100, np.uint8)
    assert np.array_equal(loaded(images), network.encoder(images))


def test_a_variational_encoder_has_one_more_linear_head_and_the_plain_one_is_as_it_was() -> None:
    plain, variational = (build_autoencoder(SMALL.model_copy(update={"kl_weight": w}), 32) for w in (0, 1))
    names = [layer.name for layer in plain.encoder.layers]
    assert names == [
        "images", "to_unit_interval", "conv_1", "conv_1_leaky_relu", "conv_2", "conv_2_leaky_relu", "flatten", "latent",
    ]  # fmt: skip
    assert [layer.name for layer in variational.encoder.layers] == [*names, "log_variance", "posterior"]
    heads = [variational.encoder.get_layer(name) for name in ("latent", "log_variance")]
    assert [head.activation for head in heads] == [keras.activations.linear] * 2
    assert heads[0].input is heads[1].input
    assert variational.encoder.count_params() - plain.encoder.count_params() == 8 * 8 * 8 * 5 + 5
    assert not plain.model.losses


def test_the_divergence_is_shared_out_among_the_color_values() -> None:
    """So that weight 1 beside the mean cross-entropy per value is the evidence lower bound over their number."""
    network = build_autoencoder(SMALL.model_copy(update={"kl_weight": 7}), 32)
    network.encoder.set_weights([np.zeros_like(w) for w in network.encoder.get_weights()])
    network.encoder.get_layer("latent").bias.assign(np.full(5, 2.0))
    network.model(np.zeros((3, 32, 32, 3), np.uint8))
    (loss,) = network.model.losses
    assert float(loss) == pytest.approx(7 * 5 * 2**2 / 2 / (32 * 32 * 3))
