"""Portraits from back to front: background, hair, body, head with its features, locks, hat, glasses."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from cae.datasets.portrait.background import background
from cae.datasets.portrait.beard import facial_hair, long_beard
from cae.datasets.portrait.block import crop, draw, solid
from cae.datasets.portrait.camera import develop
from cae.datasets.portrait.canvas import Canvas, blank, channels, ellipse, inside, paint, rows, window
from cae.datasets.portrait.clothes import clothes, neck
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.eyes import brows, eyes, glints
from cae.datasets.portrait.glasses import glasses
from cae.datasets.portrait.hair import back_hair, centre, front_cover, hair_colour
from cae.datasets.portrait.hat import hat
from cae.datasets.portrait.head import Head, head, relief, with_relief
from cae.datasets.portrait.light import Light, light, skin_shade, unit
from cae.datasets.portrait.mouth import mouth
from cae.datasets.portrait.skin import albedo, shadows, shine, tone
from cae.datasets.portrait.traits import Traits

# Boxes, in head units, that hold every face and every body, whatever the pose: left, right, top, bottom.
FACE = (-1.55, 1.55, -1.70, 1.95)
BODY = (-9.0, 9.0, 0.7, 9.0)


def _turned(canvas: Canvas, roll: np.ndarray) -> Canvas:
    """The same pictures in coordinates that lean with each head."""
    sin, cos = np.sin(roll), np.cos(roll)
    return Canvas(canvas.image, canvas.x * cos + canvas.y * sin, canvas.y * cos - canvas.x * sin, canvas.pixel)


def _ears(canvas: Canvas, person: Traits, lamp: Light) -> None:
    x = np.abs(canvas.x - centre(person)) - person.width - 0.02
    y = canvas.y - 0.12
    shell = ellipse(x + 0.10 * y, y, 0.12, 0.27)
    colour = tone(person) * channels(0.95, 0.82, 0.78) * lamp.key * 0.75
    fold = 0.62 + 0.38 * inside(np.abs(shell + 0.06) - 0.04, 0.08)
    paint(canvas.image, colour * fold, inside(shell, canvas.pixel))


def _features(face: Canvas, front: Head, person: Traits, choice: Details) -> tuple[np.ndarray, np.ndarray]:
    """Colour (3, n, h, w) of the whole face, and its height over the smooth head (n, h, w)."""
    colour, height = albedo(front, person, choice.offset), relief(front, person)
    low, high, jaw = rows(face, 0.35, 1.5), rows(face, -0.8, 0.5), rows(face, -0.6, 2.5)
    bearded = (person.beard > 0) | (person.moustache > 0)
    mouth(crop(colour, low), crop(height, low), crop(front, low), person, face.pixel)
    draw(facial_hair, bearded, crop(colour, jaw), crop(front, jaw), person, choice)
    eyes(crop(colour, high), crop(front, high), person, face.pixel)
    brows(crop(colour, high), crop(front, high), person, hair_colour(person) * 0.25, choice.offset)
    return colour, height


def _face(face: Canvas, front: Head, person: Traits, lamp: Light, choice: Details, hair_shadow: np.ndarray) -> None:
    """Draws and lights the heads; `hair_shadow` (n, h, w), 0 to 1, is where locks hang over them."""
    colour, height = _features(face, front, person, choice)
    normal = unit(with_relief(front, height, face.pixel).normal)
    shade = skin_shade(normal, lamp) * (shadows(front, person, lamp) * (1 - 0.45 * hair_shadow))
    paint(face.image, colour * shade + shine(front, person, normal, lamp), front.cover)
    high = rows(face, -0.8, 0.5)
    glints(crop(face, high), crop(front, high), person, lamp.direction[0])


def _shadow(locks: np.ndarray) -> np.ndarray:
    """The soft shadow (n, h, w) below locks that cover (n, h, w)."""
    side = locks.shape[-1] // 10 | 1
    return np.array([cv2.blur(cover, (side, side)) for cover in locks])


def portraits(
    person: Traits, choice: Details, resolution: int, *, eyeglasses: np.ndarray, hats: np.ndarray, neckties: np.ndarray
) -> np.ndarray:
    """The pictures of some people, uint8 (n, resolution, resolution, 3), RGB; who wears what is bool (n, 1, 1)."""
    lamp, frame = light(person), blank(len(hats), resolution)
    volume, fringe = np.where(hats, 0.02, person.hair_volume), np.where(hats, 0, person.fringe)
    person = replace(person, hair_volume=volume, fringe=fringe)
    background(frame, person, choice)
    canvas, area = _turned(frame, person.roll), window(FACE, resolution)
    front = head(canvas, person)
    hair, hair_cover = back_hair(canvas, person, lamp, choice)
    body = crop(frame, *window(BODY, resolution))
    neck(body, person, lamp)
    clothes(body, person, lamp, choice, neckties)
    _ears(crop(canvas, rows(canvas, -0.3, 0.55)), person, lamp)
    locks = front_cover(canvas, hair_cover, front, person, choice)
    _face(crop(canvas, *area), solid(crop(front, *area)), person, lamp, choice, crop(_shadow(locks), *area))
    draw(long_beard, person.beard > 0.45, crop(canvas, rows(canvas, 0.7, 2.5)), person, lamp, choice)
    paint(canvas.image, hair, locks)
    draw(hat, hats, canvas, person, lamp, choice)
    draw(glasses, eyeglasses, crop(canvas, *area), person, choice)
    return develop(frame, person, choice)
