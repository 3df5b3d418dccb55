"""The colour of skin: tone from very light to very dark, blush, lines of age, soft shadows of nose, brow and hair."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import bump, channels, noise, ramp, scale
from cae.datasets.portrait.head import Head, nose_line
from cae.datasets.portrait.light import Light, gloss
from cae.datasets.portrait.traits import Traits

# Display values from very light to very dark, after photographs.
STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)
TONES = (
    (0.97, 0.82, 0.73),
    (0.92, 0.70, 0.58),
    (0.80, 0.56, 0.42),
    (0.57, 0.36, 0.25),
    (0.34, 0.205, 0.14),
)


def tone(person: Traits) -> np.ndarray:
    """The skin's colour (3, n, 1, 1) in linear light."""
    flush = person.rosiness - 0.35
    return scale(person.skin, STOPS, TONES) * channels(1 + 0.02 * flush, 1 - 0.09 * flush, 1 - 0.06 * flush)


def albedo(head: Head, person: Traits, offset: np.ndarray) -> np.ndarray:
    """Colour (3, n, h, w) of the bare skin in even light; `offset` chooses its mottling."""
    base = tone(person)
    au, v = np.abs(head.u), head.v
    mottle = 1 + 0.035 * noise(head.u * 7 + offset, v * 7 + offset)
    blush = (0.10 + 0.30 * person.rosiness + 0.15 * person.makeup) * bump(au - 0.58, v - 0.48, 0.26, 0.20)
    blush += 0.18 * bump(head.u, v - person.nose_length, 0.20, 0.14)
    skin = base * mottle
    skin[1] *= 1 - 0.45 * blush
    skin[2] *= 1 - 0.40 * blush
    return skin


def shine(head: Head, person: Traits, normal: np.ndarray, lamp: Light) -> np.ndarray:
    """Highlights (n, h, w) of the lamp on skin with these unit normals; the eyes have their own."""
    eyes = bump(np.abs(head.u) - person.eye_x, head.v, person.eye_size, 1.3 * person.eye_opening)
    return (0.18 + 0.27 * person.contrast) * gloss(normal, lamp, 4) * (1 - 0.8 * eyes)


def _lines(head: Head, person: Traits) -> np.ndarray:
    """Darkening 0 to 1 by folds from nose to mouth, wrinkles on the forehead and bags under the eyes."""
    au, v = np.abs(head.u), head.v
    path = 0.25 + (v - 0.55) * (0.42 + 0.18 * person.smile)
    fold = np.exp(-(((au - path) / 0.045) ** 2)) * ramp(v, 0.46, 0.62) * ramp(v, 1.02, 0.86)
    ripple = np.clip(np.sin(v * 46 + au * 2.5), 0, 1) ** 2 * bump(au, v + 0.62, 0.5, 0.16)
    bags = bump(au - person.eye_x + 0.03, v - 0.19, 0.19, 0.05)
    folds = (0.10 + 0.25 * person.age + 0.22 * person.smile) * fold
    return folds + 0.30 * np.maximum(person.age - 0.35, 0) * ripple + (0.05 + 0.30 * person.age) * bags


def shadows(head: Head, person: Traits, lamp: Light) -> np.ndarray:
    """Factor (n, h, w), 0 to 1, by which light is held back in hollows and behind the nose."""
    across, _ = nose_line(head, person)
    base, lean, down = person.nose_length, -lamp.direction[0], -lamp.direction[1]
    under = bump(across - 0.16 * lean, head.v - base - 0.10 - 0.07 * down, person.nose_width * 0.75, 0.055)
    beside = bump(across - 0.26 * lean, head.v - base * 0.62, 0.12, base * 0.45)
    nostrils = bump(np.abs(across) - person.nose_width * 0.45, head.v - base - 0.05, 0.06, 0.035)
    wings = bump(np.abs(across) - person.nose_width * 1.08, head.v - base + 0.02, 0.03, 0.08)
    sockets = bump(np.abs(head.u) - person.eye_x + 0.10, head.v + 0.13, 0.20, 0.09)
    lip = bump(head.u, head.v - 1.15, 0.24, 0.055)
    dark = 0.36 * under + 0.36 * np.abs(lean) * beside + 0.55 * nostrils + 0.22 * wings + 0.32 * sockets + 0.17 * lip
    return np.clip(1 - dark - _lines(head, person), 0.12, 1)
