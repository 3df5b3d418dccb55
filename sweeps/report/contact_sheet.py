"""The contact sheet: a row a cell, a column a method, the same people and the same draws in every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cae.config import RunConfig
from cae.faces import INK, MARGIN, PAIR, PAPER, QUIET, cut, font
from cae.names import file_name
from sweeps.report.representatives import Representative


def columns_in(config: RunConfig) -> list[str]:
    """What a run has columns for: photographs, reconstructions, and each way to make faces."""
    return list(dict.fromkeys([*PAIR, *map(file_name, config.analysis.sampling)]))


def files_of(config: RunConfig) -> list[str]:
    """The files that `row_of` cuts the pictures of a run out of."""
    return list(dict.fromkeys(place(column)[0] for column in columns_in(config)))


def place(column: str) -> tuple[str, int, Sequence[str]]:
    """Where a column's pictures stand: file, row in it, and the labels of its rows."""
    if column in PAIR:
        return "faces/reconstruction", PAIR.index(column), PAIR
    return f"faces/{column}", 0, ()


# Four pictures of each method, two by two; more cells than these make a sheet too long to look at.
SIDE, TILE, GAP = 2, 96, 2
BLOCK = SIDE * TILE + (SIDE - 1) * GAP
LARGEST = 40
LABEL, NAMES, SPACE = 30, 20, 12


@dataclass(frozen=True, eq=False)
class Row:
    """A cell's faces. tiles: column to its pictures, uint8 (k, h, w, 3); None where the run has no such pictures."""

    label: str
    tiles: dict[str, np.ndarray | None]


def row_of(cell: Representative, label: str) -> Row:
    """The first pictures of each method, which are the same people and the same draws in every run."""
    return Row(label, {column: _tiles(cell, *place(column)) for column in columns_in(cell.run.config)})


def _tiles(cell: Representative, file: str, row: int, labels: Sequence[str]) -> np.ndarray | None:
    if file not in cell.pictures:
        return None
    count, size = min(SIDE**2, cell.run.config.analysis.images_per_grid), cell.run.config.data.resolution
    try:
        found = cut(_read(cell.pictures[file]), row, count, size, labels)
    except ValueError:  # a sheet of fewer pictures than it was asked for
        return None
    # As large as the decoder made them: the sheet repeats the pixels of small ones.
    return found[:, :: found.shape[1] // size, :: found.shape[2] // size]


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def block(tiles: np.ndarray, side: int) -> Image.Image:
    """The pictures two by two, each `side` pixels high and wide."""
    whole = Image.new("RGB", (SIDE * side + (SIDE - 1) * GAP,) * 2, PAPER)
    for i, tile in enumerate(tiles):
        place = (i % SIDE * (side + GAP), i // SIDE * (side + GAP))
        whole.paste(Image.fromarray(tile).resize((side, side), Image.Resampling.LANCZOS), place)
    return whole


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The columns that at least one row has pictures for."""
    names = dict.fromkeys(column for row in rows for column in row.tiles)
    return [name for name in names if any(row.tiles.get(name) is not None for row in rows)]


def contact_sheet(rows: Sequence[Row], title: str, words: str) -> Image.Image:
    """All rows below each other, each under its label and the names of the methods."""
    columns = columns_of(rows)
    height = LABEL + NAMES + BLOCK + SPACE
    top = MARGIN + 58
    sheet = Image.new("RGB", (_width(columns), top + len(rows) * height + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 2), title, INK, font(22, bold=True))
    draw.text((MARGIN, MARGIN + 30), words, QUIET, font(15))
    for i, row in enumerate(rows):
        _draw_row(sheet, draw, row, columns, top + i * height)
    return sheet


def _width(columns: Sequence[str]) -> int:
    # Wide enough for the words where there are no pictures at all.
    return 2 * MARGIN + max(len(columns), 4) * (BLOCK + SPACE) - SPACE


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: Row, columns: Sequence[str], top: int) -> None:
    draw.text((MARGIN, top), row.label, INK, font(18, bold=True))
    if not any(tiles is not None for tiles in row.tiles.values()):
        draw.text((MARGIN, top + LABEL), "this run recorded no faces", QUIET, font(15))
        return
    for i, column in enumerate(columns):
        x, tiles = MARGIN + i * (BLOCK + SPACE), row.tiles.get(column)
        draw.text((x, top + LABEL - 4), column if tiles is not None else f"{column}: none", QUIET, font(15))
        if tiles is not None:
            sheet.paste(block(tiles, TILE), (x, top + LABEL + NAMES))
