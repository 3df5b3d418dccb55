from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from cae import pixels
from cae.config import RunConfig
from cae.datasets.imageset import ImageSet
from metrics import score
from metrics.catalog import HEADLINES
from metrics.moments import Sample
from metrics.null import cache_folder
from sweeps.pipeline.compute import untrained
from sweeps.pipeline.controls import CONTROLS, KEPT, gains, measure_controls, measure_elliptical
from sweeps.pipeline.plots import references

CONFIG = RunConfig.model_validate(
    {"data": {"name": "digits", "resolution": 16}, "model": {"maps": [4, 8], "latent_dim": 6}}
)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (400, 16, 16, 3), dtype=np.uint8)
    table = pd.DataFrame({"file": [f"{i}" for i in range(400)]})
    return ImageSet("noise", pictures, table, np.arange(360), np.arange(360, 400), "0" * 12)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))


class Network:
    """An untrained encoder, and how often it was asked for."""

    def __init__(self, config: RunConfig = CONFIG) -> None:
        self.config, self.made = config, 0

    def __call__(self) -> keras.Model:
        self.made += 1
        return untrained(self.config).encoder


def test_the_elliptical_law_explains_a_radius_and_no_clusters() -> None:
    rng = np.random.default_rng(0)
    heavy = rng.standard_normal((3_000, 6)) * rng.uniform(0.3, 1.5, (3_000, 1))
    two = rng.standard_normal((3_000, 6)) + rng.choice([-3, 3], (3_000, 1))
    for points, is_explained in ((heavy, True), (two, False)):
        found = measure_elliptical(Sample(points), CONFIG).metrics
        assert found.keys() == {f"control/elliptical/{name}" for name in KEPT}
        own = score(points, calibrate=False, families=("marginal", "pursuit")).values
        for name, near in (("marginal_gaussianity", 0.01), ("pursuit/ks", 0.05)):
            assert (abs(found[f"control/elliptical/{name}"] - own[name]) < near) == is_explained


def test_of_a_cloud_that_is_flat_the_reason_is_told() -> None:
    flat = np.tile(np.random.default_rng(0).standard_normal((50, 1)), 6)
    found = measure_elliptical(Sample(flat), CONFIG)
    assert found.metrics == {}
    assert "linearly dependent" in found.omitted["control/elliptical"]


def test_every_control_has_every_number_and_noise_is_normal(images: ImageSet) -> None:
    found = measure_controls(CONFIG, images, Network())
    assert found.omitted == {}
    expected = {f"control/{control}/{name}" for control in CONTROLS for name in KEPT}
    expected |= {f"control/{control}/mnd_test/{name}" for control in CONTROLS for name in HEADLINES}
    expected |= {f"control/untrained/maps/{name}" for name in ("dead", "active", "explained")}
    assert found.metrics.keys() == expected | {"reconstruction/mse_pca"}
    # Projections of independent values are normal.
    null = score(np.random.default_rng(0).standard_normal((360, 6)), families=("radius",)).rows[0]
    for control in CONTROLS:
        assert (
            abs(found.metrics[f"control/{control}/radius_agreement"] - null.beside["null"]) < 5 * null.beside["null_sd"]
        )


@pytest.mark.parametrize(("side", "prefix"), [("train", ""), ("test", "mnd_test/")])
def test_untrained_is_the_encoder_before_its_first_step(images: ImageSet, side: str, prefix: str) -> None:
    found = measure_controls(CONFIG, images, Network()).metrics
    encoder = untrained(CONFIG).encoder
    vectors = keras.ops.convert_to_numpy(encoder(images.images[getattr(images, side)]))
    expected = score(vectors, calibrate=False).values
    for name in HEADLINES:
        assert found[f"control/untrained/{prefix}{name}"] == pytest.approx(expected[name], abs=2e-3)


def test_pixels_of_held_out_images_are_those_of_the_same_axes(images: ImageSet) -> None:
    found = measure_controls(CONFIG, images, Network()).metrics
    vectors = {
        "projection": pixels.random_projection(images.images, images.test, 6),
        "pca": pixels.pixel_axes(images, 6).scores(images.images, images.test),
    }
    for control, held_out in vectors.items():
        expected = score(held_out, calibrate=False, families=("radius",)).values["radius_agreement"]
        assert found[f"control/{control}/mnd_test/radius_agreement"] == pytest.approx(expected, abs=1e-6)


def test_too_few_held_out_images_leave_out_their_scores_alone(images: ImageSet) -> None:
    found = measure_controls(CONFIG, replace(images, test=np.arange(360, 366)), Network())
    assert found.omitted["control/untrained/mnd_test/radius_agreement"].startswith("6 points in 6 components")
    assert "control/untrained/radius_agreement" in found.metrics


def test_they_are_computed_once_for_the_same_images_and_network(images: ImageSet) -> None:
    network = Network()
    first = measure_controls(CONFIG, images, network)
    folder = cache_folder().parent / "controls"
    stamps = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(stamps) == 3
    assert measure_controls(CONFIG, images, network) == first
    assert network.made == 1
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == stamps


@pytest.mark.parametrize(
    ("changed", "files"),
    [
        ({"training": {"seed": 1}}, 4),
        ({"training": {"precision": "bfloat16"}}, 4),
        ({"model": {"activation": "tanh"}}, 4),
        ({"model": {"latent_dim": 5}}, 6),
        ({"data": {"surrogate": "phase"}}, 6),
        ({"training": {"epochs": 3}}, 3),
        ({"data": {"path": "elsewhere"}}, 3),
        ({"analysis": {"levels": [1.0]}}, 6),
    ],
    ids=["seed", "precision", "network", "dimensions", "data", "epochs", "path", "settings"],
)
def test_what_changes_them_has_some_of_its_own(images: ImageSet, changed: dict, files: int) -> None:
    measure_controls(CONFIG, images, Network())
    content = CONFIG.model_dump()
    other = RunConfig.model_validate({name: content[name] | changed.get(name, {}) for name in content})
    measure_controls(other, images, Network(other))
    assert len(list((cache_folder().parent / "controls").iterdir())) == files


def test_another_digest_is_another_data_set(images: ImageSet) -> None:
    measure_controls(CONFIG, images, Network())
    measure_controls(CONFIG, replace(images, digest="1" * 12), Network())
    assert len(list((cache_folder().parent / "controls").iterdir())) == 6


@pytest.mark.parametrize("damage", [b"{", b'{"metrics": {}}'])
def test_a_damaged_cache_costs_the_time_again(images: ImageSet, damage: bytes) -> None:
    first = measure_controls(CONFIG, images, Network())
    for path in (cache_folder().parent / "controls").iterdir():
        path.write_bytes(damage)
    assert measure_controls(CONFIG, images, Network()) == first


def test_a_cache_that_cannot_be_written_stops_nothing(images: ImageSet) -> None:
    cache_folder().parent.write_text("a file where the folder should be")
    assert measure_controls(CONFIG, images, Network()).omitted == {}


def test_too_few_images_for_the_principal_axes_leave_them_out_with_the_reason(images: ImageSet) -> None:
    found = measure_controls(CONFIG, replace(images, train=np.arange(6)), Network())
    assert found.omitted["control/pca"] == "6 images of 768 color values have no 6 principal axes"
    assert "reconstruction/mse_pca" not in found.metrics
    assert found.omitted["control/projection/radius_agreement"].startswith("6 points in 6 components")


def test_a_gain_is_the_difference_from_the_untrained_network() -> None:
    metrics = {"mnd/radius_agreement": 0.6, "control/untrained/radius_agreement": 0.64, "mnd/contour_agreement": 0.9}
    assert gains(metrics) == {"gain/radius_agreement": pytest.approx(-0.04)}
    held_out = {"mnd_test/radius_agreement": 0.7, "control/untrained/mnd_test/radius_agreement": 0.75}
    assert gains(metrics | held_out)["gain/mnd_test/radius_agreement"] == pytest.approx(-0.05)


def test_references_are_the_controls_by_name() -> None:
    metrics = {
        "control/pca/origin/norm_spread": 1.0,
        "control/untrained/radius_agreement": 0.6,
        "mnd/radius_agreement": 1,
    }
    assert references(metrics) == {"untrained": {"radius_agreement": 0.6}, "pixels": {}}
    assert references({"control/projection/origin/norm_spread": 1.0})["pixels"] == {"origin/norm_spread": 1.0}
