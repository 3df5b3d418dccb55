"""What is behind a person: studio, blurred room, lights at night, landscape, wall, banner."""

from __future__ import annotations

import cv2
import numpy as np

from cae.datasets.portrait.block import draw
from cae.datasets.portrait.canvas import Canvas, hsv, paint, ramp
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.traits import Traits


def _colours(person: Traits, choice: Details) -> tuple[np.ndarray, np.ndarray]:
    """A main colour, often nearly grey, and one that goes with it."""
    saturation = 0.04 + 0.5 * choice.place**3
    main = hsv(person.background_hue, saturation, person.background_value)
    other = hsv(
        person.background_hue + 0.5 * choice.hue, saturation * 0.8, person.background_value * 0.6 + 0.25 * choice.hue
    )
    return main, other


def _blurred(canvas: Canvas, choice: Details, size: int) -> np.ndarray:
    """Smooth colour noise (3, n, h, w) in [0, 1], `size` blobs a side."""
    scene = choice.scene[:, :, :size, :size]
    # Cubic interpolation is linear in the blobs: what it makes of each alone are the weights, (pixels, blobs).
    alone, side = np.eye(size, dtype=np.float32), canvas.y.shape[-2]
    weights = cv2.resize(alone, (size, side), interpolation=cv2.INTER_CUBIC)
    # Half of it common to the three channels: real rooms are seldom gaudy.
    return np.clip(weights @ (0.4 * scene + 0.6 * scene[:1]) @ weights.T, 0, 1)


def _gradient(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    tilt = 2 * choice.hue - 1
    canvas.image[:] = main
    paint(canvas.image, other, 0.8 * ramp(canvas.y + tilt * canvas.x, -2.6, 2.6))


def _studio(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    far = np.sqrt((canvas.x - 1.6 * (choice.hue - 0.5)) ** 2 + (canvas.y + 0.3) ** 2)
    canvas.image[:] = main * (1.15 - 0.75 * ramp(far, 0.4, 3.2))


def _room(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    blobs = _blurred(canvas, choice, 5)
    canvas.image[:] = main * (0.35 + 0.9 * blobs[:1]) + other * 0.7 * (blobs - 0.3)


def _lights(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    places, sizes = choice.scene[:, :, 5, :, None, None], choice.scene[0, :, 4, :, None, None]
    canvas.image[:] = main * 0.25
    for i in range(6):
        x, y, hue = places[:, :, i]
        far = np.sqrt((canvas.x - 4.4 * (x - 0.5)) ** 2 + (canvas.y + 2.2 - 2.6 * y) ** 2)
        size = 0.16 + 0.3 * sizes[:, i]
        paint(canvas.image, hsv(0.02 + 0.14 * hue, 0.55, 0.95), 0.55 * ramp(far, size + 0.07, size - 0.05))


def _landscape(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    blobs, bright = _blurred(canvas, choice, 6), main.mean(axis=0)
    sky = hsv(0.56, 0.10 + 0.45 * choice.place, np.minimum(0.55 + 0.5 * bright, 1))
    land = hsv(0.20 + 0.12 * choice.hue, 0.45, 0.25 + 0.35 * bright)
    horizon = -1.0 + 1.6 * choice.hue + 0.5 * (blobs[0] - 0.5)
    canvas.image[:] = sky * (0.85 + 0.15 * ramp(canvas.y, -2.2, 0.5))
    paint(canvas.image, land * (0.5 + blobs[1]), ramp(canvas.y, horizon - 0.12, horizon + 0.12))


def _wall(canvas: Canvas, main: np.ndarray, other: np.ndarray, choice: Details) -> None:
    step = 0.9 + 1.2 * choice.place
    across = (canvas.x + 4 + 3 * choice.hue) / step
    stripe = ramp(np.abs(across % 1 - 0.5), 0.22, 0.28)
    canvas.image[:] = main
    paint(canvas.image, other, stripe * np.where(choice.hue > 0.4, 0.75, ramp(canvas.y % 1.1, 0.3, 0.36)))


SCENES = (_gradient, _studio, _room, _room, _landscape, _wall, _lights)


def background(canvas: Canvas, person: Traits, choice: Details) -> None:
    """Fills the canvas."""
    night = (choice.background == 3) & (person.background_value < 0.5)
    kinds, colours = np.where(night, SCENES.index(_lights), choice.background), _colours(person, choice)
    for kind, scene in enumerate(SCENES):
        draw(scene, kinds == kind, canvas, *colours, choice)
    np.clip(canvas.image, 0, 1, out=canvas.image)
