"""Hair from shaved to below the shoulders: an outline behind the head, locks in front, strands and a soft shine."""

from __future__ import annotations

import numpy as np

from cae.datasets.portrait.canvas import Canvas, noise, paint, ramp, rgb, scale
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.head import EYE_DEPTH, SKULL, Head
from cae.datasets.portrait.light import Light, cloth_shade
from cae.datasets.portrait.traits import Traits

STOPS = (0.0, 0.3, 0.55, 0.8, 1.0)
COLOURS = ((0.93, 0.82, 0.60), (0.70, 0.51, 0.31), (0.42, 0.27, 0.17), (0.23, 0.15, 0.11), (0.085, 0.07, 0.065))


def hair_colour(person: Traits) -> np.ndarray:
    """Linear light (3, n, 1, 1): blond to black, towards red, towards grey."""
    natural = scale(person.hair_darkness, STOPS, COLOURS)
    red = natural + (rgb(0.62, 0.25, 0.11) - natural) * (0.75 * person.hair_redness)
    return red + (rgb(0.74, 0.73, 0.72) - red) * (0.92 * person.grey)


def centre(person: Traits) -> np.ndarray:
    """Where the middle of the skull stands in the picture: a turned head swings about its eyes."""
    return -EYE_DEPTH * np.sin(person.yaw)


def _long(person: Traits) -> np.ndarray:
    return np.clip((person.hair_end - 0.35) / 0.6, 0, 1)


def _dome(x: np.ndarray, y: np.ndarray, half: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Signed distance to a skull, fuller than an ellipse at the temples."""
    power = ((x / half) ** 2) ** 1.25 + ((y / top) ** 2) ** 1.25
    return (power**0.4 - 1) * half


def outline(canvas: Canvas, person: Traits, choice: Details) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of the whole head of hair, 0 to 1, and the place across it, -1 left edge to 1 right edge."""
    x, y = canvas.x - centre(person), canvas.y
    volume = person.hair_volume * (1 - person.baldness)
    half = person.width + volume * (0.45 + 0.75 * _long(person)) - 0.03 * person.baldness
    top = SKULL - 0.06 * person.baldness + 0.95 * volume
    wave = noise(np.sign(x) * 9 + choice.offset, y * (1.5 + 2.5 * person.curl) + choice.offset)
    rough = (0.03 + 0.10 * person.curl) * wave
    fall = half * (1 + 0.16 * _long(person) * ramp(y, 0.2, 1.6)) - 0.25 * ramp(
        y, person.hair_end - 0.7, person.hair_end + 0.1
    )
    frizz = 0.02 + 0.05 * person.curl
    crown = _dome(x, y, half, top)
    edge = np.where(y < 0, crown, np.abs(x) - fall)
    edge += rough + frizz * noise(x * 13 + choice.offset, y * 13) * (0.3 + person.curl)
    end = person.hair_end + 0.10 * noise(x * 8 + choice.offset, y * 0.5)
    cover = ramp(edge, 0.035, -0.045) * ramp(y, end + 0.12, end - 0.12)
    return cover * (1 - person.baldness * ramp(y, -0.6, -1.0)), x / half


def _combed(across: np.ndarray, y: np.ndarray, person: Traits, choice: Details) -> np.ndarray:
    """A coordinate that is constant along a lock: falling from the crown, or laid around the face from a parting."""
    part = 0.7 * (choice.parting - 0.5)
    falling = np.sqrt((across - part * ramp(y, 0.2, -0.8)) ** 2 + (np.minimum(y + 0.35, 0) * 0.75) ** 2)
    rounded = across / np.sqrt(np.clip(1 - np.clip(y / 2.1, -1, 0) ** 2, 0.12, 1))
    laid = rounded - 0.35 * (choice.parting - 0.5) * y
    return np.where((person.fringe < 0.5) & (choice.sweep > 0.35), falling, laid)


def _strands(canvas: Canvas, across: np.ndarray, person: Traits, choice: Details) -> np.ndarray:
    """Light and dark of strands, about -1 to 1: combed lines for straight hair, curls for curly hair."""
    y, curl = canvas.y, person.curl
    bent = _combed(across, y, person, choice)
    bent = bent + 0.10 * curl * np.sin(y * (4 + 4 * curl) + 3 * across + choice.offset)
    fine = noise(bent * (26 - 12 * curl) + choice.offset, y * (1.1 + 9 * curl * curl) + choice.offset)
    broad = noise(bent * 7 + choice.offset, y * (0.6 + 3.5 * curl) + 20)
    return 0.55 * fine + 0.65 * broad


def _shaded(canvas: Canvas, across: np.ndarray, person: Traits, lamp: Light, choice: Details) -> np.ndarray:
    """Colour (3, n, h, w) of hair in this light, with the band of shine that combed hair shows."""
    strands = _strands(canvas, across, person, choice)
    s = np.clip(across, -1, 1)
    up = np.clip(-canvas.y / 1.9, -0.2, 1)
    cosine = (
        lamp.direction[0] * s
        - lamp.direction[1] * up
        + lamp.direction[2] * np.sqrt(np.clip(1 - 0.8 * s * s - 0.5 * up * up, 0, 1))
    )
    dark = 0.52 + 0.38 * strands + 0.14 * up
    colour = hair_colour(person) * cloth_shade(0.25 + 0.75 * cosine, lamp) * np.clip(dark * 1.5, 0.1, 2)
    band = np.exp(-(((canvas.y + 1.02 - 0.45 * s * s - 0.3 * lamp.direction[0] * s) / 0.22) ** 2))
    shine = band * np.clip(0.45 + strands, 0, 1) * np.clip(cosine, 0, 1) * (0.11 - 0.07 * person.curl)
    return colour + shine * (0.45 + 0.55 * np.sqrt(hair_colour(person)))


def _hairline(head: Head, across: np.ndarray, person: Traits, choice: Details) -> np.ndarray:
    """Height on the face above which hair grows or hangs: forehead, parting, temples, cheeks, fringe."""
    side = np.maximum(np.abs(head.u), np.abs(across) * (1 - head.cover)) / person.width
    long, part = _long(person), 0.7 * (choice.parting - 0.5)
    middle = person.hairline - 0.10 * person.male * ramp(np.abs(head.u), 0.12, 0.5) * ramp(person.hairline, -0.97, -1.1)
    middle = middle + 0.42 * long * (head.u - part) ** 2 - 1.3 * person.baldness
    low = np.where(long > 0, person.hair_end, np.minimum(person.hair_end, 0.30))
    outer = 1.02 - 0.08 * long + 0.10 * choice.tuck * long + 0.05 * person.baldness
    arch = np.sqrt(1 - np.clip(side / outer, 0, 1) ** 2)
    line = middle * arch + low * ramp(side, outer - 0.32 + 0.12 * person.baldness, outer)
    slant = 0.35 * (choice.sweep - 0.5)
    cut = -0.42 + slant * head.u + 0.07 * noise(head.u * 9 + choice.offset, head.v * 0.5)
    return line + person.fringe * np.clip(cut - line, 0, None) * ramp(side, 0.98, 0.80)


def back_hair(canvas: Canvas, person: Traits, lamp: Light, choice: Details) -> tuple[np.ndarray, np.ndarray]:
    """Paints the hair behind neck and head; its lit colour (3, n, h, w) and its coverage (n, h, w) for the front."""
    cover, across = outline(canvas, person, choice)
    colour = _shaded(canvas, across, person, lamp, choice)
    deep = 0.40 + 0.60 * ramp(np.abs(across), 0.55, 0.98)
    paint(canvas.image, colour * np.where(canvas.y > 0, deep, 1), cover)
    return colour, cover


def front_cover(canvas: Canvas, cover: np.ndarray, head: Head, person: Traits, choice: Details) -> np.ndarray:
    """The share (n, h, w) of all hair's coverage that lies over forehead, temples, cheeks and shoulders."""
    across = canvas.x - centre(person)
    line = _hairline(head, across, person, choice)
    ragged = 0.03 * noise(head.u * 16 + choice.offset, head.v * 2)
    soft = 0.05 + 0.06 * person.male
    return cover * ramp(head.v + ragged, line + soft, line - soft)
