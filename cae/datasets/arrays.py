"""A data set that is already an array: what a plug-in needs to be a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from cae.datasets.crops import fit
from cae.datasets.files import digest
from cae.datasets.imageset import DataError
from cae.datasets.source import Bad, Source, View


def from_arrays(name: str, images: np.ndarray, table: pd.DataFrame | None = None, cropped: bool = False) -> Source:
    """A source of images at hand: uint8 (n, h, w, 3), or (n, h, w) in grey; any size, square after the crop.

    table: a row an image, such as its label, attributes or `file`, the name it is shown by (see `ImageSet.table`).
    cropped: whether `data.crop` means something. The digest is that of the pixels and the table.
    Raises DataError for other arrays.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise DataError(f"{name}: images are {images.dtype} {images.shape}; give uint8 (n, h, w, 3) or (n, h, w)")
    table = pd.DataFrame(index=range(len(images))) if table is None else table
    if len(table) != len(images):
        raise DataError(f"{name}: {len(table)} rows of the table for {len(images)} images; give one each")
    names = pd.Series([f"{name}/{row:06d}" for row in range(len(images))], table.index)
    named = table if "file" in table else table.assign(file=names)
    content: list[str | bytes] = [str(images.shape), images.tobytes(), table.to_csv()]
    return Source(
        name=name.replace(":", "."),
        digest=digest("arrays", content),
        count=len(images),
        produce=lambda start, stop: partial(_produce, images[start:stop]),
        table=lambda: (named, {}),
        missing={c: f"{name} has no column {c}" for c in ("partition", "identity") if c not in table},
        cropped=cropped,
    )


def _produce(images: np.ndarray, view: View) -> Iterator[np.ndarray | Bad]:
    for image in images:
        yield fit(image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2), view)
