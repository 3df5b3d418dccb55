"""Eyes with lids, lashes and a gaze, and the brows above them."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import Canvas, bump, ellipse, inside, noise, paint, ramp, rgb, scale
from cae.datasets.portrait.head import Head
from cae.datasets.portrait.traits import Traits

# Blue, green, brown, nearly black, in display values.
STOPS = (0.0, 0.35, 0.6, 1.0)
IRISES = ((0.52, 0.66, 0.74), (0.42, 0.50, 0.42), (0.42, 0.27, 0.14), (0.16, 0.09, 0.06))
IRIS_SIZE = 0.122


def _frame(head: Head, person: Traits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates of the nearer eye: outwards, down (level with its corners), and -1 left, +1 right."""
    side = np.sign(head.u)
    out = np.abs(head.u) - person.eye_x
    return out, head.v + person.eye_tilt * out, side


def _lids(out: np.ndarray, person: Traits) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the upper and of the lower lid's edge; they meet in the corners. A smile lifts the lower lid."""
    # Not quite 1: the power of 0 takes ten times as long as that of other numbers.
    bend = 1 - np.clip(np.abs(out + 0.015) / person.eye_size, 0, 1 - 1e-7) ** 2
    opening = person.eye_opening * (1 - 0.18 * person.smile)
    return -1.12 * opening * bend**0.8, 0.74 * opening * (1 - 0.25 * person.smile) * bend


def _ball(image: np.ndarray, out: np.ndarray, down: np.ndarray, side: np.ndarray, person: Traits, pixel: float) -> None:
    """White, iris, pupil and the lamp's reflection, drawn as if there were no lids."""
    x, y = out - person.gaze_x * side + 0.012, down - person.gaze_y + 0.012
    white = (
        rgb(0.84, 0.79, 0.77)
        * (1 - 0.35 * person.skin)
        * (1 - 0.35 * np.clip(np.abs(out) / person.eye_size, 0, 1) ** 2)
    )
    image[:] = white * (0.42 + 0.58 * ramp(down, -1.2 * person.eye_opening, 0.0))
    ring, iris = np.sqrt(x * x + y * y), scale(person.iris, STOPS, IRISES)
    paint(image, iris * 0.15, inside(ring - IRIS_SIZE, pixel))
    paint(image, iris, inside(ring - IRIS_SIZE * 0.84, pixel * 1.5) * (0.55 + 0.45 * ramp(y, -0.08, 0.06)))
    paint(image, rgb(0.03, 0.03, 0.03), inside(ring - IRIS_SIZE * 0.42, pixel))


def eyes(colour: np.ndarray, head: Head, person: Traits, pixel: float) -> None:
    """Draws both eyes into the face's colour (3, n, h, w) in place."""
    out, down, side = _frame(head, person)
    upper, lower = _lids(out, person)
    crease = np.exp(-(((down - 1.25 * upper + 0.055) / 0.022) ** 2)) * ramp(np.abs(out), 0.26, 0.16)
    lid = ramp(down, upper - 0.09, upper) * ramp(down, lower + 0.02, upper) * ramp(np.abs(out), 0.27, 0.17)
    shadow = rgb(0.34, 0.22, 0.24) * 0.9
    paint(colour, shadow, np.clip(0.30 * crease + (0.22 + 0.45 * person.makeup) * lid * 0.75, 0, 1))
    ball = np.empty_like(colour)
    _ball(ball, out, down, side, person, pixel)
    opening = inside(np.maximum(upper - down, down - lower), pixel) * ramp(lower - upper, 0, 0.03)
    paint(colour, ball, opening)
    paint(colour, rgb(0.75, 0.45, 0.42), 0.6 * opening * bump(out + person.eye_size - 0.03, down, 0.035, 0.05))
    _lashes(colour, out, down, upper, lower, person)


def _lashes(
    colour: np.ndarray, out: np.ndarray, down: np.ndarray, upper: np.ndarray, lower: np.ndarray, person: Traits
) -> None:
    """The dark edges of the lids, heavier with make-up and towards the temple."""
    width = 0.030 + 0.012 * person.makeup
    reach = ramp(np.abs(out + 0.015), person.eye_size + 0.01, person.eye_size - 0.07)
    top = np.exp(-(((down - upper + 0.008) / width) ** 2)) * (0.75 + 0.6 * np.clip(out / person.eye_size, -0.5, 0.5))
    bottom = np.exp(-(((down - lower) / 0.016) ** 2)) * (0.28 + 0.3 * person.makeup)
    paint(colour, rgb(0.10, 0.07, 0.06), np.clip(np.maximum(top, bottom) * reach, 0, 0.75))


def glints(canvas: Canvas, head: Head, person: Traits, lamp_x: np.ndarray) -> None:
    """The lamp's small reflections on both eyes, over the shaded face."""
    out, down, side = _frame(head, person)
    upper, lower = _lids(out, person)
    x, y = out - person.gaze_x * side - 0.045 * lamp_x * side, down - person.gaze_y + 0.04
    spot = inside(ellipse(x, y, 0.026, 0.026), canvas.pixel) * inside(
        np.maximum(upper - down, down - lower), canvas.pixel
    )
    paint(canvas.image, rgb(0.97, 0.97, 1.0), 0.85 * spot * head.cover)


def brows(colour: np.ndarray, head: Head, person: Traits, hair: np.ndarray, offset: np.ndarray) -> None:
    """Draws both brows in place: thick at the nose, thin at the temple, made of short slanting hairs."""
    out = np.abs(head.u) - person.eye_x
    along = np.clip((out + 0.27) / 0.60, 0, 1)
    rise = person.brow_arch * np.sin(np.pi * np.clip(along * 0.85 + 0.08, 0, 1))
    line = head.v + person.brow_height - 0.05 + rise - person.eye_tilt * 0.5 * out - 0.02 * person.smile
    thickness = person.brow_thickness * (1.15 - 0.75 * along**2)
    hairs = 0.82 + 0.30 * noise(head.u * 26 - head.v * 14 + offset, head.v * 9 + offset)
    ends = ramp(out, -0.32, -0.22) * ramp(out, 0.38, 0.24)
    soft = ramp(np.abs(line), thickness * 1.25, thickness * 0.45) * ends
    paint(
        colour,
        hair,
        np.clip(soft * hairs, 0, 1) * (0.66 + 0.30 * person.male + 0.2 * person.makeup - 0.12 * person.grey),
    )
