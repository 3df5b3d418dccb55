"""The synthetic faces through the cache, with a stand-in for the renderer, and the real photographs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cae.config import DataConfig
from cae.datasets import data_digest, load, prepare, rendered
from cae.datasets.crops import LUMINANCE_MEAN, LUMINANCE_SD


def draw_factors(start: int, stop: int, *, seed: int, factors: str) -> pd.DataFrame:
    index = np.arange(start, stop)
    return pd.DataFrame({"smile": index + seed / 10, "Smiling": (index % 2).astype("int8")}, index=index)


def render(table: pd.DataFrame, resolution: int) -> np.ndarray:
    faces = np.zeros((len(table), resolution, resolution, 3), np.uint8)
    faces[:] = (table["smile"].to_numpy() % 251).astype(np.uint8)[:, None, None, None]
    return faces


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("cae.datasets.synthetic")
    module.draw_factors, module.render = draw_factors, render  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cae.datasets.synthetic", module)
    return module


def config(**fields: object) -> DataConfig:
    return DataConfig.model_validate({"resolution": 16, "size": 100} | fields)


@pytest.mark.usefixtures("stand_in")
def test_synthetic_faces_with_factors_and_attributes() -> None:
    faces = load(config())
    assert faces.images.shape == (100, 16, 16, 3)
    assert faces.images[:, 0, 0, 0].tolist() == list(range(100))
    assert faces.table["smile"].tolist() == list(range(100))
    assert faces.table["Smiling"].dtype == np.int8
    assert (len(faces.train), len(faces.test)) == (90, 10)
    assert prepare(config(crop="tight", split="random", test_fraction=0.5)) == prepare(config())


def test_synthetic_digest_follows_version_seed_factors_and_count() -> None:
    configs = [config(), config(seed=1), config(factors="uniform"), config(size=99), config(size=None)]
    digests = [data_digest(each) for each in configs]
    assert data_digest(config(resolution=32, crop="tight", contrast="normalized")) == digests[0]
    assert data_digest(config(size=20_000)) == digests[-1]
    assert rendered.source(100, 0, "gaussian").digest == digests[0]
    assert len({*digests, rendered.source(100, 0, "gaussian", rendered.VERSION + 1).digest}) == 6


def test_synthetic_faces_in_several_processes() -> None:
    faces = load(config(size=160, resolution=32))
    again = load(config(size=130, resolution=32))
    assert np.array_equal(faces.images[:130], again.images)
    assert len(np.unique(faces.images.reshape(160, -1), axis=0)) == 160


@pytest.mark.photographs
def test_real_celeba(real_celeba: str) -> None:
    faces = load(config(name="celeba", path=real_celeba, resolution=32, size=None, split="identity"))
    assert len(faces.images) == faces.report["found"] - faces.report["left_out"]
    assert faces.report["left_out"] == 0
    assert faces.report["images_without_row"]["attributes"] == 0
    persons = faces.table["identity"]
    assert not set(persons.iloc[faces.train]) & set(persons.iloc[faces.test])
    assert len(faces.test) / len(faces.images) == pytest.approx(0.1, abs=0.01)
    blond, others = (faces.images[faces.table["Blond_Hair"] == value] for value in (1, 0))
    assert blond[:, :8].mean() > others[:, :8].mean() + 10  # blond hair is light: rows fit their images


@pytest.mark.photographs
@pytest.mark.parametrize("name", ["celeba", "lfw"])
def test_real_photographs_get_one_contrast(name: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(f"real_{name}")
    kind = "celeba" if name == "celeba" else "folder"
    faces = load(config(name=kind, path=path, resolution=32, size=2000, contrast="normalized", crop="tight"))
    luminance = faces.images @ np.array([0.299, 0.587, 0.114], np.float32)
    means, spreads = luminance.mean((1, 2)), luminance.std((1, 2))
    assert np.abs(means - LUMINANCE_MEAN).mean() < 1
    assert np.abs(spreads - LUMINANCE_SD).mean() < 1
    assert spreads.std() < 1.5


@pytest.mark.photographs
def test_real_lfw_has_labels(real_lfw: str) -> None:
    faces = load(config(name="folder", path=real_lfw, resolution=16, size=None))
    assert set(faces.table["label"]) == {folder.name for folder in Path(real_lfw).iterdir() if folder.is_dir()}
    assert np.ptp(faces.images[:100].astype(int), axis=3).max() == 0
