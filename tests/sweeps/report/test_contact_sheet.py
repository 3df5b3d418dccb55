from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae import faces
from cae.config import from_flat
from sweeps.analysis.cells import Cell
from sweeps.report import contact_sheet as module
from sweeps.report.contact_sheet import (
    BLOCK,
    SIDE,
    TILE,
    block,
    columns_in,
    columns_of,
    contact_sheet,
    files_of,
    row_of,
)
from sweeps.report.representatives import Representative, chosen_runs, seed_words
from tests.sweeps.fakes import cell_of


def flat_pictures(count: int, size: int) -> np.ndarray:
    """Pictures that differ: each of one gray, the first black."""
    grays = np.arange(count, dtype=np.uint8) * 7
    return np.broadcast_to(grays[:, None, None, None], (count, size, size, 3))


def stand_in(folder: Path, size: int = 32, **sheets: np.ndarray) -> Representative:
    run = cell_of({}, resolution=size, activation="relu")
    pictures = {}
    for name, sheet in sheets.items():
        faces.save_png(sheet, folder / f"{name}.png")
        pictures[f"faces/{name}"] = folder / f"{name}.png"
    return Representative(Cell("g", {"model.activation": "relu"}, (run,), {}), run, pictures)


def grays(tiles: np.ndarray) -> list[int]:
    """The gray of each of the tiles, and of their places on the sheet, row by row."""
    drawn = np.asarray(block(tiles, TILE))
    middles = [TILE // 2, TILE // 2 + BLOCK - TILE]
    found = [int(drawn[y, x, 0]) for y in middles for x in middles]
    assert found == [int(tile[0, 0, 0]) for tile in tiles]
    return found


@pytest.mark.parametrize("size", [32, 128])
def test_a_row_shows_the_first_four_of_each_method(tmp_path: Path, size: int) -> None:
    pictures = flat_pictures(16, size)
    made = row_of(
        stand_in(
            tmp_path,
            size,
            mnd=faces.grid(pictures, "mnd", "words"),
            reconstruction=faces.pairs(pictures, 255 - pictures, "reconstruction", "words"),
        ),
        "relu",
    )
    assert grays(made.tiles["mnd"]) == [0, 7, 14, 21]
    assert grays(made.tiles["original"]) == [0, 7, 14, 21]
    assert grays(made.tiles["autoencoder"]) == [255, 248, 241, 234]
    assert made.tiles["mnd"].shape == (4, size, size, 3)
    assert made.tiles["pca"] is None
    assert columns_of([made]) == ["original", "autoencoder", "mnd"]


def test_a_run_has_a_column_for_each_generator_it_lists_and_no_other() -> None:
    config = from_flat({"analysis.sampling": ["mnd", "gmm", "mylab.draw:STUDENT"]})
    assert columns_in(config) == ["original", "autoencoder", "mnd", "gmm", "mylab.draw.STUDENT"]
    assert files_of(config) == [f"faces/{name}" for name in ("reconstruction", "mnd", "gmm", "mylab.draw.STUDENT")]


def test_a_sheet_of_another_size_is_left_out_not_cut_wrongly(tmp_path: Path) -> None:
    small = faces.grid(flat_pictures(2, 32), "mnd", "words")
    assert row_of(stand_in(tmp_path, 128, mnd=small), "relu").tiles["mnd"] is None


def test_the_sheet_has_a_row_for_each_cell_also_without_faces(tmp_path: Path) -> None:
    full = row_of(stand_in(tmp_path, mnd=faces.grid(flat_pictures(16, 32), "mnd", "words")), "first")
    none = module.Row("second", dict.fromkeys(columns_in(cell_of({}).config)))
    alone, both = contact_sheet([full], "t", "w"), contact_sheet([full, none], "t", "w")
    assert both.height - alone.height == module.LABEL + module.NAMES + BLOCK + module.SPACE
    top = np.asarray(both)[: alone.height - faces.MARGIN]
    assert np.array_equal(top, np.asarray(alone)[: alone.height - faces.MARGIN])
    assert isinstance(contact_sheet([none], "t", "w"), Image.Image)
    assert SIDE**2 == 4


def group(*seeds: int) -> Cell:
    return Cell(f"g{seeds}", {}, tuple(cell_of({}, seed=seed) for seed in seeds), {})


@pytest.mark.parametrize(
    ("groups", "seeds", "words"),
    [
        ([group(0, 1), group(1, 2)], [1, 1], "seed 1"),
        ([group(2, 0), group(0)], [0, 0], "seed 0"),
        ([group(3, 1), group(2)], [1, 2], "each cell's first seed, as no seed is finished in all of them"),
    ],
)
def test_all_rows_show_the_same_seed_where_there_is_one(groups: list[Cell], seeds: list[int], words: str) -> None:
    runs = chosen_runs(groups)
    assert [run.config.training.seed for run in runs] == seeds
    assert seed_words(runs) == words
