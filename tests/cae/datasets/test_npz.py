from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load


def pictures(count: int = 20, *shape: int) -> np.ndarray:
    return np.broadcast_to(np.arange(count, dtype=np.uint8).reshape(-1, *[1] * len(shape)), (count, *shape)).copy()


def config(file: Path) -> DataConfig:
    return DataConfig(name="folder", path=str(file), resolution=32, crop="none")


@pytest.mark.parametrize("shape", [(40, 40, 3), (40, 50), (32, 32, 3)])
def test_the_array_of_images_and_what_stands_beside_it(tmp_path: Path, shape: tuple[int, ...]) -> None:
    known = {"labels": np.arange(20) % 3, "Smiling": np.arange(20) % 2 == 0, "Male": np.where(np.arange(20) < 5, 1, -1)}
    np.savez_compressed(tmp_path / "f.npz", faces=pictures(20, *shape), age=np.arange(20), version=np.array(3), **known)
    found = load(config(tmp_path / "f.npz"))
    assert found.images[:, 16, 16].tolist() == [[value] * 3 for value in range(20)]
    assert found.table["label"].tolist() == known["labels"].tolist()
    assert found.attributes.to_dict("list") == {"Smiling": [1, 0] * 10, "Male": [1] * 5 + [0] * 15}


def test_another_content_is_another_set(tmp_path: Path) -> None:
    for name, value in (("a", 0), ("b", 1), ("c", 0)):
        np.savez(tmp_path / f"{name}.npz", images=pictures(20, 32, 32, 3) + np.uint8(value))
    a, b, c = (data_digest(config(tmp_path / f"{name}.npz")) for name in "abc")
    assert a == c != b


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "has 0 arrays of images; .* there are no arrays"),
        ({"x": np.zeros((9, 8, 8, 3))}, r"has 0 arrays of images; .* x float64 \(9, 8, 8, 3\)"),
        ({name: pictures(9, 8, 8) for name in ("x_train", "x_test")}, "has 2 arrays of images"),
        ({"x": np.array([{"a": 1}], dtype=object)}, "f.npz is no readable .npz file: Object arrays cannot be loaded"),
    ],
)
def test_what_holds_no_images_is_one_line(tmp_path: Path, arrays: dict[str, np.ndarray], told: str) -> None:
    np.savez(tmp_path / "f.npz", **arrays)
    with pytest.raises(DataError, match=told) as error:
        data_digest(config(tmp_path / "f.npz"))
    assert "\n" not in str(error.value)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "f.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match=r"f\.npz is no readable \.npz file"):
        data_digest(config(tmp_path / "f.npz"))
