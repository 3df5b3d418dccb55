from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cae.config import DataConfig
from cae.datasets import content, data_digest, load, places
from cae.datasets.content import checksums

NAMES = ["a/0.bmp", "a/1.bmp", "2.bmp", *(f"{number}.bmp" for number in range(3, 20))]


@pytest.fixture
def old_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled as soon as they are written."""
    monkeypatch.setattr(content, "YOUNG_NS", -(10**12))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files whose content was read."""
    seen: list[str] = []
    original = content._checksum
    monkeypatch.setattr(content, "_checksum", lambda path: seen.append(Path(path).name) or original(path))
    return seen


@pytest.fixture
def root(photographs: Callable[..., Path], tmp_path: Path) -> Path:
    return photographs(tmp_path / "data", NAMES)


def config(path: Path, **fields: object) -> DataConfig:
    return DataConfig.model_validate({"name": "folder", "path": str(path), "resolution": 16} | fields)


def kept() -> list[Path]:
    return list((places.root() / content.FOLDER).glob("*.json"))


def invert(file: Path) -> None:
    """Another picture of the same size and, as far as can be set, the same time."""
    before, data = file.stat(), file.read_bytes()
    file.write_bytes(data[:54] + bytes(255 - value for value in data[54:]))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("packed", [False, True])
def test_a_checksum_is_the_crc_of_the_content(root: Path, pack: Callable[..., Path], packed: bool) -> None:
    place = pack(root, root.parent / "data.zip") if packed else root
    assert checksums(place, NAMES) == [f"{zlib.crc32((root / name).read_bytes()):08x}" for name in NAMES]


def test_other_pictures_of_the_same_names_and_sizes_are_another_set(root: Path, tmp_path: Path) -> None:
    other = shutil.copytree(root, tmp_path / "other")
    assert data_digest(config(root)) == data_digest(config(other))
    invert(other / NAMES[0])
    assert data_digest(config(root)) != data_digest(config(other))
    first, second = load(config(root)), load(config(other))
    assert not np.array_equal(first.images, second.images)
    assert first.table["file"].tolist() == second.table["file"].tolist()


def test_a_zip_of_other_pictures_of_the_same_names_and_sizes_is_another_set(
    root: Path, pack: Callable[..., Path], tmp_path: Path
) -> None:
    digests = {data_digest(config(pack(root, tmp_path / "one.zip")))}
    invert(root / NAMES[0])
    digests |= {data_digest(config(pack(root, tmp_path / "two.zip"))), data_digest(config(root))}
    assert len(digests) == 2


@pytest.mark.usefixtures("old_enough")
def test_pictures_changed_in_place_are_read_again_and_no_others(root: Path, reads: list[str]) -> None:
    before = data_digest(config(root))
    assert sorted(reads) == sorted(Path(name).name for name in NAMES)
    assert data_digest(config(root)) == before
    assert len(reads) == 20
    invert(root / NAMES[0])
    assert data_digest(config(root)) != before
    assert reads[20:] == ["0.bmp"]


@pytest.mark.usefixtures("old_enough")
def test_a_copy_with_other_times_is_the_same_set(root: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(root, tmp_path / "copied", copy_function=shutil.copyfile)
    os.utime(copied / NAMES[0], (0, 0))
    assert data_digest(config(copied)) == data_digest(config(root))


def test_what_was_written_just_now_may_change_unseen_and_is_read_again(
    root: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "YOUNG_NS", 10**15)
    for _ in range(2):
        checksums(root, NAMES)
    assert len(reads) == 40


@pytest.mark.usefixtures("old_enough")
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"2.bmp": 1}', b'{"2.bmp": "1"}', b"\xff"])
def test_a_damaged_file_of_checksums_is_made_anew(root: Path, reads: list[str], damage: bytes) -> None:
    right = checksums(root, NAMES)
    kept()[0].write_bytes(damage)
    assert checksums(root, NAMES) == right
    assert set(json.loads(kept()[0].read_bytes())) == set(NAMES)
    assert checksums(root, NAMES) == right
    assert len(reads) == 40


@pytest.mark.usefixtures("old_enough")
def test_without_a_cache_that_can_be_written_all_is_read_each_time(
    root: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no folder").touch()
    right = checksums(root, NAMES)
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "no folder"))
    assert [checksums(root, NAMES) for _ in range(2)] == [right, right]
    assert len(reads) == 60


@pytest.mark.usefixtures("old_enough")
def test_many_may_keep_at_once(root: Path) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(checksums(root, NAMES))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [checksums(root, NAMES)] * 8
    assert set(json.loads(kept()[0].read_bytes())) == set(NAMES)
    assert [file.name for file in kept()[0].parent.iterdir() if file.name.startswith(".")] == []


def test_what_cannot_be_read_has_no_checksum(root: Path) -> None:
    (root / "gone.bmp").symlink_to(root / "nowhere")
    os.mkfifo(root / "pipe.bmp")
    assert checksums(root, ["gone.bmp", "pipe.bmp"]) == [content.UNREADABLE] * 2


def test_a_zip_that_is_replaced_is_read_anew(root: Path, pack: Callable[..., Path], tmp_path: Path) -> None:
    archive = pack(root, tmp_path / "data.zip")
    before = checksums(archive, NAMES)
    invert(root / NAMES[0])
    pack(root, tmp_path / "new.zip").replace(archive)
    assert zipfile.is_zipfile(archive)
    assert checksums(archive, NAMES) != before
