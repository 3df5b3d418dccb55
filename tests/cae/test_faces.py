from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae import faces


def pictures(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def contains(sheet: np.ndarray, tile: np.ndarray) -> bool:
    """Whether the tile stands somewhere in the sheet, pixel for pixel."""
    h, w = tile.shape[:2]
    corners = np.argwhere((sheet[: -h + 1, : -w + 1] == tile[0, 0]).all(axis=-1))
    return any(np.array_equal(sheet[y : y + h, x : x + w], tile) for y, x in corners)


@pytest.mark.parametrize("size", [96, 128])
def test_a_grid_holds_every_picture_unchanged(size: int) -> None:
    tiles = pictures(11, size)
    sheet = faces.grid(tiles, "title", "subtitle", columns=4)
    assert all(contains(sheet, tile) for tile in tiles)


@pytest.mark.parametrize(("size", "shown"), [(8, 96), (32, 96), (64, 128), (96, 96), (128, 128)])
def test_small_pictures_are_repeated_not_blurred(size: int, shown: int) -> None:
    tiles = pictures(2, size)
    large = faces.enlarge(tiles)
    assert large.shape[1] == shown
    assert np.array_equal(large[:, :: shown // size, :: shown // size], tiles)


def test_a_long_title_is_not_cut_off() -> None:
    narrow = faces.grid(pictures(1, 96), "title")
    wide = faces.grid(pictures(1, 96), "title", "a sentence that is much longer than one picture is wide " * 2)
    assert wide.shape[1] > narrow.shape[1] + 300
    assert (wide[:, -faces.MARGIN + 1 :] == 255).all()


def test_labels_and_captions_leave_ink() -> None:
    plain = faces.grid(pictures(2, 96), "title")
    assert faces.grid(pictures(2, 96), "title", captions=["left", "right"]).shape[0] > plain.shape[0]
    labelled = faces.grid(pictures(2, 96), "title", columns=1, labels=["first", "second"])
    assert (labelled[80:, : faces.MARGIN + 20] < 200).any()


def test_captions_keep_from_each_other_on_lines_of_their_own() -> None:
    captions = ["− Male & !Eyeglasses", "real !Mouth_Slightly_Open & Male"]
    sheet = faces.grid(pictures(2, 96), "title", captions=captions)
    between = slice(faces.MARGIN + 96, faces.MARGIN + 96 + faces.GAP)
    below = 54 + 96
    assert (sheet[below:, between] == 255).all()
    assert sheet.shape[0] == faces.grid(pictures(2, 96), "title", captions=["one", "two"]).shape[0] + 2 * faces.LINE


def test_pairs_put_each_copy_below_its_original() -> None:
    originals, copies = pictures(16, 96), 255 - pictures(16, 96)
    sheet = faces.pairs(originals, copies, "title")
    column = 100 + np.argmax((sheet[200, 100:] != 255).any(axis=-1))
    step = 96 + faces.GAP
    rows = [np.concatenate([sheet[y : y + 96, column : column + 96]]) for y in range(sheet.shape[0] - 96)]
    first = next(y for y, tile in enumerate(rows) if np.array_equal(tile, originals[0]))
    assert np.array_equal(rows[first + step], copies[0])
    assert np.array_equal(rows[first + 2 * step], originals[8])


def test_fewer_pictures_than_a_row_are_all_shown() -> None:
    originals = pictures(3, 96)
    sheet = faces.pairs(originals, originals, "title")
    assert all(contains(sheet, tile) for tile in originals)


def test_few_tiles_stand_in_one_row() -> None:
    tiles = pictures(2, 10)
    assert np.array_equal(faces.tiles(tiles), np.concatenate(list(tiles), axis=1))


def test_tiles_stand_side_by_side() -> None:
    tiles = pictures(9, 10)
    sheet = faces.tiles(tiles)
    assert sheet.shape == (20, 40, 3)
    assert np.array_equal(sheet[10:, 30:], tiles[7])


def test_png_is_lossless(tmp_path: Path) -> None:
    picture = pictures(1, 40)[0]
    faces.save_png(picture, tmp_path / "new" / "picture.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "new" / "picture.png")), picture)


@pytest.mark.parametrize("size", [32, 64, 96, 128])
@pytest.mark.parametrize("title", ["mnd", "a title much longer than all pictures of a row together" * 4])
def test_a_grid_is_cut_into_the_pictures_it_was_made_of(size: int, title: str) -> None:
    tiles = pictures(16, size)
    sheet = faces.grid(tiles, title, "words")
    assert np.array_equal(faces.cut(sheet, 0, 4, size), faces.enlarge(tiles)[:4])
    assert np.array_equal(faces.cut(sheet, 1, 8, size), faces.enlarge(tiles)[8:])


def test_pairs_are_cut_into_originals_and_reconstructions() -> None:
    originals, copies = pictures(8, 64), 255 - pictures(8, 64)
    sheet = faces.pairs(originals, copies, "reconstruction", "words")
    assert np.array_equal(faces.cut(sheet, 0, 8, 64, faces.PAIR), faces.enlarge(originals))
    assert np.array_equal(faces.cut(sheet, 1, 8, 64, faces.PAIR), faces.enlarge(copies))


def test_a_sheet_that_ends_too_early_is_refused() -> None:
    sheet = faces.grid(pictures(2, 96), "mnd", "words")
    with pytest.raises(ValueError, match="has no 8 tiles in row 0"):
        faces.cut(sheet, 0, 8, 96)
