"""From a picture of any size to the square that the model sees."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from cae.datasets.source import View

# The faces of CelebA's aligned photographs lie in the middle 128 x 128 of 178 x 218.
ALIGNED_WIDTH, ALIGNED_HEIGHT, TIGHT_SIDE = 178, 218, 128
# What `contrast: normalized` brings every image to, in grey values of 0..255. CelebA's own are 115 and 62 on average;
# with 50 only about 1 % of the values are clipped.
LUMINANCE_MEAN, LUMINANCE_SD = 127.5, 50.0
# An even picture is not blown up into its noise.
SMALLEST_SD = 4.0
# Half axes, in sides of the centered square, of the ellipse that is kept where the background is masked: the faces of
# CelebA's aligned photographs and of LFW from hair to chin. What it is masked with.
ELLIPSE_WIDTH, ELLIPSE_HEIGHT, GRAY = 0.3, 0.4, 128


def window(height: int, width: int, crop: str) -> tuple[slice, slice]:
    """Rows and columns that a crop keeps of a picture of this size.

    center: the centred square of the shorter side (rows 20..198 of 178 x 218). tight: the centred square of
    128/178 of the width or 128/218 of the height, whichever is smaller (rows 45..173, columns 25..153 of 178 x 218;
    the same part of any size in that proportion, and never a distorted face in another). none: everything.
    """
    if crop == "none":
        return slice(0, height), slice(0, width)
    side = min(height, width)
    if crop == "tight":
        side = max(1, round(TIGHT_SIDE * min(width / ALIGNED_WIDTH, height / ALIGNED_HEIGHT)))
    top, left = (height - side) // 2, (width - side) // 2
    return slice(top, top + side), slice(left, left + side)


def resize(image: np.ndarray, resolution: int) -> np.ndarray:
    """The picture, uint8, as (resolution, resolution, channels): area means if it shrinks, bicubic if it grows."""
    size = (resolution, resolution)
    if min(image.shape[:2]) < resolution:
        return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    # The same means as of bytes, in two thirds of the time: OpenCV has vector instructions for floats alone here.
    return cv2.convertScaleAbs(cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA))


def normalize_contrast(image: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """The RGB picture, uint8, with LUMINANCE_MEAN and LUMINANCE_SD as mean and standard deviation of its luminance.

    All three channels get the same gain and offset, so hues stay; what leaves 0..255 is
    clipped, which takes a little off the standard deviation of hard pictures.
    inside: bool (h, w), the pixels whose mean and standard deviation count; None: all.
    """
    gray = luminance(image) if inside is None else luminance(image)[inside]
    gain = LUMINANCE_SD / max(float(gray.std()), SMALLEST_SD)
    moved = (image - gray.mean()) * gain + LUMINANCE_MEAN
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def luminance(image: np.ndarray) -> np.ndarray:
    """float32 (h, w), 0 to 255: how bright each pixel of an RGB picture is (Rec. 601)."""
    return image @ np.array([0.299, 0.587, 0.114], np.float32)


@lru_cache(maxsize=64)  # a folder may have as many sizes as pictures
def face_ellipse(height: int, width: int, view: View) -> np.ndarray:
    """bool (resolution, resolution): the pixels that `background: masked` keeps of a picture of this size.

    Those whose middles lie in an ellipse around the middle of the picture, with half axes of ELLIPSE_WIDTH and
    ELLIPSE_HEIGHT times the side of its centered square: the same part of the face in every crop.
    """
    rows, columns = window(height, width, view.crop)
    offsets = (np.arange(view.resolution) + 0.5) / view.resolution - 0.5
    side = min(height, width)
    down = offsets * (rows.stop - rows.start) / (ELLIPSE_HEIGHT * side)
    across = offsets * (columns.stop - columns.start) / (ELLIPSE_WIDTH * side)
    return down[:, None] ** 2 + across**2 <= 1


def fit(image: np.ndarray, view: View) -> np.ndarray:
    """The RGB picture uint8 (h, w, 3) cropped, scaled to (resolution, resolution, 3), and changed as is asked:
    blurred, then of normalized contrast, then masked."""
    height, width = image.shape[:2]
    rows, columns = window(height, width, view.crop)
    square = resize(image[rows, columns], view.resolution)
    if view.blur:
        square = cv2.GaussianBlur(square, (0, 0), view.blur)
    inside = face_ellipse(height, width, view) if view.background == "masked" else None
    if view.contrast == "normalized":
        square = normalize_contrast(square, inside)
    return square if inside is None else np.where(inside[..., None], square, np.uint8(GRAY))
