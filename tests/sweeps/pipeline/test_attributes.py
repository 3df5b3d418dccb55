from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

import cae.attributes
import metrics.groups
from cae.attributes import KINDS, aucs, directions, parse
from cae.datasets import ImageSet
from metrics.groups import groups
from metrics.moments import moments
from sweeps.pipeline import attributes as module
from sweeps.pipeline.attributes import (
    RECIPES,
    STRENGTHS,
    arithmetic,
    arithmetic_sheet,
    attribute_sheet,
    choose_people,
    score_attributes,
)
from sweeps.pipeline.latents import LatentSplit

N, TRAIN, D = 900, 600, 4
NAMES = ("Male", "Smiling", "Eyeglasses")


@pytest.fixture
def images() -> ImageSet:
    """Faces seen from the front are gray, others (every third) black or white."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(110, 140, (N, 8, 8, 3), dtype=np.uint8)
    pictures[::6], pictures[3::6] = 0, 255
    return ImageSet("made", pictures, pd.DataFrame(index=range(N)), np.arange(TRAIN), np.arange(TRAIN, N), "digest")


@pytest.fixture
def sides() -> dict[str, LatentSplit]:
    rng = np.random.default_rng(1)
    labels = {name: (rng.random(N) < share).astype(np.int8) for name, share in zip(NAMES, (0.4, 0.5, 0.3), strict=True)}
    labels["rare"] = (np.arange(N) < 20).astype(np.int8)
    labels["Eyeglasses"][:30] = -1
    vectors = (
        rng.standard_normal((N, D)) + np.outer(labels["Male"], [2, 0, 0, 0]) + np.outer(labels["Smiling"], [0, 1, 0, 0])
    )
    known = {"train": slice(0, TRAIN), "test": slice(TRAIN, N)}
    return {
        side: LatentSplit(
            vectors[rows].astype(np.float32), None, {name: values[rows] for name, values in labels.items()}
        )
        for side, rows in known.items()
    }


@pytest.fixture
def table(sides: dict[str, LatentSplit]) -> pd.DataFrame:
    train = sides["train"]
    known = {name: np.where(values < 0, np.nan, values) for name, values in train.attributes.items()}
    found, _ = groups(train.vectors, moments(train.vectors), known, np.random.default_rng(0), 50)
    return pd.DataFrame([asdict(group) for group in found])


def decode(vectors: np.ndarray) -> np.ndarray:
    """Flat pictures whose red, green and blue are the first components."""
    colors = np.clip(128 + 20 * vectors[:, :3], 0, 255).astype(np.uint8)
    return np.broadcast_to(colors[:, None, None], (len(vectors), 8, 8, 3))


def test_groups_get_the_auc_of_the_held_out_side(sides: dict[str, LatentSplit], table: pd.DataFrame) -> None:
    scores = score_attributes(sides, table)
    assert list(scores.table.columns) == [
        "name", "share", "shift", "overlap", "auc_mean_difference", "auc_adjusted", "auc_discriminant", "auc_training",
        "marginal_gaussianity", "radius_agreement",
    ]  # fmt: skip
    assert list(scores.table["name"]) == ["all", *NAMES]
    found, _ = directions(sides["train"].vectors, sides["train"].attributes)
    judged, _ = aucs(found, sides["test"].vectors, sides["test"].attributes)
    rows = scores.table.set_index("name")
    for kind in KINDS:
        assert rows[f"auc_{kind}"].drop("all").to_dict() == judged[kind]
    np.testing.assert_array_equal(rows["overlap"], table["overlap"])
    np.testing.assert_array_equal(rows["auc_training"], table["auc"])
    assert rows["auc_discriminant"]["Male"] > 0.8 > rows["auc_discriminant"]["Eyeglasses"]


def test_metrics_are_finite_and_of_attributes_alone(sides: dict[str, LatentSplit], table: pd.DataFrame) -> None:
    scores = score_attributes(sides, table)
    assert set(scores.metrics) == {
        f"attributes/{word}_{name}" for word in ("shift", "overlap", "auc") for name in NAMES
    }
    assert all(np.isfinite(value) for value in scores.metrics.values())
    assert scores.metrics["attributes/auc_Male"] == scores.table.set_index("name")["auc_discriminant"]["Male"]
    assert set(scores.omitted) == {"attributes/rare"}


def test_attributes_of_too_few_held_out_images_have_no_auc(sides: dict[str, LatentSplit], table: pd.DataFrame) -> None:
    few = np.zeros(N - TRAIN, np.int8)
    few[:9] = 1
    sides["test"] = replace(sides["test"], attributes=sides["test"].attributes | {"Male": few})
    scores = score_attributes(sides, table)
    assert "attributes/auc_Male" not in scores.metrics
    assert "attributes/shift_Male" in scores.metrics
    assert scores.omitted["attributes/auc_Male"].startswith("9 held-out vectors with it and 291 without")
    assert np.isnan(scores.table.set_index("name")["auc_discriminant"]["Male"])


def test_both_packages_leave_the_same_attributes_out() -> None:
    assert cae.attributes.MIN_MEMBERS == metrics.groups.MIN_MEMBERS


def test_people_are_the_same_in_every_run_and_differ_in_attributes(
    sides: dict[str, LatentSplit], images: ImageSet
) -> None:
    test = sides["test"]
    people = choose_people(test, images)
    other = choose_people(replace(test, vectors=-test.vectors), images)
    np.testing.assert_array_equal(people.images, other.images)
    np.testing.assert_array_equal(people.vectors, -other.vectors)
    # Black and white pictures lie far from the mean of all.
    assert ((people.images > 100) & (people.images < 150)).all()
    labels = np.stack([people.attributes[name] for name in NAMES], axis=1)
    assert len(np.unique(labels, axis=0)) == 4
    # The second has none of the three attributes as the first has them: among 50 people there is one.
    assert (labels[0] != labels[1]).all()
    rows = [np.flatnonzero((test.vectors == vector).all(axis=1))[0] for vector in people.vectors]
    np.testing.assert_array_equal(people.images, images.images[images.test[rows]])


@pytest.mark.parametrize("count", [1, 3, 7])
def test_few_held_out_images_are_all_the_people(sides: dict[str, LatentSplit], images: ImageSet, count: int) -> None:
    test = sides["test"]
    short = LatentSplit(test.vectors[:count], None, {name: values[:count] for name, values in test.attributes.items()})
    people = choose_people(short, replace(images, test=images.test[:count]))
    assert len(people.images) == min(4, count) == len(np.unique(people.vectors, axis=0))


def test_a_sheet_moves_each_person_in_both_ways(sides: dict[str, LatentSplit], images: ImageSet) -> None:
    people = choose_people(sides["test"], images)
    found, _ = directions(sides["train"].vectors, sides["train"].attributes)
    seen: list[np.ndarray] = []

    def watched(vectors: np.ndarray) -> np.ndarray:
        seen.append(vectors.reshape(4, 2, len(STRENGTHS), D))
        return decode(vectors)

    assert attribute_sheet(found, "Smiling", people, watched, "title").dtype == np.uint8
    ladders = seen[0]
    np.testing.assert_array_equal(ladders[:, :, 2], np.stack([people.vectors] * 2, axis=1))
    for way, direction in enumerate((found.mean_difference[1], found.adjusted[1])):
        np.testing.assert_allclose(ladders[:, way, 4] - people.vectors, np.tile(2 * direction, (4, 1)), atol=1e-5)


def test_the_overview_shows_what_is_told_best(sides: dict[str, LatentSplit], images: ImageSet) -> None:
    people = choose_people(sides["test"], images)
    seen: list[np.ndarray] = []

    def watched(vectors: np.ndarray) -> np.ndarray:
        seen.append(vectors.reshape(-1, len(STRENGTHS), D))
        return decode(vectors)

    told = {"Male": 0.7, "Smiling": 0.9}
    found, _ = directions(sides["train"].vectors, sides["train"].attributes)
    module.overview(found, told, people, watched, "title")
    best = found.mean_difference[found.names.index("Smiling")]
    np.testing.assert_allclose(seen[0][0, 3], people.vectors[0] + best, atol=1e-5)
    assert len(seen[0]) == 2
    module.overview(found, {}, people, watched, "title")
    assert len(seen[1]) == len(found.names)


def test_images_without_attributes_have_no_scores(sides: dict[str, LatentSplit]) -> None:
    bare = {name: replace(side, attributes={}) for name, side in sides.items()}
    everybody = pd.DataFrame([asdict(metrics.groups.Group("all", 1.0, None, None, 0.9, 0.9))])
    scores = score_attributes(bare, everybody)
    assert (scores.metrics, scores.omitted) == ({}, {})


def test_arithmetic_adds_and_takes_away(sides: dict[str, LatentSplit]) -> None:
    train = sides["train"]
    vectors, captions = arithmetic("Male & Smiling - Male & !Smiling + !Male & !Smiling = !Male & Smiling", train)
    male, smiling = (train.attributes[name] == 1 for name in ("Male", "Smiling"))
    means = [train.vectors[who].mean(axis=0) for who in (male & smiling, male & ~smiling, ~male & ~smiling)]
    np.testing.assert_allclose(vectors[:3], means, rtol=1e-4)
    np.testing.assert_allclose(vectors[3], means[0] - means[1] + means[2], atol=1e-5)
    # Both attributes move a vector for themselves: the sum is the group's mean but for noise, 5 sd of four means.
    noise = 5 * np.sqrt(
        sum(1 / who.sum() for who in (male & smiling, male & ~smiling, ~male & ~smiling, ~male & smiling))
    )
    np.testing.assert_allclose(vectors[3], vectors[4], atol=noise)
    assert captions == ["+ Male & Smiling", "− Male & !Smiling", "+ !Male & !Smiling", "= sum", "real !Male & Smiling"]


def test_every_recipe_fills_a_row_of_the_same_length(sides: dict[str, LatentSplit]) -> None:
    assert {len(parse(recipe).terms) for recipe in RECIPES} == {3}
    sheet, omitted = arithmetic_sheet(sides["train"], decode, "title")
    assert sheet is not None
    assert len(omitted) == 1
