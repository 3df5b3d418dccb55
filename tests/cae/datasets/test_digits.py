from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load


def config(**fields: object) -> DataConfig:
    return DataConfig.model_validate({"name": "mnist", "resolution": 32} | fields)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x_train": rng.integers(0, 256, (30, 28, 28), np.uint8),
        "y_train": np.arange(30, dtype=np.uint8) % 10,
    }
    arrays |= {"x_test": rng.integers(0, 256, (10, 28, 28), np.uint8), "y_test": np.arange(10, dtype=np.uint8)}
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    np.savez(tmp_path / "keras" / "datasets" / "mnist.npz", **arrays)
    return tmp_path / "keras" / "datasets" / "mnist.npz"


def test_digits_are_smooth_and_grey() -> None:
    digits = load(config(name="digits", resolution=48))
    assert digits.images.shape == (1797, 48, 48, 3)
    assert np.ptp(digits.images.astype(int), axis=3).max() == 0
    assert sorted(set(digits.table["label"])) == list(range(10))
    zeros, ones = (digits.images[digits.table["label"] == label].mean(0) for label in (0, 1))
    assert zeros[24, 24].mean() < 60 < 180 < ones[24, 24].mean()  # a nought is hollow
    assert np.abs(np.diff(digits.images[0, :, :, 0].astype(int))).max() < 128  # no steps of 6 pixels


def test_mnist_by_file_folder_and_kerashome(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(mnist.parents[1]))
    digests = {data_digest(config(path=path)) for path in (str(mnist), str(mnist.parent), None)}
    assert len(digests) == 1
    numbers = load(config(split="official"))
    assert numbers.test.tolist() == list(range(30, 40))
    assert numbers.table["label"].tolist() == [*(list(range(10)) * 4)]


def test_mnist_missing_says_where_it_may_be_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "none"))
    with pytest.raises(DataError, match=rf"{tmp_path}/none/datasets/mnist.npz.*data.path"):
        load(config())


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04", b""])
def test_damaged_mnist(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"is not Keras' mnist.npz"):
        load(config(path=str(tmp_path)))


def test_mnist_of_another_shape(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {f"{kind}_{part}": np.zeros(4) for kind in "xy" for part in ("train", "test")}
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DataError, match="x_train is float64"):
        load(config(path=str(tmp_path)))
