"""The photographs of the vectors shown, small, side by side in one picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from cae.datasets import ImageSet
from sweeps.explorer.payload import webp

SIDE, QUALITY = 64, 55


def sprite(images: ImageSet, numbers: np.ndarray) -> dict[str, Any]:
    """One picture of these images, in as many rows as columns, and which number stands where.

    Cost: 1.5 KB a face of 64 px (CelebA).
    """
    shown = np.unique(numbers)
    columns = int(np.ceil(np.sqrt(len(shown))))
    side = min(SIDE, images.images.shape[1])
    sheet = np.zeros((-(-len(shown) // columns) * side, columns * side, 3), np.uint8)
    for place, number in enumerate(shown):
        y, x = place // columns * side, place % columns * side
        sheet[y : y + side, x : x + side] = _small(images.images[number], side)
    return {"picture": webp(sheet, QUALITY), "side": side, "columns": columns, "numbers": shown.tolist()}


def _small(picture: np.ndarray, side: int) -> np.ndarray:
    if picture.shape[0] == side:
        return picture
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
