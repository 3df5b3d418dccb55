"""The faces of recorded runs, cut out of their sheets: a strip of pictures for each way to make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cae.config import RunConfig
from cae.faces import COLUMNS, PAIR, cut
from sweeps.report.contact_sheet import columns_in, place

# Of each method; the same people and the same draws in every run.
TILES = 16
ORIGINAL = PAIR[0]


def strips(config: RunConfig, pictures: dict[str, Path], photographs: bool) -> dict[str, np.ndarray]:
    """Column to its first pictures side by side, uint8 (h, n h, 3), n at most 16; those that the run has.

    pictures: name such as "faces/mnd" to file. Without `photographs` only what the autoencoder made.
    """
    wanted = [column for column in columns_in(config) if photographs or column != ORIGINAL]
    found = {column: _strip(config, pictures, column) for column in wanted}
    return {column: strip for column, strip in found.items() if strip is not None}


def _strip(config: RunConfig, pictures: dict[str, Path], column: str) -> np.ndarray | None:
    file, first, labels = place(column)
    if file not in pictures:
        return None
    with Image.open(pictures[file]) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    size, count = config.data.resolution, min(TILES, config.analysis.images_per_grid)
    rows = [min(COLUMNS, count - start) for start in range(0, count, COLUMNS)]
    between = len(PAIR) if column in PAIR else 1
    try:
        tiles = [cut(sheet, first + i * between, number, size, labels) for i, number in enumerate(rows)]
    except ValueError:  # a sheet of fewer pictures than it was asked for
        return None
    whole = np.concatenate(tiles)
    # A sheet repeats the pixels of small pictures.
    factor = whole.shape[1] // size
    return np.concatenate(list(whole[:, ::factor, ::factor]), axis=1)
