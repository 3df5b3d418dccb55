"""One portrait from back to front: background, hair, body, head with its features, locks, hat, glasses."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from cae.datasets.portrait.background import background
from cae.datasets.portrait.beard import facial_hair, long_beard
from cae.datasets.portrait.camera import develop
from cae.datasets.portrait.canvas import Canvas, blank, crop, ellipse, inside, paint, rows, window
from cae.datasets.portrait.clothes import clothes, neck
from cae.datasets.portrait.details import details
from cae.datasets.portrait.eyes import brows, eyes, glints
from cae.datasets.portrait.glasses import glasses
from cae.datasets.portrait.hair import back_hair, centre, front_cover, hair_colour
from cae.datasets.portrait.hat import hat
from cae.datasets.portrait.head import Head, head, part, relief, with_relief
from cae.datasets.portrait.light import Light, light, skin_shade, unit
from cae.datasets.portrait.mouth import mouth
from cae.datasets.portrait.skin import albedo, shadows, shine, tone
from cae.datasets.portrait.traits import Traits

# Boxes, in head units, that hold every face and every body, whatever the pose: left, right, top, bottom.
FACE = (-1.55, 1.55, -1.85, 1.95)
BODY = (-9.0, 9.0, 0.7, 9.0)
ALL = slice(None)


def _turned(canvas: Canvas, roll: float) -> Canvas:
    """The same picture in coordinates that lean with the head."""
    sin, cos = math.sin(roll), math.cos(roll)
    return Canvas(canvas.image, canvas.x * cos + canvas.y * sin, canvas.y * cos - canvas.x * sin, canvas.pixel)


def _ears(canvas: Canvas, person: Traits, lamp: Light) -> None:
    x = np.abs(canvas.x - centre(person)) - person.width - 0.02
    y = canvas.y - 0.12
    shell = ellipse(x + 0.10 * y, y, 0.12, 0.27)
    colour = tone(person) * np.array([0.95, 0.82, 0.78], np.float32) * np.array(lamp.key, np.float32) * 0.75
    paint(
        canvas.image,
        colour[:, None, None] * (0.62 + 0.38 * inside(np.abs(shell + 0.06) - 0.04, 0.08)),
        inside(shell, canvas.pixel),
    )


def _features(face: Canvas, front: Head, person: Traits, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Colour (3, h, w) of the whole face, and its height over the smooth head (h, w)."""
    hair, colour, height = hair_colour(person), albedo(front, person, offset), relief(front, person)
    low, high = rows(face, 0.35, 1.5), rows(face, -0.8, 0.5)
    mouth(colour[:, low], height[low], part(front, (low, ALL)), person, face.pixel)
    facial_hair(colour, front, person, hair, offset)
    eyes(colour[:, high], part(front, (high, ALL)), person, face.pixel)
    brows(colour[:, high], part(front, (high, ALL)), person, hair * 0.25, offset)
    return colour, height


def _face(face: Canvas, front: Head, person: Traits, lamp: Light, offset: float, hair_shadow: np.ndarray) -> None:
    """Draws and lights the head; `hair_shadow` (h, w), 0 to 1, is where locks hang over it."""
    colour, height = _features(face, front, person, offset)
    normal = unit(with_relief(front, height, face.pixel).normal)
    shade = skin_shade(normal, lamp) * (shadows(front, person, lamp) * (1 - 0.45 * hair_shadow))
    paint(face.image, colour * shade + shine(front, person, normal, lamp), front.cover)
    high = rows(face, -0.8, 0.5)
    glints(crop(face, (high, ALL)), part(front, (high, ALL)), person, lamp.direction[0])


def portrait(
    person: Traits, noise_seed: int, resolution: int, *, eyeglasses: bool, hat_on: bool, necktie: bool
) -> np.ndarray:
    """The picture of one person, uint8 (resolution, resolution, 3), RGB."""
    choice, lamp, frame = details(noise_seed), light(person), blank(resolution)
    if hat_on:
        person = replace(person, hair_volume=0.02, fringe=0.0)
    background(frame, person, choice)
    canvas, area = _turned(frame, person.roll), window(FACE, resolution)
    front = head(canvas, person)
    hair, hair_cover = back_hair(canvas, person, lamp, choice)
    body = crop(frame, window(BODY, resolution))
    neck(body, person, lamp)
    clothes(body, person, lamp, choice, necktie)
    _ears(canvas, person, lamp)
    locks = front_cover(canvas, hair_cover, front, person, choice)
    hair_shadow = cv2.blur(locks, (resolution // 10 | 1,) * 2)
    _face(crop(canvas, area), part(front, area), person, lamp, choice.offset, hair_shadow[area])
    long_beard(canvas, front, person, hair_colour(person), lamp, choice.offset)
    paint(canvas.image, hair, locks)
    if hat_on:
        hat(canvas, person, lamp, choice)
    if eyeglasses:
        glasses(crop(canvas, area), person, choice)
    return develop(frame, person, choice)
