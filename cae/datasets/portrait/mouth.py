"""Lips, teeth and the dark between them; a smile widens and lifts, an open mouth drops the lower lip."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import channels, inside, paint, ramp, rgb
from cae.datasets.portrait.head import Head
from cae.datasets.portrait.skin import tone
from cae.datasets.portrait.traits import Traits

MOUTH = 0.93


def lip_colour(person: Traits) -> np.ndarray:
    """Linear light (3, n, 1, 1): redder and darker than the skin; lipstick adds its own red."""
    bare = tone(person) * channels(0.74, 0.36, 0.38)
    stick = rgb(0.72 - 0.18 * person.skin, 0.16 + 0.10 * person.rosiness, 0.22 + 0.10 * person.rosiness)
    return bare + (stick - bare) * (0.85 * np.maximum(person.makeup - 0.25, 0))


def _edges(head: Head, person: Traits) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Heights of upper lip, of the opening's two edges and of lower lip, and the closeness to the middle (0 to 1)."""
    half = person.mouth_width * (1 + 0.20 * person.smile)
    t = np.clip(np.abs(head.u) / half, 0, 1)
    bow = 1 - t * t
    middle = MOUTH + 0.03 * person.smile - (0.15 * person.smile - 0.005) * t * t
    gap = (0.16 * person.mouth_open + 0.24 * np.maximum(person.smile - 0.38, 0)) * bow * (1 - 0.15 * t)
    cupid = 1 - 0.16 * np.exp(-((t / 0.16) ** 2))
    lips = person.lips * (1 - 0.25 * person.smile)
    top = middle - 0.35 * gap - 0.85 * lips * cupid * np.sqrt(bow) * (1 - 0.3 * t)
    bottom = middle + 0.65 * gap + 1.15 * lips * np.sqrt(bow)
    return top, middle - 0.35 * gap, middle + 0.65 * gap, bottom, bow


def mouth(colour: np.ndarray, height: np.ndarray, head: Head, person: Traits, pixel: float) -> None:
    """Draws the mouth into the face's colour (3, n, h, w) and its fullness into the height map (n, h, w), in place."""
    top, upper, lower, bottom, bow = _edges(head, person)
    v = head.v
    lip = inside(np.maximum(top - v, v - bottom), pixel * 1.6) * ramp(bow, 0.0, 0.06)
    shade = 1 - 0.28 * ramp(v, upper + 0.02, top) * (v < upper)
    paint(colour, lip_colour(person) * shade, lip * (0.85 + 0.15 * person.makeup))
    round_up = np.clip((v - top) * (upper - v), 0, None) + np.clip((v - lower) * (bottom - v), 0, None)
    height += np.clip(round_up / (person.lips + 0.02) ** 2, 0, 0.35) * 0.14 * lip
    _inside(colour, v, upper, lower, bow, pixel)
    seam = np.exp(-(((v - upper) / 0.020) ** 2)) * ramp(bow, 0.0, 0.12) * (v < lower + 0.03)
    paint(colour, lip_colour(person) * 0.22, 0.75 * seam)
    corner = np.exp(-((bow / 0.10) ** 2) - ((v - upper) / 0.035) ** 2) * ramp(bow, 0.0, 0.03)
    paint(colour, lip_colour(person) * 0.25, 0.55 * corner)


def _inside(
    colour: np.ndarray, v: np.ndarray, upper: np.ndarray, lower: np.ndarray, bow: np.ndarray, pixel: float
) -> None:
    """The opening: upper teeth, darker towards the corners, above a dark hollow."""
    opening = inside(np.maximum(upper - v, v - lower), pixel) * ramp(bow, 0.0, 0.10) * (lower > upper + 0.004)
    paint(colour, rgb(0.22, 0.07, 0.07), opening)
    teeth = inside(v - np.minimum(upper + 0.105, lower + 0.02), pixel * 1.5) * opening * ramp(bow, 0.05, 0.45)
    paint(colour, rgb(0.93, 0.90, 0.86), 0.92 * teeth)
