"""The networks that a sweep can choose from, beside the plain one of tests/cae/test_model.py."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from cae.latent_layers import reseed
from cae.model import Autoencoder
from cae.penalties import PENALTIES, squared_norm

VALUES = 32 * 32 * 3


def build(precision: str = "float32", **fields: Any) -> Autoencoder:
    keras.utils.set_random_seed(0)
    return build_autoencoder(ModelConfig.model_validate({"maps": (4, 8), "latent_dim": 5} | fields), 32, precision)


def names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


ALL = {"blocks": 2, "residual": True, "dense": [7, 6], "dropout": 0.2, "batch_norm": True, "latent_batch_norm": True}


@pytest.mark.parametrize(
    ("regularizer", "resampling", "precision"),
    [
        ("none", "pooling", "bfloat16"),
        ("kl", "strides", "bfloat16"),
        ("kl", "pooling", "float32"),
        ("gae", "pooling", "bfloat16"),
        ("mmd", "strides", "bfloat16"),
        ("sliced", "pooling", "float32"),
        ("sigreg", "strides", "bfloat16"),
    ],
)
def test_everything_goes_with_everything(regularizer: str, resampling: str, precision: str, images: np.ndarray) -> None:
    made = build(precision, resampling=resampling, regularizer=regularizer, latent_l2=1, decoder_l2=1, **ALL)
    vectors = made.encoder(images)
    pictures = keras.ops.convert_to_numpy(made.decoder(vectors))
    assert (vectors.shape, pictures.shape, pictures.dtype) == ((6, 5), (6, 32, 32, 3), np.float32)
    made.model(images, training=True)
    assert all(np.isfinite(float(loss)) for loss in made.model.losses)
    assert {weight.dtype for weight in made.model.weights} == {"float32"}


def test_blocks_are_further_convolutions_mirrored_in_the_decoder() -> None:
    made = build(blocks=3, activation="relu")
    inside = ["conv_1", "conv_1_block_2", "conv_1_block_3", "conv_2", "conv_2_block_2", "conv_2_block_3"]
    assert [name for name in names(made.encoder) if not name.endswith("relu")][2:-2] == inside
    convolutions = [
        layer for layer in made.decoder.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
    ]
    assert [(layer.name, layer.filters, layer.strides) for layer in convolutions] == [
        ("deconv_1_block_2", 8, (1, 1)),
        ("deconv_1_block_3", 8, (1, 1)),
        ("deconv_1", 4, (2, 2)),
        ("deconv_image_block_2", 4, (1, 1)),
        ("deconv_image_block_3", 4, (1, 1)),
        ("deconv_image", 3, (2, 2)),
    ]


def test_a_residual_convolution_of_no_weight_changes_nothing(images: np.ndarray) -> None:
    plain, residual = build(), build(blocks=2, residual=True)
    for half in ("encoder", "decoder"):
        for layer in getattr(residual, half).layers:
            if not layer.weights:
                continue
            if "block" in layer.name:
                layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
            else:
                layer.set_weights(getattr(plain, half).get_layer(layer.name).get_weights())
    assert np.allclose(plain.model(images), residual.model(images), atol=1e-6)


def test_pooling_takes_the_largest_and_upsampling_repeats(images: np.ndarray) -> None:
    made = build(resampling="pooling", activation="relu")
    shown = keras.Model(made.encoder.input, [made.encoder.get_layer(n).output for n in ("conv_1_relu", "conv_1_pool")])
    before, after = (np.asarray(x) for x in shown(images))
    assert before.shape[1:3] == (32, 32)
    assert np.array_equal(after, before.reshape(6, 16, 2, 16, 2, 4).max(axis=(2, 4)))
    upsampled = keras.Model(made.decoder.input, made.decoder.get_layer("deconv_1_upsample").output)
    x = np.asarray(upsampled(np.ones((1, 5), np.float32)))
    assert x.shape[1:3] == (16, 16)
    assert np.array_equal(x[:, ::2, ::2], x[:, 1::2, 1::2])


def test_dense_layers_are_mirrored() -> None:
    made = build(dense=[7, 6])
    for model, expected in ((made.encoder, [7, 6, 5]), (made.decoder, [6, 7, 8 * 8 * 8])):
        assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == expected


def test_latent_batch_norm_standardizes_every_component(images: np.ndarray) -> None:
    made = build(latent_batch_norm=True)
    vectors = np.asarray(made.encoder(images, training=True))
    assert vectors.mean(axis=0) == pytest.approx(np.zeros(5), abs=1e-5)
    assert vectors.std(axis=0) == pytest.approx(np.ones(5), abs=0.02)  # its epsilon
    assert not made.encoder.get_layer("latent").trainable_variables


def test_a_variational_encoder_with_latent_batch_norm_draws_around_the_standardized_mean(images: np.ndarray) -> None:
    made = build(latent_batch_norm=True, regularizer="kl")
    mean = keras.Model(made.encoder.input, made.encoder.get_layer("latent").output)
    assert np.array_equal(made.encoder(images), mean(images))


def test_dropout_drops_in_training_alone(images: np.ndarray) -> None:
    made = build(dropout=0.5)
    assert np.array_equal(made.model(images), made.model(images))
    assert not np.array_equal(made.model(images, training=True), made.model(images, training=True))
    assert np.array_equal(made.model(images), build().model(images))


@pytest.mark.parametrize("regularizer", ["gae", "mmd", "sliced", "sigreg"])
def test_a_penalty_is_shared_out_among_the_color_values(regularizer: str, images: np.ndarray) -> None:
    made = build(regularizer=regularizer, regularizer_weight=7)
    assert np.array_equal(made.encoder(images), build().encoder(images))
    vectors, own = made.encoder(images), made.encoder.get_layer("regularizer").seed_generator
    reseed(made.model, 5)
    made.model(images)
    (loss,) = made.model.losses
    reseed(made.model, 5)  # the same directions and draws once more
    assert float(loss) * VALUES / 7 == pytest.approx(float(PENALTIES[regularizer](vectors, own)), rel=1e-4)


def test_l2_of_latents_and_of_the_decoder(images: np.ndarray) -> None:
    """As Ghosh et al. 2020 add them to an image's squared error."""
    made = build(latent_l2=3, decoder_l2=0.5)
    made.model(images)
    kernels = [weight for weight in made.decoder.trainable_weights if weight.name == "kernel"]
    expected = 3 * float(squared_norm(made.encoder(images)))
    expected += 0.5 * sum(float((np.asarray(kernel) ** 2).sum()) for kernel in kernels)
    assert sum(float(loss) for loss in made.model.losses) * VALUES == pytest.approx(expected, rel=1e-4)
    assert len(kernels) == 3
