"""Hats: a knitted cap, a baseball cap, a hat with a brim."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import Canvas, ellipse, hsv, inside, noise, paint, ramp
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.hair import centre
from cae.datasets.portrait.head import SKULL
from cae.datasets.portrait.light import Light, cloth_shade
from cae.datasets.portrait.traits import Traits

KNITTED, CAP, BRIMMED = range(3)


def _crown(canvas: Canvas, x: np.ndarray, person: Traits, kind: int) -> np.ndarray:
    """Signed distance to the part that sits on the head."""
    half, top = person.width + 0.10, SKULL + (0.22 if kind == KNITTED else 0.14)
    dome = ellipse(x, canvas.y + 0.45, half, top - 0.45)
    if kind == BRIMMED:
        dome = np.maximum(np.abs(x) - half + 0.06 - 0.12 * (canvas.y + 0.7), -canvas.y - 1.66 - 0.08 * np.abs(x))
    rim = canvas.y + 0.66 - 0.10 * (1 - (x / half) ** 2)
    return np.maximum(dome, rim)


def _brim(canvas: Canvas, x: np.ndarray, person: Traits, kind: int) -> np.ndarray:
    """Signed distance to the brim; a cap's points where the face looks."""
    if kind == CAP:
        return ellipse(x - 1.2 * person.yaw, canvas.y + 0.56, 1.0, 0.24)
    return ellipse(x, canvas.y + 0.62, 1.52, 0.24)


def _cloth(canvas: Canvas, x: np.ndarray, person: Traits, lamp: Light, choice: Details) -> np.ndarray:
    """Lit colour (3, n, h, w): ribs and a turned-up edge on a knitted cap, a dark band round a brimmed hat."""
    s = np.clip(x / (person.width + 0.10), -1, 1)
    round_light = 0.15 + lamp.direction[0] * s - lamp.direction[1] * 0.4 + 0.7 * np.sqrt(1 - s * s)
    if choice.hat == KNITTED:
        texture = (0.82 + 0.18 * np.cos(x * 34)) * (1 - 0.22 * ramp(np.abs(canvas.y + 0.72), 0.24, 0.20))
    else:
        texture = 1 + 0.07 * noise(x * 5, canvas.y * 5 + choice.offset)
    if choice.hat == BRIMMED:
        texture = texture * (1 - 0.55 * ramp(np.abs(canvas.y + 0.82), 0.16, 0.13))
    colour = hsv(choice.hue, 0.15 + 0.5 * choice.tuck, 0.12 + 0.65 * choice.sweep)
    return colour * cloth_shade(round_light, lamp) * texture


def hat(canvas: Canvas, person: Traits, lamp: Light, choice: Details) -> None:
    """Paints one person's hat over hair and forehead, with the shadow of its rim."""
    x, kind = canvas.x - 0.75 * centre(person), choice.hat.item()
    cloth, crown = _cloth(canvas, x, person, lamp, choice), _crown(canvas, x, person, kind)
    brim = crown if kind == KNITTED else _brim(canvas, x, person, kind)
    edge = np.minimum(crown, brim)
    shaded = (canvas.y > -0.75) & (np.abs(x) < person.width + 0.10)
    paint(canvas.image, cloth * 0.02, 0.55 * ramp(edge, 0.24, 0.02) * shaded)
    paint(canvas.image, cloth, inside(crown, canvas.pixel))
    if kind != KNITTED:
        under = 0.55 + 0.5 * ramp(canvas.y, -0.5, -0.85)
        paint(canvas.image, cloth * under, inside(brim, canvas.pixel))
