from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from cae import latents
from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from cae.datasets.imageset import ImageSet
from cae.model import Autoencoder


@pytest.fixture(scope="module")
def network() -> Autoencoder:
    keras.utils.set_random_seed(0)
    return build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4), 32)


@pytest.fixture(scope="module")
def variational() -> Autoencoder:
    keras.utils.set_random_seed(0)
    return build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4, kl_weight=1), 32)


def test_vectors_stand_in_the_order_of_the_indices(network: Autoencoder, blobs: ImageSet) -> None:
    indices = np.array([5, 3, 250, 0, *range(100, 140)])
    vectors = latents.encode(network.encoder, blobs.images, indices, batch_size=16)
    assert vectors.dtype == np.float32
    single = np.stack([keras.ops.convert_to_numpy(network.encoder(blobs.images[[i]]))[0] for i in indices])
    assert vectors == pytest.approx(single, abs=1e-5)


def test_latents_that_are_not_finite_are_counted(network: Autoencoder, blobs: ImageSet) -> None:
    broken = keras.models.clone_model(network.encoder)
    broken.set_weights([np.full_like(w, np.nan) for w in network.encoder.get_weights()])
    with pytest.raises(latents.NonFiniteLatents, match="50 of 50"):
        latents.encode(broken, blobs.images, blobs.test)


def test_pictures_are_rounded_colors(network: Autoencoder) -> None:
    vectors = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    pictures = latents.decode(network.decoder, vectors, batch_size=3)
    assert pictures.dtype == np.uint8
    exact = 255 * keras.ops.convert_to_numpy(network.decoder(vectors))
    assert np.abs(pictures - exact).max() <= 0.5 + 1e-3


def test_reconstruction_is_that_of_the_textbook(network: Autoencoder, blobs: ImageSet) -> None:
    vectors = latents.encode(network.encoder, blobs.images, blobs.test)
    found = latents.reconstruction(network.decoder, blobs, vectors, ssim_images=20, batch_size=16)
    x = blobs.images[blobs.test] / 255
    p = keras.ops.convert_to_numpy(network.decoder(vectors)).astype(np.float64)
    assert found["mse"] == pytest.approx(np.mean((x - p) ** 2), rel=1e-4)
    assert found["bce"] == pytest.approx(-np.mean(x * np.log(p) + (1 - x) * np.log(1 - p)), rel=1e-4)
    options = {
        "channel_axis": 2,
        "data_range": 1.0,
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
    }
    expected = [structural_similarity(a, b, **options) for a, b in zip(x[:20], p[:20], strict=True)]
    assert found["ssim"] == pytest.approx(np.mean(expected), abs=1e-5)


def test_the_mean_image_is_a_yardstick(blobs: ImageSet) -> None:
    train, test = (blobs.images[rows] / 255 for rows in (blobs.train, blobs.test))
    expected = ((test - train.mean(axis=0)) ** 2).mean()
    assert latents.mean_image_error(blobs, batch_size=16) == pytest.approx(expected, rel=1e-12)
    same = replace(blobs, images=np.full_like(blobs.images, 7))
    assert latents.mean_image_error(same) == 0


@pytest.mark.parametrize("wrong", [0.0, 1e-30, 1.0])
def test_errors_of_extreme_pictures_are_those_of_float64(blobs: ImageSet, wrong: float) -> None:
    """Pictures of pure black, next to it, and white: cross-entropy is taken at 1e-7 from 0 and 1."""
    inputs, color = keras.Input((2,)), keras.initializers.Constant(wrong)
    flat = keras.layers.Dense(32 * 32 * 3, kernel_initializer="zeros", bias_initializer=color)
    decoder = keras.Model(inputs, keras.layers.Reshape((32, 32, 3))(flat(inputs)))
    found = latents.reconstruction(decoder, blobs, np.zeros((50, 2), np.float32), ssim_images=1)
    x, p = blobs.images[blobs.test] / 255, np.clip(wrong, 1e-7, 1 - 1e-7)
    assert found["bce"] == pytest.approx(-(x * np.log(p) + (1 - x) * np.log1p(-p)).mean(), rel=0.02)
    assert found["mse"] == pytest.approx(((x - wrong) ** 2).mean(), rel=1e-5)


def test_posterior_means_are_the_encoders_output(
    network: Autoencoder, variational: Autoencoder, blobs: ImageSet
) -> None:
    for encoder in (network.encoder, variational.encoder):
        exact = keras.ops.convert_to_numpy(encoder(blobs.images[blobs.test]))
        assert latents.posterior_means(encoder, blobs.images, blobs.test) == pytest.approx(exact, abs=1e-5)
    plain = latents.posterior_means(network.encoder, blobs.images, blobs.test)
    assert np.array_equal(latents.encode(network.encoder, blobs.images, blobs.test), plain)


def test_a_variational_encoder_gives_points_of_the_posterior(variational: Autoencoder) -> None:
    """20,000 times the same image: its mean, and the sd its second head says, within 4 standard errors."""
    encoder = keras.models.clone_model(variational.encoder)
    encoder.get_layer("log_variance").set_weights([np.zeros((8 * 8 * 8, 4)), np.log([1, 4, 0.25, 9])])
    images = np.broadcast_to(np.uint8(100), (20_000, 32, 32, 3))
    points = latents.encode(encoder, images, np.arange(20_000))
    mean = latents.posterior_means(encoder, images, np.arange(1))[0]
    sd = np.array([1, 2, 0.5, 3])
    assert np.all(np.abs(points.mean(axis=0) - mean) < 4 * sd / np.sqrt(20_000))
    assert np.all(np.abs(points.std(axis=0) / sd - 1) < 4 / np.sqrt(2 * 20_000))
    assert np.abs(np.corrcoef(points.T) - np.eye(4)).max() < 4 / np.sqrt(20_000)


def test_an_images_draw_depends_on_its_index_alone(variational: Autoencoder, blobs: ImageSet, tmp_path) -> None:
    whole = latents.encode(variational.encoder, blobs.images, np.arange(300))
    variational.encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    some = np.array([250, 3, 17, *range(60, 80)])
    assert latents.encode(loaded, blobs.images, some, batch_size=7) == pytest.approx(whole[some], abs=1e-5)


def test_a_variance_beyond_all_numbers_is_counted(variational: Autoencoder, blobs: ImageSet) -> None:
    broken = keras.models.clone_model(variational.encoder)
    broken.get_layer("log_variance").bias.assign(np.full(4, 1e4))
    with pytest.raises(latents.NonFiniteLatents, match="50 of 50"):
        latents.encode(broken, blobs.images, blobs.test)
