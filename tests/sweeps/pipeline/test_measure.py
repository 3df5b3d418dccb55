from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import FrameType

import keras
import numpy as np
import pandas as pd
import pytest

from cae import latents
from cae.config import AnalysisConfig, ModelConfig
from cae.datasets import ImageSet
from cae.image_properties import PROPERTIES
from cae.model import build
from cae.names import is_safe
from metrics import VERSION, score
from metrics.catalog import HEADLINES
from metrics.moments import moments
from sweeps.pipeline.compute import encode
from sweeps.pipeline.latents import LatentSplit, load_latents, save_latents
from sweeps.pipeline.measure import core_steps, group_metrics, logged, measure
from sweeps.pipeline.plots import write_measured
from sweeps.pipeline.trained_model import cloud_of
from tests.faults import on_call

N, D = 600, 5


@pytest.fixture
def images() -> ImageSet:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (N, 8, 8, 3), dtype=np.uint8)
    pictures[3] = 7
    table = pd.DataFrame(
        {
            "file": [f"{i}.png" for i in range(N)],
            "Smiling": pd.array([None, *rng.integers(0, 2, N - 1)], dtype="Int8"),
            "Male": rng.integers(0, 2, N).astype("int8"),
            "partition": np.zeros(N, "int32"),
            "age": rng.normal(size=N),
        }
    )
    return ImageSet("made", pictures, table, np.arange(0, 500), np.arange(500, N), "digest")


def stored(images: ImageSet, tmp_path: Path, scale: float = 1.0) -> tuple[np.ndarray, dict[str, LatentSplit]]:
    vectors = scale * np.random.default_rng(1).normal(size=(N, D)).astype(np.float32)
    save_latents(tmp_path / "latents" / "latents.npz", images, vectors[images.train], vectors[images.test])
    return vectors, load_latents(tmp_path / "latents" / "latents.npz")


def test_what_is_stored_comes_back_with_properties_and_attributes(images: ImageSet, tmp_path: Path) -> None:
    vectors, sides = stored(images, tmp_path)
    assert {name: len(side.vectors) for name, side in sides.items()} == {"train": 500, "test": 100}
    np.testing.assert_array_equal(sides["train"].vectors, vectors[:500])
    assert sides["train"].vectors.dtype == np.float32
    assert list(sides["train"].properties) == list(PROPERTIES)
    assert sides["train"].properties["contrast"][3] == 0
    assert set(sides["test"].attributes) == {"Smiling", "Male"}
    assert sides["train"].attributes["Smiling"][0] == -1
    np.testing.assert_array_equal(sides["test"].attributes["Male"], images.table["Male"][500:])


@pytest.mark.parametrize("offset", [0, 100, 300, 1_000])
def test_a_run_has_the_scores_of_what_its_encoder_gave(images: ImageSet, tmp_path: Path, offset: float) -> None:
    """However many sds it lies from the origin; float16 took .981, .946 and .900 from marginals of .991."""
    vectors = np.random.default_rng(1).normal(offset, 1, (5_000, 16)).astype(np.float32)
    path = tmp_path / "latents" / "latents.npz"
    rows = images.train[:1].repeat(len(vectors))
    save_latents(path, replace(images, train=rows), vectors, vectors)
    side = load_latents(path)["train"]
    direct, centered = (
        score(points, calibrate=False, families=("marginal",)).values for points in (vectors, vectors - offset)
    )
    found = score(side.sample, calibrate=False, families=("marginal",)).values
    assert found == direct
    assert found["marginal_gaussianity"] == pytest.approx(centered["marginal_gaussianity"], abs=2e-4)
    assert found["marginal_gaussianity"] > 0.99


@pytest.mark.parametrize("activation", ["sigmoid", "softplus"])
def test_vectors_far_from_the_origin_are_scored_as_they_are(images: ImageSet, tmp_path: Path, activation: str) -> None:
    keras.utils.set_random_seed(0)
    network = build(ModelConfig(maps=(8, 8), latent_dim=D, activation=activation), 8)
    sides = encode(network, images, tmp_path)
    direct = latents.encode(network.encoder, images.images, images.train)
    assert np.max(np.abs(direct.mean(axis=0)) / direct.std(axis=0)) > 30
    found = measure(sides, AnalysisConfig(contour_pairs=5)).metrics
    expected = score(direct, contour_pairs=5, calibrate=False).values
    assert {name: found[f"mnd/{name}"] for name in HEADLINES} == {name: expected[name] for name in HEADLINES}
    assert found["latents/rounding"] < 1e-4


def test_files_of_float16_are_read_and_say_how_coarse_they_are(images: ImageSet, tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(100, 1, (N, D)).astype(np.float16)
    np.savez(tmp_path / "latents.npz", train=vectors, test=vectors)
    side = load_latents(tmp_path / "latents.npz")["train"]
    np.testing.assert_array_equal(side.vectors, vectors.astype(np.float32))
    assert side.vectors.dtype == np.float32
    # Neighbours of 100 in float16 are 1/16 apart.
    assert side.rounding == pytest.approx(1 / 16, rel=0.1)
    constant = np.zeros((N, D), np.float32)
    assert LatentSplit(constant).rounding == 0


def test_names_that_are_no_paths_and_keys_get_others_and_stay_titles(images: ImageSet, tmp_path: Path) -> None:
    hostile = images.table.rename(columns={"Male": "../../../escaped", "Smiling": "Age>30 (%)"})
    _, sides = stored(replace(images, table=hostile), tmp_path)
    assert sides["train"].titles == {"escaped": "../../../escaped", "Age_30": "Age>30 (%)"}
    found = measure(sides, AnalysisConfig(contour_pairs=5))
    assert {"attributes/auc_escaped", "attributes/shift_Age_30"} <= set(found.metrics)
    assert all(is_safe(name) for name in found.metrics)
    table = found.tables["attributes.csv"]
    assert list(table["name"]) == ["all", "Age_30", "escaped"]
    assert list(table["title"]) == ["all", "Age>30 (%)", "../../../escaped"]


def test_files_of_version_1_have_vectors_alone(tmp_path: Path) -> None:
    vectors = np.zeros((4, 2), np.float16)
    np.savez(tmp_path / "latents.npz", train=vectors, test=vectors, train_index=np.arange(4), test_index=np.arange(4))
    side = load_latents(tmp_path / "latents.npz")["train"]
    assert side.properties == {}
    assert side.attributes == {}


def test_what_is_measured_is_told_while_it_is(images: ImageSet, tmp_path: Path) -> None:
    told: list[str] = []
    measure(stored(images, tmp_path)[1], AnalysisConfig(contour_pairs=5), told.append)
    for words in ("training vectors", "held-out vectors"):
        places = [told.index(f"{family} of {words}") for family in ("marginal", "pursuit", "intervals")]
        assert places == sorted(places)
    assert told[-1] == "groups of images"


def test_both_sides_are_measured_with_their_tables(images: ImageSet, tmp_path: Path) -> None:
    _, sides = stored(images, tmp_path)
    found = measure(sides, AnalysisConfig(contour_pairs=5))
    for prefix in ("mnd", "mnd_test"):
        for name in HEADLINES:
            assert {f"{prefix}/{name}{end}" for end in ("", "_null", "_gap", "_gap_sds")} <= set(found.metrics)
        assert abs(found.metrics[f"{prefix}/radius/correlation_contrast"]) < 0.3
        assert len(found.steps[f"{prefix}/core/radius_agreement"]) == 8
    assert not any("core/" in name for name in found.metrics)
    assert found.metrics["mnd/groups/auc"] == pytest.approx(0.5, abs=0.15)
    assert set(found.tables) == {
        "mnd.csv",
        "mnd_test.csv",
        "components.csv",
        "correlated_pairs.csv",
        "attributes.csv",
    }
    assert list(found.tables["attributes.csv"]["name"]) == ["all", "Smiling", "Male"]
    components = found.tables["components.csv"]
    size = np.hypot(components["mean"], components["sd"])
    assert (np.diff(size) <= 0).all()
    assert sorted(components["component"]) == list(range(D))
    assert all(np.isfinite(value) for value in found.metrics.values())


def test_the_same_vectors_give_the_same_numbers(images: ImageSet, tmp_path: Path) -> None:
    _, sides = stored(images, tmp_path)
    first, second = (measure(sides, AnalysisConfig(contour_pairs=5)) for _ in range(2))
    assert first.metrics == second.metrics
    assert first.steps == second.steps
    assert VERSION


def test_diagnostics_are_logged_with_their_gap_alone() -> None:
    scores = score(np.random.default_rng(0).normal(size=(500, D)))
    names = logged(scores)
    assert "marginal/wasserstein" in names
    assert "marginal/wasserstein_gap_sds" in names
    assert "marginal/wasserstein_null" not in names
    assert names["radius_agreement_gap"] == scores.values["radius_agreement_gap"]


def test_the_core_is_a_curve_that_ends_at_the_headline() -> None:
    scores = score(np.random.default_rng(0).normal(size=(500, D)))
    curve = core_steps(scores)["radius_agreement"]
    assert list(curve) == [50, 60, 70, 80, 90, 95, 99, 100]
    assert curve[100] == pytest.approx(scores.values["radius_agreement"])
    assert set(core_steps(scores)) >= {"radius_agreement_null", "off_origin_distance"}


def test_no_group_but_everybody_gives_no_mean() -> None:
    from metrics.groups import Group

    assert group_metrics([Group("all", 1.0, None, None, 0.9, None)]) == {"mnd/groups/marginal_gaussianity_all": 0.9}


@pytest.mark.thorough
def test_the_moments_of_each_side_are_computed_once_for_scores_plots_and_generators(
    images: ImageSet, tmp_path: Path
) -> None:
    _, sides = stored(images, tmp_path)
    computed = dict.fromkeys(sides, 0)

    def count(frame: FrameType) -> None:
        for name, side in sides.items():
            computed[name] += frame.f_locals["latents"] is side.vectors  # not the Sample, which has them at hand

    with on_call(moments, count):
        measured = measure(sides, AnalysisConfig(contour_pairs=5))
        write_measured(measured, sides, {}, tmp_path, "title")
        cloud_of(sides["train"])
    assert computed == {"train": 1, "test": 1}
