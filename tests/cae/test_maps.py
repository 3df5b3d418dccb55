"""A hand-made encoder whose maps are known: one template each on tiles of 8 x 8 pixels that do not overlap."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cae import faces, maps
from cae.config import ModelConfig
from cae.convolutional import build_autoencoder
from tests.faults import on_call

SIZE, TILE = 32, 8
RED, EDGE, CROSS, DEAD = range(4)


def templates() -> np.ndarray:
    """(4, 8, 8, 3), rms 1: red; bright below dark; a bright cross on a dark ground; the cross again."""
    red = np.broadcast_to(np.array([2.0, -1.0, -1.0]) / np.sqrt(2), (TILE, TILE, 3))
    edge, cross = np.full((2, TILE, TILE, 3), -1.0)
    edge[4:] = 1
    cross[2:6], cross[:, 2:6] = 1, 1
    return np.stack([red, edge, cross, cross])


@pytest.fixture(scope="module")
def encoder() -> keras.Model:
    """A map is the mean of template times color over a tile, 0 where that is negative. A bias kills the last."""
    images = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255, dtype="float32", name="to_unit_interval")(images)
    x = keras.layers.Conv2D(4, TILE, strides=TILE, name="conv_1")(x)
    x = keras.layers.Activation("relu")(x)
    x = keras.layers.BatchNormalization()(x)
    model = keras.Model(images, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    kernel = templates().transpose(1, 2, 3, 0) / (TILE * TILE * 3)
    model.get_layer("conv_1").set_weights([kernel, np.array([0, 0, 0, -2])])
    return model


def tiled(tile: np.ndarray) -> np.ndarray:
    return np.tile(tile, (SIZE // TILE, SIZE // TILE, 1))


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def test_outputs_are_means_over_the_neurons(encoder: keras.Model) -> None:
    """Red, red in one of the 16 tiles alone, and blue; the mean of template times red is sqrt(2) / 3."""
    images = np.zeros((3, SIZE, SIZE, 3), np.uint8)
    images[0, ..., 0] = images[1, :TILE, :TILE, 0] = 255
    images[2, ..., 2] = 255
    found = maps.respond(encoder, images, np.arange(3))
    assert found.means[:, RED] == pytest.approx(np.sqrt(2) * np.array([1 / 3, 1 / 48, 0]), abs=1e-6)
    assert found.peaks[:, RED] == pytest.approx(np.sqrt(2) * np.array([1 / 3, 1 / 3, 0]), abs=1e-6)
    assert found.amplitudes[RED] == pytest.approx(np.sqrt(2) * (1 / 3 + 1 / 48) / 3, abs=1e-6)
    assert found.active[RED] == pytest.approx(2 / 3)
    assert found.active[DEAD] == 0


def test_outputs_follow_the_indices(encoder: keras.Model) -> None:
    images, indices = noise(20), np.array([7, 3, 19, 0, 11])
    whole = maps.respond(encoder, images, np.arange(20)).means
    assert maps.respond(encoder, images, indices, batch_size=2).means == pytest.approx(whole[indices], abs=1e-6)


def test_activations_are_taken_before_batch_norm() -> None:
    network = build_autoencoder(ModelConfig(maps=(4, 6), latent_dim=3, batch_norm=True, activation="elu"), SIZE)
    layer = network.encoder.get_layer("conv_2_elu")
    network.encoder.get_layer("conv_2_batch_norm").beta.assign(np.full(6, 9.0))
    images = noise(3)
    expected = np.asarray(keras.Model(network.encoder.input, layer.output)(images)).mean(axis=(1, 2))
    assert maps.respond(network.encoder, images, np.arange(3)).means == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def patterns(encoder: keras.Model) -> maps.Patterns:
    return maps.input_patterns(encoder, np.array([CROSS, RED, EDGE]), 0.3, np.random.default_rng(0))


@pytest.mark.parametrize(("row", "number"), [(0, CROSS), (1, RED), (2, EDGE)])
def test_the_pattern_is_the_template(patterns: maps.Patterns, row: int, number: int) -> None:
    """By Cauchy and Schwarz the best picture of rms contrast c is gray + c times the template, of rms 1.

    Its output is then c plus that of gray, 0.5 times the template's mean. Enlarged grains cannot follow corners of one
    pixel, so that 0.9 of the gain and a correlation of 0.9 are asked for; noise has 0 of both.
    """
    template, picture = tiled(templates()[number]), patterns.pictures[row] / 255 - 0.5
    assert np.corrcoef(picture.ravel(), template.ravel())[0, 1] > 0.9
    gain = patterns.outputs[row] - 0.5 * template.mean()
    assert 0.9 * 0.3 < gain < 1.01 * 0.3


def test_patterns_have_the_contrast_asked_for(encoder: keras.Model) -> None:
    """Up to the rounding of colors, of 0.3 / 255 rms; at 0.1 nothing reaches black or white and is clipped."""
    found = maps.input_patterns(encoder, np.array([EDGE]), 0.1, np.random.default_rng(0), steps=3).pictures
    assert maps.rms_contrast(found, np.arange(1)) == pytest.approx(0.1, abs=0.3 / 255)


def test_contrast_is_the_median_distance_from_gray() -> None:
    images = np.uint8([0, 255, 51, 102, 102]).repeat(8 * 8 * 3).reshape(5, 8, 8, 3)
    assert maps.rms_contrast(images, np.arange(5)) == pytest.approx(0.3)
    assert maps.rms_contrast(images, np.array([0, 1])) == pytest.approx(0.5)


def test_the_seed_decides(encoder: keras.Model) -> None:
    a, b, c = (
        maps.input_patterns(encoder, np.array([CROSS]), 0.3, np.random.default_rng(seed), steps=3).pictures
        for seed in (1, 1, 2)
    )
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


PLANTED = {RED: 30, EDGE: 5, CROSS: 17}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Noise, to which no template answers with more than chance, and one image of each template in every tile."""
    images = noise(40)
    for number, row in PLANTED.items():
        images[row] = np.uint8(255 * (tiled(templates()[number]) > 0))
    return images


@pytest.fixture(scope="module")
def found(encoder: keras.Model, images: np.ndarray) -> maps.Survey:
    return maps.survey(encoder, images, np.arange(2, 38), np.random.default_rng(0), count=4)


def test_survey_finds_planted_images_and_dead_maps(found: maps.Survey) -> None:
    rows = found.numbers.tolist()
    assert rows[-1] == DEAD
    assert found.dead == [DEAD]
    assert {number: found.exciting[rows.index(number), 0] for number in PLANTED} == PLANTED
    assert found.exciting_outputs[rows.index(EDGE), 0] == pytest.approx(0.5, abs=1e-6)
    assert found.exciting.shape == (4, 6)
    assert np.all(np.diff(found.exciting_outputs, axis=1) <= 0)
    assert np.all(np.diff(found.amplitudes) <= 0)


def test_a_sheet_has_a_row_for_each_map_and_says_which_are_dead(found: maps.Survey, images: np.ndarray) -> None:
    given: dict[str, Any] = {}
    with on_call(faces.grid, lambda frame: given.update(frame.f_locals)):
        maps.draw(found, images, "title")
    pictures, subtitle = given["pictures"], given["subtitle"]
    assert pictures.shape == (4 * 7, SIZE, SIZE, 3)
    assert np.array_equal(pictures[7], found.patterns.pictures[1])
    assert np.array_equal(pictures[8:14], images[found.exciting[1]])
    assert given["columns"] == 7
    assert [label.split(":")[0] for label in given["labels"]] == [f"map {number}" for number in found.numbers]
    assert given["labels"][-1].endswith("dead: never active")
    assert "dead (never active): 3" in subtitle
    assert given["captions"][0] == f"pattern {found.patterns.outputs[0]:.2f}"


# --- in numbers --------------------------------------------------------------------------------------------------


def responses(means: np.ndarray) -> maps.Responses:
    return maps.Responses(means.astype(np.float32), means.astype(np.float32))


def test_what_maps_react_to_in_numbers() -> None:
    """One map tells brightness alone, one an attribute, one nothing at all, and one is dead."""
    rng = np.random.default_rng(0)
    light, has, noise = rng.uniform(0, 255, 600), rng.integers(0, 2, 600), rng.random(600)
    means = np.column_stack([light, 3.0 + has, 1 + noise, np.zeros(600)])
    properties = {"brightness": light, "detail": rng.random(600)}
    found = maps.reactions(responses(means), properties, {"Smiling": has, "Rare": (np.arange(600) < 9).astype(int)})
    assert found["dead"] == 0.25
    assert found["active"] == pytest.approx(0.75)
    assert found["explained"] == pytest.approx(1 / 3, abs=0.01)
    assert found["auc"] == pytest.approx((1 + 0.5 + 0.5) / 3, abs=0.03)
    assert found["auc_chance"] == pytest.approx(0.5, abs=0.03)


def test_the_best_attribute_is_told_either_way_by_scikit_learns_auc() -> None:
    rng = np.random.default_rng(1)
    outputs = rng.random((300, 2))
    known = {name: rng.integers(-1, 2, 300) for name in "abc"}
    aucs = np.array([[roc_auc_score(v[v >= 0], outputs[v >= 0, k]) for v in known.values()] for k in range(2)])
    found = maps.reactions(responses(outputs), {"x": rng.random(300)}, known)
    assert found["auc"] == pytest.approx(np.maximum(aucs, 1 - aucs).max(axis=1).mean())


@pytest.mark.parametrize(
    ("means", "attributes", "names"),
    [
        (np.zeros((200, 3)), {"a": np.arange(200) % 2}, {"dead", "active"}),
        (np.ones((200, 3)), {"a": np.arange(200) % 2}, {"dead", "active"}),
        (np.arange(200.0)[:, None], {}, {"dead", "active", "explained"}),
        (np.arange(2.0)[:, None], {}, {"dead", "active"}),
    ],
)
def test_what_needs_living_maps_or_attributes_is_left_out(means: np.ndarray, attributes: dict, names: set[str]) -> None:
    assert (
        maps.reactions(responses(means), {"x": np.random.default_rng(0).random(len(means))}, attributes).keys() == names
    )


def test_a_network_without_convolutions_has_no_maps(encoder: keras.Model) -> None:
    assert maps.has_maps(encoder)
    flat = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    assert not maps.has_maps(flat)
