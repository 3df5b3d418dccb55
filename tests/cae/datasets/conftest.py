"""Tiny data sets in a temporary folder, and a cache of their own."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ATTRIBUTES = ("Eyeglasses", "Male", "Smiling")
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CAE_CACHE", str(folder))
    return folder


@pytest.fixture
def picture() -> Callable[..., Image.Image]:
    """A picture that differs for every number, smooth enough to survive JPEG."""

    def make(number: int, width: int = 40, height: int = 48) -> Image.Image:
        coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
        return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)

    return make


@pytest.fixture
def photographs(picture: Callable[..., Image.Image]) -> Callable[..., Path]:
    """write(folder, names): one picture of its own number under each name."""

    def write(folder: Path, names: Iterable[str]) -> Path:
        for number, name in enumerate(names):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            picture(number).save(folder / name)
        return folder

    return write


@pytest.fixture
def celeba(photographs: Callable[..., Path]) -> Callable[..., Path]:
    """write(folder): 30 images in img_align_celeba, 5 persons, and the three tables in one of the two forms."""

    def write(folder: Path, *, images: str = "img_align_celeba", form: str = ".txt", ending: str = "\r\n") -> Path:
        names = [f"{number:06d}.jpg" for number in range(1, 31)]
        photographs(folder / images, names)
        signs = [[1 if (row >> column) & 1 else -1 for column in range(3)] for row in range(30)]
        partition, person = (
            [[0 if row < 24 else 1 + row % 2] for row in range(30)],
            [[100 + row % 5] for row in range(30)],
        )
        _table(folder / "list_attr_celeba", form, ending, names, signs, ATTRIBUTES)
        _table(folder / "list_eval_partition", form, ending, names, partition, ("partition",))
        _table(folder / "identity_CelebA", form, ending, names, person, ("identity",))
        return folder

    return write


def _table(
    stem: Path, form: str, ending: str, names: list[str], rows: list[list[int]], columns: tuple[str, ...]
) -> None:
    separator = "," if form == ".csv" else " "
    lines = [separator.join([name, *map(str, row)]) for name, row in zip(names, rows, strict=True)]
    if form == ".csv":
        lines.insert(0, separator.join(["image_id", *columns]))
    elif len(columns) > 1:
        lines[:0] = [str(len(names)), separator.join(columns)]
    stem.with_suffix(form).write_bytes(ending.join(lines).encode())


@pytest.fixture
def pack() -> Callable[[Path, Path, str], Path]:
    """pack(folder, archive, prefix): the files below the folder as a zip, under prefix."""

    def write(folder: Path, archive: Path, prefix: str = "") -> Path:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(f"__MACOSX/{prefix}._000001.jpg", b"Finder's")
            for file in sorted(folder.rglob("*")):
                packed.write(file, prefix + file.relative_to(folder).as_posix())
        return archive

    return write


def _real(variable: str, name: str) -> str:
    folder = Path(os.environ.get(variable) or REPOSITORY.parent / "shared" / "data" / name)
    if not folder.is_dir():
        pytest.skip(f"no photographs in {folder}; set {variable}")
    return str(folder)


@pytest.fixture
def real_celeba() -> str:
    return _real("CAE_TEST_CELEBA", "celeba")


@pytest.fixture
def real_lfw() -> str:
    return _real("CAE_TEST_LFW", "lfw")
