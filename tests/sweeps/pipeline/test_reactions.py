from __future__ import annotations

import re

import keras
import numpy as np
import pandas as pd
import pytest

from cae.config import RunConfig
from cae.datasets.imageset import ImageSet
from sweeps.pipeline.compute import untrained
from sweeps.pipeline.reactions import attribute_labels, map_reactions, told_attributes

CONFIG = RunConfig.model_validate(
    {"data": {"name": "digits", "resolution": 16}, "model": {"maps": [4, 8], "latent_dim": 6}}
)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    """Noise that is brighter for half of the images, which have an attribute of a name that no metric can have."""
    rng = np.random.default_rng(0)
    bright = np.arange(600) % 2
    pictures = rng.integers(0, 128, (600, 16, 16, 3)) + 100 * bright[:, None, None, None]
    values = pd.array(bright, dtype="Int8")
    values[0] = pd.NA
    table = pd.DataFrame({"file": [f"{i}" for i in range(600)], "so bright!": values})
    return ImageSet("noise", pictures.astype(np.uint8), table, np.arange(500), np.arange(500, 600), "0" * 12)


def test_labels_have_names_that_metrics_take_and_say_what_is_not_known(images: ImageSet) -> None:
    (name,) = attribute_labels(images, images.train)
    assert re.fullmatch(r"[\w\-. :/]+", name)
    assert attribute_labels(images, np.array([0, 1, 2]))[name].tolist() == [-1, 1, 0]


def test_an_attribute_is_told_as_well_as_the_vectors_can(images: ImageSet) -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((600, 4))
    shown = noise + 6 * (np.arange(600) % 2)[:, None]
    for vectors, expected, margin in ((shown, 1.0, 0.01), (noise, 0.5, 0.15)):
        (value,) = told_attributes(vectors[:500], vectors[500:], images).values()
        assert value == pytest.approx(expected, abs=margin)


def test_without_attributes_nothing_is_told(images: ImageSet) -> None:
    bare = ImageSet("bare", images.images, images.table[["file"]], images.train, images.test, "0" * 12)
    vectors = np.random.default_rng(0).standard_normal((600, 4))
    assert told_attributes(vectors[:500], vectors[500:], bare) == {}
    assert "maps/auc" not in map_reactions(untrained(CONFIG).encoder, bare)


def test_maps_of_brighter_and_darker_noise_react_to_light(images: ImageSet) -> None:
    found = map_reactions(untrained(CONFIG).encoder, images)
    assert found["maps/explained"] > 0.8
    assert found["maps/auc"] > 0.9 > 0.6 > found["maps/auc_chance"]


def test_a_network_without_convolutions_reacts_with_nothing(images: ImageSet) -> None:
    flat = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    assert map_reactions(flat, images) == {}
