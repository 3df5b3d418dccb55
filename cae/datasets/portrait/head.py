"""The head: a stack of ellipses, wide at the cheekbones and narrow at the chin, turned by yaw and pitch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cae.datasets.portrait.canvas import Canvas, bump, inside
from cae.datasets.portrait.traits import Traits

SKULL = 1.56
# Depth of a horizontal section over its width, and the depth of the eyes, around which CelebA's alignment turns a head.
DEPTH = 1.12
EYE_DEPTH = 0.98


@dataclass(frozen=True)
class Head:
    """The visible surface at each pixel, arrays float32 (n, h, w).

    u, v: where on the face, as seen from the front, in head units from the point between the eyes.
    cover: how much of the pixel the head covers, 0 to 1.
    normal: (3, n, h, w), right, down, towards the viewer; not normalised, about 1 long at the front.
    """

    u: np.ndarray
    v: np.ndarray
    cover: np.ndarray
    normal: np.ndarray


def profile(v: np.ndarray, person: Traits) -> tuple[np.ndarray, np.ndarray]:
    """Half width of the head at height v, and its slope dw/dv (cut at +-2); both 0 beyond chin and crown."""
    below = v > 0
    length = np.where(below, person.chin, np.float32(SKULL))
    t2 = np.minimum((v / length) ** 2, 1)
    linear = np.where(below, np.float32(0.22), np.float32(0.30))
    taper = np.where(below, person.taper, np.float32(0))
    round_off = np.sqrt(1 - linear * t2 - (1 - linear) * t2 * t2)
    width = person.width * round_off * (1 - taper * t2)
    d_t2 = -person.width * ((linear + 2 * (1 - linear) * t2) / (2 * round_off + 0.05) + taper)
    return width, np.clip(d_t2 * 2 * v / length**2, -2, 2)


def head(canvas: Canvas, person: Traits) -> Head:
    """The surface of each person's head, turned about the eyes."""
    sin, cos = np.sin(person.yaw), np.cos(person.yaw)
    width, slope = profile(canvas.y, person)
    stretch = np.hypot(cos, DEPTH * sin)
    forward = 0.22 * np.clip(canvas.y, 0, 1.2) ** 2
    across = canvas.x - (forward - EYE_DEPTH) * sin
    t = np.clip(across / (stretch * width + 1e-4), -1, 1)
    s = np.sqrt(1 - t * t)
    side, front = (t * cos - s * DEPTH * sin) / stretch, (s * cos + t * DEPTH * sin) / stretch
    depth = forward + DEPTH * width * front
    v = canvas.y - np.sin(person.pitch) * (depth - EYE_DEPTH)
    edge = (np.abs(across) - stretch * width) / np.sqrt(1 + slope * slope)
    edge = np.maximum(edge, np.maximum(canvas.y - person.chin, -SKULL - canvas.y))
    normal = np.stack([side * cos + front / DEPTH * sin, -slope, front / DEPTH * cos - side * sin])
    normal[1] += np.sin(person.pitch) * 0.5
    return Head(width * side, v, inside(edge, canvas.pixel), normal)


def nose_line(head: Head, person: Traits) -> tuple[np.ndarray, np.ndarray]:
    """Distance across from the nose's ridge, and how far the ridge stands out at each height: yaw shows it sideways."""
    rise = np.clip((head.v + 0.12) / (person.nose_length + 0.08), 0, 1)
    fall = np.clip((person.nose_length + 0.10 - head.v) / 0.12, 0, 1)
    out = 0.34 * rise * np.sqrt(rise) * fall * fall * (3 - 2 * fall)
    return head.u - np.sin(person.yaw) * out, out


def relief(head: Head, person: Traits) -> np.ndarray:
    """Height in head units of nose, brow ridge, sockets, cheeks, lips and chin over the smooth head."""
    across, out = nose_line(head, person)
    au, v = np.abs(head.u), head.v
    base = person.nose_length
    spread = 0.10 + person.nose_width * 0.55 * np.clip(v / base, 0, 1) ** 2
    height = out * 0.72 * np.exp(-((across / spread) ** 2))
    height += 0.07 * bump(np.abs(across) - person.nose_width * 0.78, v - base + 0.02, 0.085, 0.085)
    height += (0.03 + 0.035 * person.male) * bump(au - 0.40, v + 0.26, 0.30, 0.11)
    height -= 0.11 * bump(au - person.eye_x + 0.04, v + 0.06, 0.24, 0.15)
    height += (0.11 + 0.08 * person.smile) * bump(au - 0.60, v - 0.42 + 0.06 * person.smile, 0.27, 0.22)
    height += 0.03 * bump(au, v - 0.95, 0.42, 0.22)
    return height + (0.05 + 0.03 * person.male) * bump(au, v - person.chin + 0.22, 0.26, 0.14)


def with_relief(head: Head, height: np.ndarray, pixel: float) -> Head:
    """The head with its normals tilted by the slopes of a height map."""
    normal = head.normal.copy()
    normal[0, :, :, 1:-1] -= (height[:, :, 2:] - height[:, :, :-2]) / (2 * pixel)
    normal[1, :, 1:-1] -= (height[:, 2:] - height[:, :-2]) / (2 * pixel)
    return Head(head.u, head.v, head.cover, normal)
