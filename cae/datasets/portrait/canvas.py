"""The drawing surface and the few strokes that every part of a portrait is made of."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

# A head unit is the half width of an average face (67 mm), 0.24 of the picture's side as in CelebA's square crop.
UNITS_PER_SIDE = 1 / 0.24
EYE_ROW, EYE_COLUMN = 0.515, 0.49
TILE = 64


@dataclass(frozen=True)
class Canvas:
    """A picture and the place of each of its pixels.

    image: float32 (3, h, w), linear light, 0 black, 1 white; drawn on in place.
    x, y: float32 (h, w), head units, right and down from the point midway between the eyes.
    pixel: side of a pixel in head units.
    """

    image: np.ndarray
    x: np.ndarray
    y: np.ndarray
    pixel: float


def blank(resolution: int) -> Canvas:
    """A black canvas of resolution x resolution pixels."""
    pixel = UNITS_PER_SIDE / resolution
    steps = (np.arange(resolution, dtype=np.float32) + 0.5) * np.float32(pixel)
    x = np.tile(steps - np.float32(EYE_COLUMN * UNITS_PER_SIDE), (resolution, 1))
    y = np.tile((steps - np.float32(EYE_ROW * UNITS_PER_SIDE))[:, None], (1, resolution))
    return Canvas(np.zeros((3, resolution, resolution), np.float32), x, y, pixel)


def window(box: tuple[float, float, float, float], resolution: int) -> tuple[slice, slice]:
    """Rows and columns of an upright canvas that hold a box (left, right, top, bottom; head units)."""
    scale = resolution / UNITS_PER_SIDE
    edges = zip(box, (EYE_COLUMN, EYE_COLUMN, EYE_ROW, EYE_ROW), strict=True)
    left, right, top, bottom = (min(max(round(edge * scale + eye * resolution), 0), resolution) for edge, eye in edges)
    return slice(top, bottom), slice(left, right)


def crop(canvas: Canvas, area: tuple[slice, slice]) -> Canvas:
    """A view of some rows and columns: drawing on it draws on the whole."""
    return Canvas(canvas.image[:, area[0], area[1]], canvas.x[area], canvas.y[area], canvas.pixel)


def rows(canvas: Canvas, top: float, bottom: float) -> slice:
    """The rows of a canvas, level or leaning, where y lies between top and bottom anywhere."""
    low, high = canvas.y.min(axis=1), canvas.y.max(axis=1)
    found = np.flatnonzero((high > top) & (low < bottom))
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


def bump(x: np.ndarray, y: np.ndarray, width: float | np.ndarray, height: float) -> np.ndarray:
    """A bell of height 1 about the origin."""
    return np.exp(-((x / width) ** 2) - (y / height) ** 2)


def paint(image: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Lays a colour, (3,) or (3, h, w), over the image (3, h, w) in place where alpha (h, w) is above 0."""
    ink = colour if colour.ndim == 3 else colour[:, None, None]
    step = ink - image
    step *= alpha
    image += step


def rgb(red: float, green: float, blue: float) -> np.ndarray:
    """A colour given in display values 0 to 1, as linear light (gamma 2, the inverse of the camera's)."""
    return np.square(np.array([red, green, blue], np.float32))


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """A colour given by hue (0 to 1, periodic), saturation and value, as linear light."""
    return rgb(*colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)))


def scale(place: float, stops: tuple[float, ...], colours: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Linear light (3,) at a place on a scale of display colours."""
    return rgb(*(float(np.interp(place, stops, channel)) for channel in zip(*colours, strict=True)))


@lru_cache(maxsize=1)
def _tile() -> np.ndarray:
    """Periodic white noise, mean 0, sd 0.58; the first rows and columns stand again at the end for interpolation."""
    values = np.random.default_rng(20240517).uniform(-1, 1, (TILE, TILE)).astype(np.float32)
    return np.pad(values, (0, 2), mode="wrap")


def noise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Smooth noise in [-1, 1] with one independent value per unit square, the same on every call."""
    # Not the operator %, which takes ten times as long.
    x, y = x - TILE * np.floor(x / TILE), y - TILE * np.floor(y / TILE)
    return cv2.remap(_tile(), x, y, cv2.INTER_LINEAR)
