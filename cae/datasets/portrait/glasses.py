"""Glasses: round or square, thin or heavy, clear or dark, with the window's reflection in the lenses."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import Canvas, box, ellipse, hsv, inside, paint, ramp, rgb
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.traits import Traits

ROUND, SQUARE, HEAVY, DARK = range(4)


def _lens(x: np.ndarray, y: np.ndarray, frame: int) -> np.ndarray:
    """Signed distance to the edge of a lens about its middle."""
    if frame == ROUND:
        return ellipse(x, y, 0.335, 0.30)
    return box(x, y, 0.355, 0.245 if frame == SQUARE else 0.27, 0.11)


def glasses(canvas: Canvas, person: Traits, choice: Details) -> None:
    """Paints one person's frame, bridge, temples and lenses; a flat thing before the eyes, turned with the head."""
    frame = choice.frame.item()
    x = (canvas.x - 0.12 * np.sin(person.yaw)) / np.cos(person.yaw)
    ax, y = np.abs(x), canvas.y - 0.05 - 0.1 * person.pitch
    edge = _lens(ax - person.eye_x - 0.005, y, frame)
    width = (0.022, 0.022, 0.048, 0.035)[frame]
    ring = inside(np.abs(edge) - width, canvas.pixel)
    bridge = inside(np.maximum(np.abs(y + 0.07 - 0.4 * ax * ax) - width * 0.8, ax - 0.14), canvas.pixel)
    reach = person.width * 0.97 - 0.25 * np.sign(x) * person.yaw
    temple = inside(np.maximum(np.abs(y + 0.10) - width, np.maximum(0.80 - ax, ax - reach)), canvas.pixel)
    lens = inside(edge, canvas.pixel)
    paint(canvas.image, rgb(0.10, 0.09, 0.10), lens * (0.80 if frame == DARK else 0.07))
    streak = ramp(np.abs(ax * 0.8 + y - 0.12 - 0.5 * choice.place), 0.16, 0.06)
    paint(canvas.image, rgb(0.90, 0.93, 0.97), lens * streak * (0.06 + 0.16 * choice.tuck))
    metal = hsv(choice.hue, 0.25 + 0.4 * choice.place, 0.10 + 0.35 * choice.sweep**2)
    paint(canvas.image, rgb(0.05, 0.04, 0.04), 0.30 * inside(np.abs(edge - 0.02) - width * 1.8, 0.10))
    paint(canvas.image, metal, np.maximum(np.maximum(ring, bridge), temple))
