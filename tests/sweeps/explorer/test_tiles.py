from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cae import faces
from cae.config import RunConfig
from sweeps.explorer.tiles import strips


def config(**analysis: Any) -> RunConfig:
    return RunConfig.model_validate(
        {"data": {"resolution": 32}, "model": {"maps": [8, 8]}, "analysis": {"sampling": ["mnd", "uniform"]} | analysis}
    )


def drawn(folder: Path, count: int, side: int = 32) -> tuple[dict[str, Path], np.ndarray]:
    """Sheets as a run draws them, of pictures that are all different."""
    pictures = np.random.default_rng(0).integers(0, 256, (3, count, side, side, 3), dtype=np.uint8)
    paths = {f"faces/{name}": folder / f"{name}.png" for name in ("mnd", "reconstruction")}
    faces.save_png(faces.grid(pictures[0], "mnd", "words"), paths["faces/mnd"])
    faces.save_png(faces.pairs(pictures[1], pictures[2], "pairs", "words"), paths["faces/reconstruction"])
    return paths, pictures


@pytest.mark.parametrize(("asked", "kept"), [(32, 16), (16, 16), (8, 8)])
def test_strips_are_the_first_pictures_of_the_sheets(tmp_path: Path, asked: int, kept: int) -> None:
    paths, (mnd, originals, made) = drawn(tmp_path, asked)
    found = strips(config(images_per_grid=asked), paths, photographs=True)
    for column, pictures in (("mnd", mnd), ("original", originals), ("autoencoder", made)):
        assert (found[column] == np.concatenate(list(pictures[:kept]), axis=1)).all()
    assert "uniform" not in found  # the run has no such sheet


def test_no_photograph_is_in_them_unless_asked_for(tmp_path: Path) -> None:
    paths, _ = drawn(tmp_path, 8)
    assert set(strips(config(images_per_grid=8), paths, photographs=False)) == {"autoencoder", "mnd"}


def test_a_sheet_of_fewer_pictures_than_asked_for_is_left_out(tmp_path: Path) -> None:
    paths, _ = drawn(tmp_path, 4)
    assert strips(config(images_per_grid=16), paths, photographs=True) == {}
