"""Beard and moustache: stubble to full, soft at the edges, longer below the chin."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import Canvas, noise, paint, ramp
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.hair import hair_colour
from cae.datasets.portrait.head import Head
from cae.datasets.portrait.light import Light
from cae.datasets.portrait.mouth import MOUTH
from cae.datasets.portrait.traits import Traits


def _jaw(head: Head, person: Traits) -> np.ndarray:
    """Where a beard grows on the skin, 0 to 1: jaw, chin and sideburns, not the lips."""
    u, v = np.abs(head.u) / person.width, head.v
    cheek = 0.86 - 0.75 * np.clip(u - 0.34, 0, 1) - 1.4 * np.clip(u - 0.62, 0, 1)
    grown = ramp(v, cheek, cheek + 0.28) * ramp(u + 0.6 * np.clip(v - 0.9, 0, 1), 0.30, 0.48)
    chin = ramp(v, MOUTH + 0.17, MOUTH + 0.30)
    return np.maximum(grown, chin)


def _lip(head: Head, person: Traits) -> np.ndarray:
    """Where a moustache grows, 0 to 1: between nose and upper lip, drooping past the corners."""
    u = np.abs(head.u)
    middle = MOUTH - 0.125 - 0.02 * person.smile + 0.30 * np.clip(u - 0.12, 0, 1)
    return ramp(np.abs(head.v - middle), 0.115, 0.035) * ramp(u, 0.48, 0.33)


def facial_hair(colour: np.ndarray, head: Head, person: Traits, choice: Details) -> None:
    """Grows beard and moustache into the face's colour (3, n, h, w) in place."""
    grain = 0.80 + 0.45 * noise(head.u * 24 + choice.offset, head.v * 11 + choice.offset)
    beard = _jaw(head, person) * np.minimum(1.5 * person.beard, 0.95)
    lip = _lip(head, person) * np.minimum(np.maximum(2.2 * person.moustache, 0.8 * person.beard), 0.95)
    paint(colour, hair_colour(person) * 0.85, np.clip(np.maximum(beard, lip) * grain, 0, 0.96))


def long_beard(canvas: Canvas, person: Traits, lamp: Light, choice: Details) -> None:
    """Lets a full beard, above 0.45, hang over chin and collar, in front of the neck, in place."""
    length = 0.75 * (person.beard - 0.45)
    x = canvas.x + 0.5 * person.yaw
    strands = noise(x * 15 + choice.offset, canvas.y * 2.5 + choice.offset)
    half = 0.66 * person.width * (1 - 0.12 * noise(x * 4 + choice.offset, canvas.y * 3))
    drop = person.chin - 0.08 + length * np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1)) + 0.05 * strands
    cover = ramp(canvas.y, drop + 0.05, drop - 0.07) * ramp(canvas.y, person.chin - 0.30, person.chin - 0.12)
    cover *= ramp(np.abs(x), half, half - 0.12)
    shade = lamp.key * 0.55 + lamp.fill
    paint(canvas.image, hair_colour(person) * shade * (0.72 + 0.28 * strands), cover * 0.95)
