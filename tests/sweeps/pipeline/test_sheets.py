from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cae import faces, latents, paths
from cae.config import DataConfig, ModelConfig, RunConfig
from cae.convolutional import build_autoencoder
from cae.datasets import load
from sweeps.errors import SweepError
from sweeps.pipeline.draw import _write_attributes, write_faces, write_judged
from sweeps.pipeline.face_quality import MEASURES, face_quality
from sweeps.pipeline.latents import LatentSplit, load_latents, save_latents
from sweeps.pipeline.sheets import PEOPLE, SHEETS, SIGMAS, STEPS, Choice
from sweeps.pipeline.trained_model import TrainedModel, cloud_of

RESOLUTION, D, COUNT = 32, 8, 10
# Enlarged to 96 pixels, with a gap of 4.
TILE = 100


@pytest.fixture(scope="module")
def trained(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedModel]:
    """An untrained network on 600 synthetic faces: what is drawn does not depend on how good it is."""
    values = {"images_per_grid": COUNT, "judged_faces": 6, "innermost_maps": 0, "contour_pairs": 5}
    config = RunConfig.model_validate(
        {
            "data": DataConfig(size=600, resolution=RESOLUTION, test_fraction=0.2),
            "model": ModelConfig(maps=(8, 16), latent_dim=D),
            "analysis": values,
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_CACHE", str(shared_cache))
        images = load(config.data)
        network = build_autoencoder(config.model, RESOLUTION)
        path = tmp_path_factory.mktemp("trained") / "latents" / "latents.npz"
        vectors = [latents.encode(network.encoder, images.images, rows) for rows in (images.train, images.test)]
        save_latents(path, images, *vectors)
        sides = load_latents(path)
        cloud = cloud_of(sides["train"])
        yield TrainedModel(config, network.encoder, network.decoder, sides, cloud, images, "title")


def test_names_of_attributes_stay_in_the_folder_and_are_drawn_as_they_are(
    trained: TrainedModel, tmp_path: Path
) -> None:
    names = {"Male": "../../../escaped", "Smiling": "Age>30 (%)"}
    images = trained.photographs("")
    renamed = replace(images, table=images.table.rename(columns=names))
    save_latents(tmp_path / "latents.npz", renamed, *(side.vectors for side in trained.sides.values()))
    other = replace(trained, sides=load_latents(tmp_path / "latents.npz"))
    folder = tmp_path / "a" / "b" / "run"
    _write_attributes(other, folder)
    assert {"escaped.png", "Age_30.png", "Eyeglasses.png"} <= {p.name for p in (folder / "faces/attributes").iterdir()}
    assert not list(tmp_path.rglob("*escaped*"))[1:]
    by_title, by_name = (SHEETS["attribute"](other, Choice(attribute=name)) for name in ("Age>30 (%)", "Age_30"))
    np.testing.assert_array_equal(by_title.picture, by_name.picture)
    faces.save_png(by_title.picture, tmp_path / "title.png")
    recipe = "Age>30 (%) & Eyeglasses - Eyeglasses + !Eyeglasses = !Eyeglasses"
    with pytest.raises(SweepError, match="where an attribute is expected"):
        SHEETS["arithmetic"](other, Choice(recipe=recipe))
    assert SHEETS["arithmetic"](other, Choice(recipe=recipe.replace("Age>30 (%)", "Age_30"))).picture.std() > 0


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_is_a_picture_of_its_points(name: str, trained: TrainedModel) -> None:
    sheet = SHEETS[name](trained, Choice(count=COUNT, attribute="Male"))
    assert sheet.picture.dtype == np.uint8
    assert sheet.picture.ndim == 3
    assert sheet.picture.std() > 0
    if sheet.pictures is not None:
        assert sheet.pictures.shape[1:] == (RESOLUTION, RESOLUTION, 3)
    if sheet.points is not None:
        assert sheet.points.shape[1] == D
        assert sheet.points.dtype == np.float32


def test_generated_faces_are_the_first_draws_of_the_method(trained: TrainedModel) -> None:
    some, more = (SHEETS["mnd"](trained, Choice(count=count)) for count in (3, 9))
    assert some.points is not None
    assert more.points is not None
    np.testing.assert_allclose(more.points[:3], some.points, rtol=1e-5)
    skipped = SHEETS["mnd"](trained, Choice(count=6, skip=3))
    np.testing.assert_allclose(skipped.points, more.points[3:], rtol=1e-5)
    assert np.array_equal(more.pictures, trained.decode(more.points))


def test_the_analysis_section_steers_the_methods(trained: TrainedModel) -> None:
    def spread(name: str, **settings: float) -> float:
        changed = trained.config.analysis.model_copy(update=settings)
        other = replace(trained, config=trained.config.model_copy(update={"analysis": changed}))
        points = SHEETS[name](other, Choice(count=COUNT)).points
        return float(np.linalg.norm(points - trained.cloud.mean))

    assert spread("mnd", mnd_sigma=2.0) == pytest.approx(2 * spread("mnd"), rel=1e-5)
    assert spread("interval", interval_factor=0.5) == pytest.approx(0.5 * spread("interval"), rel=1e-5)
    assert spread("pca", pca_sigma=0.1) < spread("pca")


def test_a_path_starts_at_the_origin_and_goes_through_the_center(trained: TrainedModel) -> None:
    sheet = SHEETS["path"](trained, Choice(components=(2, 5)))
    points = sheet.points.reshape(-1, STEPS, D)
    np.testing.assert_array_equal(points[0, 0], 0)
    np.testing.assert_allclose(points[0, -1], trained.cloud.mean, rtol=1e-5)
    np.testing.assert_allclose(points[1:, STEPS // 2], np.tile(trained.cloud.mean, (4, 1)), rtol=1e-4, atol=1e-6)
    others = [k for k in range(D) if k not in (2, 5)]
    assert np.ptp(points[1:, :, others], axis=(0, 1)).max() == 0
    with pytest.raises(ValueError, match="components 3 and 3 span no plane"):
        SHEETS["path"](trained, Choice(components=(3, 3)))


def test_a_path_shows_the_dominant_planes(trained: TrainedModel) -> None:
    count = len(paths.dominant_planes(trained.cloud, 3))
    assert len(SHEETS["path"](trained, Choice()).points) == STEPS * (1 + 4 * count)


def test_the_center_says_what_it_shows(trained: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    grid = faces.grid
    monkeypatch.setattr(faces, "grid", lambda *args, **kwargs: drawn.append(args[2]) or grid(*args, **kwargs))
    sheet = SHEETS["center"](trained, Choice())
    spread = trained.sides["train"].vectors.std(axis=0, ddof=1)
    away = np.linalg.norm(sheet.points[0] - sheet.points[1]) / np.linalg.norm(spread)
    assert f"the mean of all training vectors, and the point 0, {away:.2f} sizes of the cloud away" in drawn[0]


def test_a_ladder_has_each_direction_at_every_sigma(trained: TrainedModel) -> None:
    points = SHEETS["ladder"](trained, Choice()).points.reshape(PEOPLE, len(SIGMAS), D) - trained.cloud.mean
    np.testing.assert_allclose(points[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(points[:, -1], 4 * points[:, SIGMAS.index(1.0)], rtol=1e-3, atol=1e-5)


def test_slerp_ends_at_held_out_vectors(trained: TrainedModel) -> None:
    points = SHEETS["slerp"](trained, Choice()).points.reshape(PEOPLE, STEPS - 2, D)
    ends = trained.sides["test"].vectors[trained.held_out(2 * PEOPLE)].reshape(PEOPLE, 2, D)
    np.testing.assert_allclose(points[:, [0, -1]], ends, rtol=1e-4, atol=1e-6)


def test_the_same_people_are_held_out_in_every_run_on_the_same_images(trained: TrainedModel) -> None:
    other = replace(trained, sides={**trained.sides}, title="other")
    assert np.array_equal(trained.held_out(5), other.held_out(9)[:5])


NEEDED = {name: name for name in ("reconstruction", "attributes", "maps")} | {"attribute": "attributes"}


@pytest.mark.parametrize("name", SHEETS)
def test_without_photographs_only_what_needs_them_fails(name: str, trained: TrainedModel) -> None:
    blind = replace(trained, images=None, without="/nowhere: no such folder")
    choice = Choice(count=2, attribute="Male")
    if name in NEEDED:
        words = rf"^{NEEDED[name]} needs the run's photographs: /nowhere: no such folder$"
        with pytest.raises(SweepError, match=words):
            SHEETS[name](blind, choice)
    else:
        assert SHEETS[name](blind, choice).picture.std() > 0


@pytest.mark.parametrize(
    ("name", "choice", "message"),
    [
        ("attribute", Choice(), "--attribute None: there are .*Male"),
        ("attribute", Choice(attribute="Hat"), "--attribute Hat: there are .*Male"),
        ("arithmetic", Choice(recipe="Male - Hat + Male = Hat"), "there is no attribute Hat"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_error(
    name: str, choice: Choice, message: str, trained: TrainedModel
) -> None:
    with pytest.raises(SweepError, match=message):
        SHEETS[name](trained, choice)


def test_a_constant_component_still_gives_a_cloud() -> None:
    vectors = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    vectors[:, 1] = 2
    cloud = cloud_of(LatentSplit(vectors))
    assert cloud.half_widths[1] == 0
    assert cloud.half_widths[0] == pytest.approx(1.1774 * vectors[:, 0].std(ddof=1), rel=1e-4)


def test_a_run_draws_and_judges_everything(trained: TrainedModel, tmp_path: Path) -> None:
    assert all(name.startswith("faces/arithmetic") for name in write_faces(trained, tmp_path))
    names = {path.stem for path in (tmp_path / "faces").glob("*.png")}
    assert names >= {*trained.config.analysis.sampling, "path", "ladder", "slerp", "neighbours", "attributes"}
    assert "maps" not in names
    assert (tmp_path / "faces" / "attributes" / "Male.png").exists()
    assert (tmp_path / "previews" / "attributes.png").exists()
    assert (tmp_path / "plots" / "paths.png").exists()
    judged = write_judged(trained, tmp_path)
    # 6 faces a method are too few to be compared as sets.
    assert list(judged.omitted) == ["faces/kid"]
    assert (tmp_path / "plots" / "generated.png").exists()
    assert (tmp_path / "scores" / "generators.csv").exists()
    assert all(np.isfinite(value) for value in judged.metrics.values())


def test_attribute_sheets_can_be_left_out(trained: TrainedModel, tmp_path: Path) -> None:
    analysis = trained.config.analysis.model_copy(update={"attribute_sheets": False, "sampling": ("mnd",)})
    quiet = replace(trained, config=trained.config.model_copy(update={"analysis": analysis}))
    write_faces(quiet, tmp_path)
    assert (tmp_path / "faces" / "attributes.png").exists()
    assert not (tmp_path / "faces" / "attributes").exists()


def test_methods_are_judged_beside_real_images(trained: TrainedModel) -> None:
    judged = face_quality(trained)
    table = judged.table.set_index("method")
    assert list(table.index) == ["real", "reconstruction", *trained.config.analysis.sampling]
    assert table.loc["real", "diversity"] == pytest.approx(1)
    assert np.isnan(table.loc["real", "reencoding"])
    assert table["visible"].between(table["visible_low"], table["visible_high"]).all()
    assert {name.split("/")[1].split("_")[0] for name in judged.metrics} == set(MEASURES)
    assert judged.metrics["faces/nearest_mnd"] == table.loc["mnd", "nearest"]


def test_methods_are_compared_with_other_photographs(trained: TrainedModel) -> None:
    analysis = trained.config.analysis.model_copy(update={"judged_faces": 55, "sampling": ("mnd", "uniform")})
    judged = face_quality(replace(trained, config=trained.config.model_copy(update={"analysis": analysis})))
    table = judged.table.set_index("method")
    assert judged.omitted == {}
    # An untrained decoder's pictures are gray.
    assert table.loc["real", "kid_high"] < table.loc["mnd", "kid_low"]
    assert judged.metrics["faces/coverage_real"] == table.loc["real", "coverage"] > 0.8
    assert "kid_behind" not in judged.rows()[0]
    assert {"kid_behind", "kid_behind_low", "kid_behind_high"} <= judged.rows()[2].keys()


def test_the_detector_can_be_switched_off(trained: TrainedModel) -> None:
    analysis = trained.config.analysis.model_copy(update={"face_detector": False})
    judged = face_quality(replace(trained, config=trained.config.model_copy(update={"analysis": analysis})))
    assert "visible" not in judged.table
    assert "faces/reencoding_mnd" in judged.metrics


def test_images_without_attributes_have_no_attribute_sheets(trained: TrainedModel, tmp_path: Path) -> None:
    bare = {name: replace(side, attributes={}) for name, side in trained.sides.items()}
    without = replace(trained, sides=bare)
    assert write_faces(without, tmp_path) == {}
    assert not list((tmp_path / "faces").glob("a*"))
    with pytest.raises(SweepError, match="have none that enough of them have and lack"):
        SHEETS["attributes"](without, Choice())


def test_without_a_detector_all_else_is_judged_and_the_reason_said(
    trained: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(images: np.ndarray) -> np.ndarray:
        raise ImportError("the face detector needs TensorFlow; pip install tensorflow")

    monkeypatch.setattr("sweeps.pipeline.face_quality.visible", missing)
    judged = face_quality(trained)
    assert judged.omitted["faces/visible"] == "the face detector needs TensorFlow; pip install tensorflow"
    assert "faces/diversity_mnd" in judged.metrics
    assert not any(name.startswith(("faces/visible", "faces/confidence")) for name in judged.metrics)
