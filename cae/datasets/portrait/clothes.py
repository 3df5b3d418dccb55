"""Neck, shoulders and what covers them: a round or a V neck, an open collar, a jacket with shirt and perhaps a tie."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.block import draw
from cae.datasets.portrait.canvas import Canvas, box, bump, hsv, inside, noise, paint, ramp, rgb
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.light import Light, cloth_shade
from cae.datasets.portrait.skin import tone
from cae.datasets.portrait.traits import Traits

ROUND, DEEP, COLLAR, JACKET = range(4)


def _shoulders(x: np.ndarray, person: Traits) -> tuple[np.ndarray, np.ndarray]:
    """Height of the body's upper edge at each x, and the half width of the neck."""
    half = 0.50 + 0.13 * person.male + 0.04 * person.fullness
    return person.chin + 0.10 + (0.30 - 0.06 * person.male) * np.clip(np.abs(x) - half, 0, None) ** 0.8, half


def _open(person: Traits, choice: Details, kind: np.ndarray) -> np.ndarray:
    """How far down a garment is open at the throat."""
    depth = np.array([0.16, 0.45, 0.30, 0.30], np.float32)[kind]
    return depth + 0.25 * choice.tuck * (1 - person.male) * (kind != JACKET)


def neck(canvas: Canvas, person: Traits, lamp: Light) -> None:
    """Paints neck and breast, in the head's shadow."""
    x = canvas.x + 0.45 * np.sin(person.yaw)
    slope, half = _shoulders(x, person)
    curve = half + 0.25 * ramp(canvas.y, slope - 0.5, slope + 0.05) ** 2
    cover = np.maximum(inside(np.abs(x) - curve, canvas.pixel), inside(slope + 0.06 - canvas.y, canvas.pixel))
    cosine = lamp.direction[0] * x * 0.9 + lamp.direction[2] * np.sqrt(np.clip(1 - (x / 0.9) ** 2, 0.1, 1))
    dark = ramp(canvas.y - 0.35 * np.abs(x), person.chin + 0.75, person.chin - 0.02)
    shadow = 1 - 0.62 * dark * ramp(np.abs(x - 0.25 * lamp.direction[0]), 1.0, 0.3)
    tendons = 1 - 0.10 * bump(np.abs(x) - 0.22, canvas.y - person.chin - 0.3, 0.06, 0.4)
    paint(canvas.image, tone(person) * cloth_shade(cosine, lamp) * (shadow * tendons), cover)


def _cloth(canvas: Canvas, x: np.ndarray, lamp: Light, choice: Details) -> np.ndarray:
    """Light on cloth (3, n, h, w) with soft folds."""
    folds = noise(x * 2.2 + choice.offset, canvas.y * 1.1 + x + choice.offset)
    return cloth_shade(0.72 + 0.35 * lamp.direction[0] * x + 0.22 * folds, lamp)


def clothes(canvas: Canvas, person: Traits, lamp: Light, choice: Details, necktie: np.ndarray) -> None:
    """Paints a garment over the shoulders, open at the neck; with a necktie, bool (n, 1, 1), it is a jacket."""
    x, kind = canvas.x + 0.45 * np.sin(person.yaw), np.where(necktie, JACKET, choice.clothes)
    slope, half = _shoulders(x, person)
    closeness = np.clip(1 - np.abs(x) / (half + 0.12), 0, 1)
    edge = slope + _open(person, choice, kind) * closeness ** np.where(kind == ROUND, np.float32(0.55), np.float32(0.9))
    colour = hsv(person.clothes_hue, 0.15 + 0.6 * choice.hue, person.clothes_value)
    light = _cloth(canvas, x, lamp, choice)
    hem = 1 - 0.35 * ramp(canvas.y - edge, 0.07, 0.0)
    paint(canvas.image, colour * light * hem, inside(edge - 0.02 - canvas.y, canvas.pixel))
    shirt = np.where(kind == COLLAR, colour, rgb(0.90, 0.90, 0.92)) * light
    draw(_collar, (kind == COLLAR) | (kind == JACKET), canvas, np.abs(x), canvas.y - slope, half, shirt, kind)
    draw(_tie, necktie, canvas, x, person, light, choice)


def _collar(
    canvas: Canvas, ax: np.ndarray, y: np.ndarray, half: np.ndarray, shirt: np.ndarray, kind: np.ndarray
) -> None:
    """Two flaps at the throat of one person; under a jacket the shirt (3, 1, h, w) shows between the lapels."""
    if kind == JACKET:
        front = inside(ax - half * 0.9 + 0.55 * np.clip(y, 0, None), canvas.pixel)
        below = 0.30 * np.clip(1 - ax / half, 0, 1)
        paint(canvas.image, shirt, front * inside(below + 0.02 - y, canvas.pixel))
    along, over = (half - ax) * 0.78 + y * 0.62 - 0.20, (half - ax) * -0.62 + y * 0.78 - 0.07
    flap = box(along, over, 0.27, 0.085, 0.01)
    paint(canvas.image, shirt * 0.7, inside(flap - 0.03, canvas.pixel))
    paint(canvas.image, shirt * 1.1, inside(flap, canvas.pixel))


def _tie(canvas: Canvas, x: np.ndarray, person: Traits, light: np.ndarray, choice: Details) -> None:
    """A knot at the throat and the blade below it."""
    y = canvas.y - person.chin - 0.30
    half = 0.085 + 0.05 * np.clip(y, -0.08, 1) + 0.03 * (y < 0.1)
    cover = inside(np.maximum(np.abs(x) - half, -y - 0.08), canvas.pixel)
    stripes = 0.8 + 0.3 * ((x + y) * 7 % 1 > 0.5)
    paint(canvas.image, hsv(choice.place, 0.7, 0.25 + 0.45 * choice.hue) * light * stripes, cover)
