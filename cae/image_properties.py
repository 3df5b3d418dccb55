"""What can be said of a photograph in a number: light, color, detail and background."""

from __future__ import annotations

import numpy as np

from cae.datasets.crops import luminance

PROPERTIES = ("brightness", "contrast", "saturation", "detail", "border")
# The border is this share of the side, on each side.
BORDER = 1 / 8
CHUNK = 256


def image_properties(images: np.ndarray, indices: np.ndarray) -> dict[str, np.ndarray]:
    """Name to float32 (len(indices),) of these pictures, uint8 (n, h, w, 3), 0 to 255 each.

    brightness: mean luminance. contrast: its standard deviation. saturation: mean difference between the largest and
    the smallest color value of a pixel. detail: root mean square difference between neighbouring pixels' luminance.
    border: standard deviation of the luminance in the outer eighth, what the background adds.
    Cost: 0.2 ms an image of 64 px, in chunks.
    """
    blocks = [_chunk(images[indices[start : start + CHUNK]]) for start in range(0, len(indices), CHUNK)]
    table = np.concatenate(blocks) if blocks else np.empty((0, len(PROPERTIES)), np.float32)
    return {name: table[:, column] for column, name in enumerate(PROPERTIES)}


def _chunk(pictures: np.ndarray) -> np.ndarray:
    gray = luminance(pictures)
    height, width = gray.shape[1:]
    down, across = np.diff(gray, axis=1), np.diff(gray, axis=2)
    frame = np.ones((height, width), bool)
    rows, columns = max(round(height * BORDER), 1), max(round(width * BORDER), 1)
    frame[rows : height - rows, columns : width - columns] = False
    chroma = pictures.max(axis=3).astype(np.float32) - pictures.min(axis=3)
    columns_of = (
        gray.mean(axis=(1, 2)),
        gray.std(axis=(1, 2)),
        chroma.mean(axis=(1, 2)),
        np.sqrt((down**2).mean(axis=(1, 2)) + (across**2).mean(axis=(1, 2))),
        gray[:, frame].std(axis=1),
    )
    return np.stack(columns_of, axis=1).astype(np.float32)
