"""One lamp, the light of the room, and how skin and hair answer them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cae.datasets.portrait.traits import Traits

# Light wanders under the skin before it leaves: red furthest, so the edge of a shadow on skin is warm.
WRAP = np.array([0.42, 0.27, 0.20], np.float32).reshape(3, 1, 1, 1)


@dataclass(frozen=True)
class Light:
    """Each (3, n, 1, 1).

    direction: unit vector to the lamp (right, down, towards the viewer); key, fill: its colour and the room's.
    """

    direction: np.ndarray
    key: np.ndarray
    fill: np.ndarray


def light(person: Traits) -> Light:
    """The light each person stands in; more contrast means more from the lamp and less from the room."""
    length = np.sqrt(person.light_x**2 + person.light_y**2 + 1)
    tint = np.stack([1 + person.warmth, np.ones_like(person.warmth), 1 - 1.3 * person.warmth])
    key, fill = 0.60 + 0.85 * person.contrast, 0.51 - 0.37 * person.contrast
    direction = np.stack([person.light_x / length, -person.light_y / length, 1 / length])
    return Light(direction, key * tint, fill * (2 - tint))


def unit(normal: np.ndarray) -> np.ndarray:
    """Normals (3, n, h, w) scaled to length 1."""
    return normal / np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2 + 1e-6)


def facing(normal: np.ndarray, lamp: Light) -> np.ndarray:
    """Cosine of the angle to the lamp, -1 to 1, for unit normals."""
    a, b, c = lamp.direction
    return normal[0] * a + normal[1] * b + normal[2] * c


def skin_shade(normal: np.ndarray, lamp: Light) -> np.ndarray:
    """Light (3, n, h, w) that skin with these unit normals sends back, before its own colour."""
    cosine, sky = facing(normal, lamp), 0.85 - 0.25 * normal[1]
    return lamp.key * np.clip((cosine + WRAP) / (1 + WRAP), 0, 1) + lamp.fill * sky


def gloss(normal: np.ndarray, lamp: Light, exponent: int) -> np.ndarray:
    """Blinn's highlight, 0 to 1, for unit normals; the exponent is 2 to the power given."""
    a, b, c = lamp.direction
    size = np.sqrt(a * a + b * b + (c + 1) ** 2)
    shine = np.clip((normal[0] * a + normal[1] * b + normal[2] * (c + 1)) / size, 0, 1)
    for _ in range(exponent):
        shine = shine * shine
    return shine


def cloth_shade(cosine: np.ndarray, lamp: Light) -> np.ndarray:
    """Light (3, n, h, w) from a matt surface whose cosine to the lamp is given."""
    return lamp.key * np.clip(cosine, 0, 1) + lamp.fill * 0.9
