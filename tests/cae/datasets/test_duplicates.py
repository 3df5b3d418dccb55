from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cae.config import DataConfig
from cae.datasets import load
from cae.datasets.duplicates import COPIES, _near, copies_in, find, perceptual_hash
from cae.datasets.report import summary
from cae.datasets.splits import split
from cae.datasets.synthetic import draw_factors, render


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.stack(list(render(draw_factors(0, 40, seed=3, factors="gaussian"), 64)))


def test_faces_are_no_copies_of_one_another(faces: np.ndarray) -> None:
    found = find(faces)
    assert found.first.tolist() == list(range(40))
    assert not found.near.any()


def test_exact_copies_point_to_the_first(faces: np.ndarray) -> None:
    found = find(faces[[5, 1, 5, 2, 1, 5]])
    assert found.first.tolist() == [0, 1, 0, 3, 1, 0]
    assert found.counts() == {"copies": 3, "near_copies": 0}


def recompressed(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=70)
    return np.asarray(Image.open(file))


def rescaled(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((48, 48)).resize((64, 64)))


@pytest.mark.parametrize("change", [recompressed, rescaled, lambda image: np.minimum(image, 250) + np.uint8(4)])
def test_what_looks_the_same_is_a_near_copy(faces: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> None:
    changed = np.stack([change(image) for image in faces])
    assert not (changed == faces).all(axis=(1, 2, 3)).any()
    found = find(np.concatenate([faces, changed]))
    assert found.counts()["copies"] == 0
    # Not all: on the plain ground of a synthetic face the smallest change tips bits over.
    assert found.near[40:].mean() > 0.5
    assert not found.near[:40].any()


def test_the_hash_tells_which_half_is_lighter() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    assert not perceptual_hash(image).any()
    image[:] = np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None]
    assert (perceptual_hash(image) == 255).all()


@pytest.mark.parametrize(("flipped", "near"), [(0, True), (15, True), (16, False), (200, False)])
def test_hashes_within_fifteen_bits_are_near(flipped: int, near: bool) -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (50, 256), dtype=np.uint8)
    bits[49] = bits[7]
    bits[49, rng.permutation(256)[:flipped]] ^= 1
    assert _near(np.packbits(bits, axis=1), np.arange(50)).tolist() == [False] * 49 + [near]


@pytest.fixture
def sixty(faces: np.ndarray, tmp_path: Path) -> Path:
    """60 files, 6 distinct pictures."""
    root = tmp_path / "data"
    root.mkdir()
    for number in range(60):
        Image.fromarray(faces[number % 6]).save(root / f"{number:02d}.png")
    return root


def test_a_copy_is_never_on_both_sides(sixty: Path) -> None:
    config = DataConfig(name="folder", path=str(sixty), resolution=32, test_fraction=0.3)
    images = load(config)
    assert len(images.train) + len(images.test) == 60
    assert not {row % 6 for row in images.train} & {row % 6 for row in images.test}
    assert "54 exact copies of others, on the same side of the split" in summary(images.report)


def test_copies_are_left_out_where_that_is_asked_for(sixty: Path) -> None:
    config = DataConfig(name="folder", path=str(sixty), resolution=32, test_fraction=0.34, duplicates="drop")
    images = load(config)
    assert sorted([*images.train, *images.test]) == list(range(6))
    told = summary(images.report)
    assert "54 exact copies of others, left out" in told
    assert "neither side" not in told


def test_without_copies_nothing_changes() -> None:
    config, table = DataConfig(name="digits", resolution=32), pd.DataFrame({"file": range(100)})
    plain, same = split(table, config), split(table, config, np.arange(100))
    assert all(np.array_equal(a, b) for a, b in zip(plain, same, strict=True))


def test_they_are_looked_for_once_and_again_where_that_was_cut_off(faces: np.ndarray, tmp_path: Path) -> None:
    calls: list[int] = []
    images = faces[[0, 1, 0]]
    for _ in range(2):
        found = copies_in(tmp_path, images, lambda done, total, what: calls.append(done))
        assert found.first.tolist() == [0, 1, 0]
    assert calls == [3]
    (tmp_path / COPIES).write_bytes(b"half")
    assert copies_in(tmp_path, images).first.tolist() == [0, 1, 0]
    assert [path.name for path in tmp_path.iterdir()] == [COPIES]
