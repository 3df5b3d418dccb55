"""Labelled grids of pictures, readable at a glance and crisp at any size."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 8
GAP = 4
MARGIN = 16
MIN_TILE = 96
# Pixels from a line of a caption to the next.
LINE = 15
# What stands at the left of the rows of `pairs`.
PAIR = ("original", "autoencoder")
INK, QUIET, PAPER = (26, 26, 30), (110, 110, 118), (255, 255, 255)


def grid(
    pictures: np.ndarray,
    title: str,
    subtitle: str = "",
    *,
    columns: int = COLUMNS,
    labels: Sequence[str] = (),
    captions: Sequence[str] = (),
) -> np.ndarray:
    """uint8 (height, width, 3): `pictures`, uint8 (n, h, w, 3), row by row under a title.

    labels: one for each row, written at its left. captions: one for each picture, written below it, on as many lines as
    keep it from its neighbours. Pictures smaller than 96 pixels are enlarged by a whole factor without smoothing.
    """
    tiles = enlarge(pictures)
    _, h, w, _ = tiles.shape
    columns = min(columns, len(tiles))
    left, top = _corner(subtitle, labels)
    lines = [_wrapped(caption, w - 2 * GAP) for caption in captions]
    step = h + GAP + (5 + LINE * max(map(len, lines)) if lines else 0)
    rows = -(-len(tiles) // columns)
    width = max(left + columns * (w + GAP) - GAP, left + _width(title, 18), left + _width(subtitle, 13)) + MARGIN
    sheet = Image.new("RGB", (width, top + rows * step - GAP + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 2), title, INK, font(18, bold=True))
    draw.text((MARGIN, MARGIN + 24), subtitle, QUIET, font(13))
    for i, tile in enumerate(tiles):
        x, y = left + i % columns * (w + GAP), top + i // columns * step
        sheet.paste(Image.fromarray(tile), (x, y))
        for k, line in enumerate(lines[i] if lines else ()):
            draw.text((x + w / 2, y + h + 3 + LINE * k), line, QUIET, font(12), anchor="ma")
    for row, label in enumerate(labels):
        draw.text((left - 8, top + row * step + h / 2), label, QUIET, font(13), anchor="rm")
    return np.asarray(sheet)


def _wrapped(caption: str, width: int) -> list[str]:
    """The caption in lines of at most so many pixels, broken after blanks, and after underscores within long names."""

    def fits(text: str) -> bool:
        return _width(text.rstrip(), 12) <= width

    words = [[word] if fits(word) else re.split("(?<=_)", word) for word in re.split("(?<= )", caption)]
    first, *rest = itertools.chain.from_iterable(words)
    lines = [first]
    for piece in rest:
        if fits(lines[-1] + piece):
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.rstrip() for line in lines]


def cut(sheet: np.ndarray, row: int, count: int, size: int, labels: Sequence[str] = ()) -> np.ndarray:
    """The first `count` tiles of a row of a `grid` under title and subtitle: uint8 (count, h, h, 3).

    sheet: without captions, its pictures `size` pixels high and wide, h those of `enlarge`. labels: those of its rows.
    Raises ValueError where the sheet ends before the tiles do.
    """
    side = size * _factor(size)
    left, top = _corner("subtitle", labels)
    y = top + row * (side + GAP)
    found = [sheet[y : y + side, x : x + side] for x in (left + i * (side + GAP) for i in range(count))]
    if any(tile.shape[:2] != (side, side) for tile in found):
        raise ValueError(f"a sheet of {sheet.shape[1]} x {sheet.shape[0]} pixels has no {count} tiles in row {row}")
    return np.stack(found)


def _corner(subtitle: str, labels: Sequence[str]) -> tuple[int, int]:
    """Left and top of a grid's first tile."""
    return MARGIN + max((_width(label, 13) + 10 for label in labels), default=0), MARGIN + (54 if subtitle else 34)


def pairs(originals: np.ndarray, reconstructions: np.ndarray, title: str, subtitle: str = "") -> np.ndarray:
    """A grid whose rows alternate: originals, and below each its reconstruction. Both uint8 (n, h, w, 3)."""
    rows: list[np.ndarray] = []
    labels: list[str] = []
    whole = len(originals) // COLUMNS * COLUMNS or len(originals)
    for start in range(0, whole, COLUMNS):
        rows += [originals[start : start + COLUMNS], reconstructions[start : start + COLUMNS]]
        labels += PAIR
    return grid(np.concatenate(rows), title, subtitle, columns=min(COLUMNS, whole), labels=labels)


def tiles(pictures: np.ndarray, columns: int = 4) -> np.ndarray:
    """Pictures side by side without words, for previews of 256 pixels: uint8 (rows h, columns w, 3)."""
    columns = min(columns, len(pictures))
    whole = pictures[: len(pictures) // columns * columns]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in np.split(whole, len(whole) // columns)])


def enlarge(pictures: np.ndarray) -> np.ndarray:
    """The pictures, repeated by the smallest whole factor that makes them at least 96 pixels high."""
    factor = _factor(pictures.shape[1])
    return pictures.repeat(factor, axis=1).repeat(factor, axis=2)


def _factor(size: int) -> int:
    return -(-MIN_TILE // size)


def save_png(picture: np.ndarray, path: Path) -> None:
    """Writes uint8 (h, w, 3) as PNG. A run's 80 take 0.7 times as long as at level 4, and 1.09 times the room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, compress_level=2)


def png(picture: np.ndarray) -> bytes:
    """The same as the bytes of a file."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "png", compress_level=2)
    return buffer.getvalue()


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans. Matplotlib brings it, so that labels look the same on every machine."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def _width(text: str, size: int) -> int:
    return int(font(size, bold=size >= 18).getlength(text)) + 1
