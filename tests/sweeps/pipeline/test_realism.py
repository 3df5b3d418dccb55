from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cae.config import AnalysisConfig
from cae.datasets.synthetic import draw_factors, render
from metrics.face_features import face_features
from metrics.generated import kid
from sweeps.pipeline import realism as module
from sweeps.pipeline.realism import LEAST, MEASURES, MOST, realism

FACES = 150


@dataclass(frozen=True)
class Fake:
    """What realism asks of a trained model: held-out photographs in an order, and the analysis."""

    images: np.ndarray
    weights: str | None = None

    @property
    def config(self) -> Any:
        return SimpleNamespace(analysis=AnalysisConfig(inception_weights=self.weights))

    @property
    def sides(self) -> Any:
        return {"test": SimpleNamespace(vectors=np.zeros((len(self.images), 2)))}

    def held_out(self, count: int) -> np.ndarray:
        return np.arange(len(self.images))[::-1][:count]

    def originals(self, rows: np.ndarray) -> np.ndarray:
        return self.images[rows]

    def means(self, pictures: np.ndarray) -> np.ndarray:
        return pictures

    def decode(self, points: np.ndarray) -> np.ndarray:
        """A decoder that shows everything darker."""
        return (points * 0.4).astype(np.uint8)


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    return render(draw_factors(0, FACES, seed=0, factors="gaussian"), 32)


def methods(photographs: np.ndarray, count: int) -> dict[str, np.ndarray]:
    real = photographs[::-1][:count]
    dark = (real * 0.4).astype(np.uint8)
    return {"real": real, "reconstruction": real, "good": real[::-1], "dark": dark, "one": real[:1].repeat(count, 0)}


@pytest.fixture(scope="module")
def columns(photographs: np.ndarray) -> Mapping[str, Mapping[str, float]]:
    found = realism(Fake(photographs), methods(photographs, 60), 0.99)
    assert found.omitted == {}
    return found.columns


def test_each_measure_stands_within_its_interval(columns: Mapping[str, Mapping[str, float]]) -> None:
    assert list(columns) == ["real", "reconstruction", "good", "dark", "one"]
    for row in columns.values():
        for name in MEASURES[:6]:
            if name == "decoded_kid" and row is columns["real"]:
                continue
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    assert not any("inception" in name for row in columns.values() for name in row)


def test_what_the_decoder_cannot_show_is_not_held_against_a_generator(
    columns: Mapping[str, Mapping[str, float]],
) -> None:
    assert "decoded_kid" not in columns["real"]
    assert columns["dark"]["decoded_kid"] == pytest.approx(0, abs=columns["dark"]["kid"] / 20)
    assert columns["good"]["decoded_kid_low"] > columns["dark"]["decoded_kid_high"]


def test_bad_generators_are_worse_than_photographs(columns: Mapping[str, Mapping[str, float]]) -> None:
    assert columns["dark"]["kid_low"] > columns["real"]["kid_high"]
    assert columns["one"]["recall"] == 0
    assert columns["one"]["coverage_high"] < columns["real"]["coverage_low"]
    assert columns["good"]["kid"] == pytest.approx(columns["real"]["kid"])


def test_generators_are_compared_with_the_best_of_them_alone(columns: Mapping[str, Mapping[str, float]]) -> None:
    assert "kid_behind" not in columns["real"].keys() | columns["reconstruction"].keys()
    assert [columns["good"][f"kid_behind{end}"] for end in ("", "_low", "_high")] == [0, 0, 0]
    assert columns["dark"]["kid_behind"] == pytest.approx(columns["dark"]["kid"] - columns["good"]["kid"])
    assert columns["dark"]["kid_behind_low"] > 0


def test_pictures_meet_other_photographs_than_their_own(photographs: np.ndarray) -> None:
    """120 pictures a method and 150 photographs: 75 pictures against the other 75."""
    found = realism(Fake(photographs), methods(photographs, 120), 0.99).columns["dark"]["kid"]
    real = photographs[::-1]
    expected = kid(face_features((real[:75] * 0.4).astype(np.uint8)), face_features(real[75:])).value
    assert found == pytest.approx(expected)


def test_of_many_photographs_some_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module, "face_features", lambda images: asked.append(len(images)) or images[:, 0, :20, 0])
    noise = np.random.default_rng(0).integers(0, 256, (700, 32, 32, 3), np.uint8)
    realism(Fake(noise), {"real": noise[:60], "reconstruction": noise[:60], "mnd": noise[:60]}, 1.0)
    assert asked == [60, 60, 60, MOST, MOST]


@pytest.mark.parametrize(
    ("count", "photographs_there", "visible", "words"),
    [
        (8, 150, 0.99, "8 pictures a method and 150 held-out photographs; at least 50 and 100"),
        (60, 2 * LEAST - 1, 0.99, "60 pictures a method and 99 held-out"),
        (60, 150, 0.02, "a detector sees one in 2 % of the photographs"),
    ],
)
def test_what_cannot_be_compared_is_left_out_with_its_reason(
    photographs: np.ndarray, count: int, photographs_there: int, visible: float, words: str
) -> None:
    found = realism(Fake(photographs[:photographs_there]), methods(photographs, count), visible)
    assert not any(found.columns.values())
    assert words in found.omitted["faces/kid"]


def test_without_the_detector_nothing_is_asked(photographs: np.ndarray) -> None:
    found = realism(Fake(photographs), methods(photographs, 60), None)
    assert (found.columns, found.omitted) == ({}, {})


def test_inception_compares_what_shows_no_faces(photographs: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "inception_features", lambda images, weights: images[:, 10, :20, 0].astype(float))
    found = realism(Fake(photographs, "weights.h5"), methods(photographs, 60), 0.0)
    assert set(found.omitted) == {"faces/kid"}
    names = {f"inception_{name}{end}" for name in ("kid", "fid") for end in ("", "_low", "_high")}
    assert all(row.keys() == names for row in found.columns.values())
    assert found.columns["dark"]["inception_fid"] > found.columns["real"]["inception_fid"]
