"""One autoencoder in Python, on pictures that it learns in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import cae
from cae import FittedAutoencoder, fit
from cae.datasets.imageset import ImageSet

SMALL = {"maps": (4, 8), "latent_dim": 6, "batch_size": 50, "learning_rate": 5e-3}


@pytest.fixture(scope="module")
def network(blobs: ImageSet) -> FittedAutoencoder:
    return fit(blobs, epochs=3, **SMALL)


def test_it_learns_and_tells_of_it(network: FittedAutoencoder) -> None:
    assert list(network.history.index) == [1, 2, 3]
    assert network.history.held_out_loss.iloc[-1] < network.history.held_out_loss.iloc[0]


def test_it_is_what_a_run_trains(network: FittedAutoencoder, blobs: ImageSet, tmp_path: Path) -> None:
    from cae.config import RunConfig
    from cae.training import train
    from sweeps.pipeline.compute import untrained

    model = {key: SMALL[key] for key in ("maps", "latent_dim")}
    training = {"epochs": 3, "batch_size": 50, "learning_rate": 5e-3}
    config = RunConfig.model_validate({"data": {"resolution": 32}, "model": model, "training": training})
    losses = [epoch.held_out_loss for epoch in train(untrained(config), blobs, config.training, tmp_path)]
    np.testing.assert_allclose(network.history.held_out_loss, losses, rtol=1e-5)


def test_vectors_and_pictures_go_both_ways(network: FittedAutoencoder, blobs: ImageSet) -> None:
    vectors = network.encode(blobs.images[blobs.train])
    np.testing.assert_array_equal(vectors, network.latents)
    assert vectors.shape == (250, 6)
    pictures = network.decode(vectors[:4])
    assert pictures.shape == (4, 32, 32, 3)
    assert pictures.dtype == np.uint8
    assert network.decode(vectors[:0]).shape == (0, 32, 32, 3)


def test_samples_lie_where_the_training_vectors_do(network: FittedAutoencoder) -> None:
    made = network.sample(5)
    assert made.shape == (5, 32, 32, 3)
    np.testing.assert_array_equal(made, network.sample(9)[:5])
    center = network.decode(network.latents.mean(axis=0, keepdims=True))
    np.testing.assert_allclose(network.sample(3, mnd_sigma=1e-6), np.repeat(center, 3, axis=0), atol=1)
    assert (network.sample(3, "uniform") != network.sample(3)).any()


def test_what_is_saved_loads_without_this_package(network: FittedAutoencoder, tmp_path: Path, blobs: ImageSet) -> None:
    folder = network.save(tmp_path / "network")
    encoder = keras.models.load_model(folder / "encoder.keras", safe_mode=True)
    vectors = np.asarray(encoder.predict(blobs.images[:3], verbose=0))
    np.testing.assert_allclose(vectors, network.encode(blobs.images[:3]), rtol=1e-4, atol=1e-5)
    assert {path.name for path in folder.iterdir()} == {"encoder.keras", "decoder.keras", "summary.txt"}


def test_an_interrupted_training_goes_on(blobs: ImageSet, tmp_path: Path) -> None:
    told: list[int] = []
    fit(blobs, epochs=1, checkpoints=tmp_path, **SMALL)
    fit(blobs, epochs=2, checkpoints=tmp_path, on_epoch=lambda epoch: told.append(epoch.epoch), **SMALL)
    assert told == [2]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"epoch": 3}, "^epoch: no such field; there are maps, .*, epochs, "),
        ({"activation": "rulu"}, "^activation = 'rulu': .*did you mean relu"),
        ({"epochs": 0}, "^epochs = 0: "),
    ],
)
def test_a_wrong_field_is_one_line(blobs: ImageSet, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        fit(blobs, **fields)
    assert "\n" not in str(raised.value)


def test_wrong_shapes_and_settings_are_one_line(network: FittedAutoencoder) -> None:
    with pytest.raises(ValueError, match=r"^pictures are float64 \(2, 32, 32, 3\); this autoencoder takes uint8"):
        network.encode(np.zeros((2, 32, 32, 3)))
    with pytest.raises(ValueError, match=r"^vectors have the shape \(2, 5\); this autoencoder takes \(n, 6\)$"):
        network.decode(np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"^sampling.0 = 'mdn': "):
        network.sample(2, "mdn")
    with pytest.raises(ValueError, match=r"^sigma: no such field; there are .*mnd_sigma"):
        network.sample(2, sigma=2)


@pytest.mark.parametrize("name", cae.__all__)
def test_what_the_package_offers_is_there_and_documented(name: str) -> None:
    assert getattr(cae, name).__doc__


def test_what_it_does_not_offer_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'cae' has no attribute 'fitt'"):
        cae.fitt  # noqa: B018
