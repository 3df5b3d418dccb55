"""The drawing surface and the few strokes that every part of a portrait is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

# A head unit is the half width of an average face (67 mm), 0.24 of the picture's side as in CelebA's square crop.
UNITS_PER_SIDE = 1 / 0.24
EYE_ROW, EYE_COLUMN = 0.515, 0.49
TILE = 64
# Sixths of a turn of hue at which red, green and blue begin to fade.
HUES = np.array([5, 3, 1], np.float32).reshape(3, 1, 1, 1)


@dataclass(frozen=True)
class Canvas:
    """The pictures of a block of people and the place of each pixel.

    image: float32 (3, n, h, w), linear light, 0 black, 1 white; drawn on in place.
    x, y: float32 (n, h, w), head units, right and down from the point midway between the eyes; on a level canvas
        (1, 1, w) and (1, h, 1).
    pixel: side of a pixel in head units.
    """

    image: np.ndarray
    x: np.ndarray
    y: np.ndarray
    pixel: float


def blank(count: int, resolution: int) -> Canvas:
    """`count` level pictures, not yet painted, of resolution x resolution pixels."""
    pixel = UNITS_PER_SIDE / resolution
    steps = (np.arange(resolution, dtype=np.float32) + 0.5) * np.float32(pixel)
    x = (steps - np.float32(EYE_COLUMN * UNITS_PER_SIDE)).reshape(1, 1, -1)
    y = (steps - np.float32(EYE_ROW * UNITS_PER_SIDE)).reshape(1, -1, 1)
    return Canvas(np.empty((3, count, resolution, resolution), np.float32), x, y, pixel)


def window(box: tuple[float, float, float, float], resolution: int) -> tuple[slice, slice]:
    """Rows and columns of an upright canvas that hold a box (left, right, top, bottom; head units)."""
    scale = resolution / UNITS_PER_SIDE
    edges = zip(box, (EYE_COLUMN, EYE_COLUMN, EYE_ROW, EYE_ROW), strict=True)
    left, right, top, bottom = (min(max(round(edge * scale + eye * resolution), 0), resolution) for edge, eye in edges)
    return slice(top, bottom), slice(left, right)


def rows(canvas: Canvas, top: float, bottom: float) -> slice:
    """The rows of a canvas, level or leaning, where y lies between top and bottom anywhere in anybody's picture."""
    # Along a row y only falls or only rises.
    ends = canvas.y[..., [0, -1]]
    found = np.flatnonzero((ends.max(axis=(0, 2)) > top) & (ends.min(axis=(0, 2)) < bottom))
    return slice(int(found[0]), int(found[-1]) + 1)


def ramp(values: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """0 at or before `low`, 1 at or past `high`, a smooth cubic between; `low` may exceed `high`."""
    t = (values - low) * (1 / (high - low))
    np.clip(t, 0, 1, out=t)
    return t * t * (3 - 2 * t)


def inside(distance: np.ndarray, width: float) -> np.ndarray:
    """Coverage 0 to 1 of pixels at a signed distance (negative inside) from an edge that is `width` wide."""
    cover = 0.5 - distance * (1 / width)
    return np.clip(cover, 0, 1, out=cover)


def ellipse(x: np.ndarray, y: np.ndarray, width: float | np.ndarray, height: float | np.ndarray) -> np.ndarray:
    """Signed distance to an ellipse about the origin with these half axes; first order, exact at the edge."""
    scaled = np.sqrt((x / width) ** 2 + (y / height) ** 2)
    slope = np.sqrt((x / width**2) ** 2 + (y / height**2) ** 2)
    return scaled * (scaled - 1) / (slope + 1e-6)


def box(x: np.ndarray, y: np.ndarray, width: float, height: float, corner: float) -> np.ndarray:
    """Signed distance to a box about the origin with these half sides and rounded corners."""
    a, b = np.abs(x) - (width - corner), np.abs(y) - (height - corner)
    return np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2) + np.minimum(np.maximum(a, b), 0) - corner


def bump(x: np.ndarray, y: np.ndarray, width: float | np.ndarray, height: float | np.ndarray) -> np.ndarray:
    """A bell of height 1 about the origin."""
    return np.exp(-((x / width) ** 2) - (y / height) ** 2)


def paint(image: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Lays a colour (3, n, h, w) over the image (3, n, h, w) in place where alpha (n, h, w) is above 0."""
    step = colour - image
    step *= alpha
    image += step


def channels(red: float | np.ndarray, green: float | np.ndarray, blue: float | np.ndarray) -> np.ndarray:
    """Three numbers, or three measures, as a colour."""
    return np.array([red, green, blue], np.float32).reshape(3, -1, 1, 1)


def rgb(red: float | np.ndarray, green: float | np.ndarray, blue: float | np.ndarray) -> np.ndarray:
    """A colour given in display values 0 to 1, as linear light (gamma 2, the inverse of the camera's)."""
    return np.square(channels(red, green, blue))


def hsv(hue: float | np.ndarray, saturation: float | np.ndarray, value: float | np.ndarray) -> np.ndarray:
    """A colour given by hue (periodic, 1 a turn), saturation and value (both 0 to 1), as linear light."""
    turn = (hue * 6 + HUES) % 6
    return np.square(value - value * saturation * np.clip(np.minimum(turn, 4 - turn), 0, 1))


def scale(place: np.ndarray, stops: tuple[float, ...], colours: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Linear light at each person's place (n, 1, 1) on a scale of display colours."""
    red, green, blue = (np.interp(place, stops, channel) for channel in zip(*colours, strict=True))
    return rgb(red, green, blue)


@lru_cache(maxsize=1)
def _tile() -> np.ndarray:
    """Periodic white noise, mean 0, sd 0.58; the first rows and columns stand again at the end for interpolation."""
    values = np.random.default_rng(20240517).uniform(-1, 1, (TILE, TILE)).astype(np.float32)
    return np.pad(values, (0, 2), mode="wrap")


def noise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Smooth noise (n, h, w) in [-1, 1] with one independent value per unit square, the same on every call."""
    # Not the operator %, which takes ten times as long.
    places = np.broadcast_arrays(x - TILE * np.floor(x / TILE), y - TILE * np.floor(y / TILE))
    across, down = (place.reshape(-1, place.shape[-1]) for place in places)
    return cv2.remap(_tile(), across, down, cv2.INTER_LINEAR).reshape(places[0].shape)
