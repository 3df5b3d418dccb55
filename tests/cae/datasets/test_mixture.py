from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae.config import DataConfig
from cae.datasets import DataError, ImageSet, data_digest, load, prepared
from cae.datasets.mixture import counts


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5), st.integers(10, 10_000))
def test_counts_add_up_and_follow_the_weights(weights: list[float], size: int) -> None:
    shares = [weight / sum(weights) for weight in weights]
    got = counts(shares, [size] * len(weights), size)
    assert sum(got) == size
    assert all(abs(n - share * size) < 1.001 for n, share in zip(got, shares, strict=True))


@pytest.mark.parametrize(
    ("shares", "available", "size", "expected"),
    [
        ([0.5, 0.5], [30, 20], None, [20, 20]),
        ([0.75, 0.25], [30, 20], None, [30, 10]),
        ([1.0], [7], None, [7]),
        ([0.5, 0.5], [30, 20], 11, [6, 5]),
        ([0.9, 0.1], [300, 200], 100, [90, 10]),
    ],
)
def test_counts(shares: list[float], available: list[int], size: int | None, expected: list[int]) -> None:
    assert counts(shares, available, size) == expected


@pytest.fixture
def mix(celeba: Callable[..., Path], photographs: Callable[..., Path], tmp_path: Path) -> Callable[..., DataConfig]:
    """config(**fields): 30 celebrities and 20 others."""
    first = celeba(tmp_path / "celeba")
    second = photographs(tmp_path / "others", [f"{label}/{n:02d}.png" for label in "ab" for n in range(10)])

    def config(weight: float = 1.0, **fields: object) -> DataConfig:
        parts = [{"name": "celeba", "path": str(first)}, {"name": "folder", "path": str(second), "weight": weight}]
        return DataConfig.model_validate({"name": "mixture", "resolution": 16, "mixture": parts} | fields)

    return config


def sources(faces: ImageSet) -> dict[str, int]:
    return {str(name): int(n) for name, n in faces.table["source"].value_counts().items()}


def test_each_image_names_its_part_and_keeps_its_row(mix: Callable[..., DataConfig]) -> None:
    faces = load(mix(test_fraction=0.2))
    assert sources(faces) == {"celeba": 20, "folder": 20}
    alone = load(DataConfig(name="celeba", path=mix().mixture[0].path, resolution=16))
    ours = faces.table["source"].eq("celeba").to_numpy()
    files = alone.table["file"].tolist()
    rows = [files.index(file) for file in faces.table["file"][ours]]
    assert np.array_equal(faces.images[np.flatnonzero(ours)], alone.images[rows])
    assert faces.table["Male"][ours].tolist() == alone.table["Male"].iloc[rows].tolist()
    assert faces.table["Male"][~ours].isna().all()
    assert str(faces.table["Male"].dtype) == "Int8"
    assert set(faces.table["label"][~ours]) == {"a", "b"}
    assert {entry.name for entry in prepared()} == {"celeba", "folder", "mixture"}
    assert len(faces.test) == 8


def test_size_and_weights(mix: Callable[..., DataConfig]) -> None:
    assert sources(load(mix(weight=3.0, size=20))) == {"celeba": 5, "folder": 15}
    with pytest.raises(DataError, match="folder has 20 images and its weight asks for 30"):
        load(mix(weight=3.0, size=40))
    with pytest.raises(DataError, match="celeba has 30 images and its weight asks for 0"):
        load(mix(weight=1000.0, size=10))


def test_digest_follows_parts_weights_size_and_seed(mix: Callable[..., DataConfig]) -> None:
    changed = [mix(), mix(weight=2.0), mix(size=10), mix(seed=1)]
    assert len({data_digest(config) for config in changed}) == 4
    assert data_digest(mix(resolution=32, crop="tight", test_fraction=0.3)) == data_digest(mix())
    assert load(mix()).digest == data_digest(mix())


def test_the_same_images_twice_are_an_error(photographs: Callable[..., Path], tmp_path: Path) -> None:
    one, two = (photographs(tmp_path / name, [f"{n}.png" for n in range(9)]) for name in ("one", "two"))
    parts = [{"name": "folder", "path": str(path)} for path in (one, two)]
    with pytest.raises(DataError, match="folder and folder-2 are the same images"):
        load(DataConfig.model_validate({"name": "mixture", "mixture": parts}))


def test_labels_of_both_kinds_become_text(photographs: Callable[..., Path], tmp_path: Path) -> None:
    others = photographs(tmp_path / "others", [f"{label}/{n}.png" for label in "ab" for n in range(10)])
    parts = [{"name": "digits"}, {"name": "folder", "path": str(others)}]
    mixed = load(DataConfig.model_validate({"name": "mixture", "mixture": parts, "resolution": 16}))
    assert set(mixed.table["label"]) <= {*"0123456789", "a", "b"}
    assert {"a", "b"} < set(mixed.table["label"])
