"""Images and what is known of them as arrays in one `.npz` file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from cae.datasets.arrays import from_arrays
from cae.datasets.imageset import DataError
from cae.datasets.source import Source

LABELS = ("label", "labels", "y")


def source(file: Path) -> Source:
    """The one array of uint8 (n, h, w, 3) or (n, h, w) in the file; arrays (n,) beside it are columns of its table.

    `label`, `labels` or `y` is the label; true and false, 1 and 0, or 1 and -1 make attributes; others are left out.
    Raises DataError for a file that is none, or without exactly one array of images. Read whole, without pickles.
    """
    arrays = _read(file)
    pictures = [name for name, array in arrays.items() if _are_images(array)]
    if len(pictures) != 1:
        shapes = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in arrays.items())
        raise DataError(
            f"data.path: {file} has {len(pictures)} arrays of images; keep one of uint8 (n, h, w, 3) or (n, h, w), "
            f"there are {shapes or 'no arrays'}"
        )
    images = arrays.pop(pictures[0])
    table = pd.DataFrame(_columns(arrays, len(images)), index=range(len(images)))
    return from_arrays("folder", images, table, cropped=True)


def _read(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"data.path: {file} is no readable .npz file: {error}".splitlines()[0]) from None


def _are_images(array: np.ndarray) -> bool:
    return array.dtype == np.uint8 and (array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3))


def _columns(arrays: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    found = {}
    for name, values in arrays.items():
        if values.shape == (count,) and name in LABELS:
            found["label"] = values
        elif values.shape == (count,) and values.dtype.kind in "biu":
            kinds = set(np.unique(values).tolist())
            if kinds <= {0, 1} or kinds <= {-1, 1}:
                found[name] = (values > 0).astype(np.int8)
    return found
