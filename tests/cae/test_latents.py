from __future__ import annotations

import keras
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from cae import latents
from cae.config import ModelConfig
from cae.datasets.imageset import ImageSet
from cae.model import Autoencoder, build_autoencoder


@pytest.fixture(scope="module")
def network() -> Autoencoder:
    keras.utils.set_random_seed(0)
    return build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4), 32)


def test_vectors_stand_in_the_order_of_the_indices(network: Autoencoder, blobs: ImageSet, monkeypatch) -> None:
    monkeypatch.setattr(latents, "BATCH", 16)
    indices = np.array([5, 3, 250, 0, *range(100, 140)])
    vectors = latents.encode(network.encoder, blobs.images, indices)
    assert vectors.dtype == np.float32
    single = np.stack([keras.ops.convert_to_numpy(network.encoder(blobs.images[[i]]))[0] for i in indices])
    assert vectors == pytest.approx(single, abs=1e-5)


def test_latents_that_are_not_finite_are_counted(network: Autoencoder, blobs: ImageSet) -> None:
    broken = keras.models.clone_model(network.encoder)
    broken.set_weights([np.full_like(w, np.nan) for w in network.encoder.get_weights()])
    with pytest.raises(latents.NonFiniteLatents, match="50 of 50"):
        latents.encode(broken, blobs.images, blobs.test)


def test_pictures_are_rounded_colours(network: Autoencoder, monkeypatch) -> None:
    monkeypatch.setattr(latents, "BATCH", 3)
    vectors = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    pictures = latents.decode(network.decoder, vectors)
    assert pictures.dtype == np.uint8
    exact = 255 * keras.ops.convert_to_numpy(network.decoder(vectors))
    assert np.abs(pictures - exact).max() <= 0.5 + 1e-3


def test_reconstruction_is_that_of_the_textbook(network: Autoencoder, blobs: ImageSet, monkeypatch) -> None:
    monkeypatch.setattr(latents, "BATCH", 16)
    vectors = latents.encode(network.encoder, blobs.images, blobs.test)
    found = latents.reconstruction(network.decoder, blobs, vectors, ssim_images=20)
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
