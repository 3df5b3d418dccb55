"""Handwritten digits, the contrast to faces: scikit-learn's, and MNIST as Keras keeps it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cae.datasets.crops import fit
from cae.datasets.files import digest, expand
from cae.datasets.imageset import DataError
from cae.datasets.source import Bad, Source, View

MNIST = "mnist.npz"


def digits() -> Source:
    """scikit-learn's 1,797 digits of 8x8 pixels, enlarged smoothly; `label` is the digit."""
    from sklearn.datasets import load_digits  # 1 s, and only this set needs it

    data = load_digits()
    images = np.rint(data.images * (255 / 16)).astype(np.uint8)
    return _source("digits", images, pd.DataFrame({"label": data.target.astype("int64")}), {})


def mnist(path: str | None) -> Source:
    """MNIST's 60,000 and 10,000 digits of 28x28 pixels; `label` is the digit, `partition` 0 (training) or 2 (test).

    Read from `path` (mnist.npz or its folder), else from Keras' cache; never downloaded. Errors: DataError where it is
    not found or is not that file.
    """
    file = _find_mnist(path)
    arrays = _read_mnist(file)
    sizes = [len(arrays["x_train"]), len(arrays["x_test"])]
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype("int64")
    table = pd.DataFrame({"label": labels, "partition": np.repeat(np.array([0, 2], "int32"), sizes)})
    return _source("mnist", np.concatenate([arrays["x_train"], arrays["x_test"]]), table, {"path": str(file)})


def _find_mnist(path: str | None) -> Path:
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / MNIST
    remedy = f"put Keras' {MNIST} at {keras}, or name it in data.path"
    given = expand(path, remedy) if path else keras
    file = given / MNIST if given.is_dir() else given
    if not file.is_file():
        raise DataError(f"data.name: mnist needs {file}, which does not exist; {remedy}")
    return file


def _read_mnist(file: Path) -> dict[str, np.ndarray]:
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{file} is not Keras' {MNIST}: {error}; get it again") from None
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.ndim != 3 or images.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise DataError(f"{file} is not Keras' {MNIST}: x_{part} is {images.dtype} {images.shape}; get it again")
    return arrays


def _source(name: str, images: np.ndarray, table: pd.DataFrame, notes: dict[str, Any]) -> Source:
    files = [f"{name}/{row:05d}" for row in range(len(images))]
    labels = np.ascontiguousarray(table.to_numpy())
    return Source(
        name=name,
        digest=digest(name, [str(images.shape), images.tobytes(), labels.tobytes()]),
        count=len(images),
        produce=lambda start, stop: partial(_produce, images[start:stop]),
        table=lambda: (table.assign(file=files), notes),
        cropped=False,
    )


def _produce(images: np.ndarray, view: View) -> Iterator[np.ndarray | Bad]:
    for image in images:
        yield fit(np.repeat(image[..., None], 3, axis=2), view)
