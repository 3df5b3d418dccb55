from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load
from cae.datasets.files import read, scan
from cae.datasets.report import summary

NAMES = [f"{label}/{number}.{suffix}" for label in ("old", "young") for number in range(4) for suffix in ("jpg", "PNG")]


def config(path: Path, **fields: object) -> DataConfig:
    return DataConfig.model_validate(
        {"name": "folder", "path": str(path), "resolution": 16, "test_fraction": 0.25} | fields
    )


def test_subfolders_are_labels_and_other_files_are_ignored(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [*NAMES, "old/deep/8.webp", "9.BMP", "old/10.JPEG"])
    (root / "old" / "note.txt").write_text("no image")
    (root / "old" / "._0.jpg").write_bytes(b"Finder's")
    (root / ".thumbnails").mkdir()
    (root / ".thumbnails" / "0.jpg").write_bytes(b"cache")
    faces = load(config(root))
    assert faces.table["file"].tolist() == sorted([*NAMES, "old/deep/8.webp", "9.BMP", "old/10.JPEG"])
    labels = dict(zip(faces.table["file"], faces.table["label"], strict=True))
    assert labels["9.BMP"] == ""
    assert labels["old/deep/8.webp"] == "old/deep"
    assert labels["young/3.jpg"] == "young"
    assert faces.report["left_out"] == 0


def test_images_stand_in_the_order_of_the_table(photographs: Callable[..., Path], tmp_path: Path) -> None:
    names = [f"{number:03d}.png" for number in range(300)]  # several tasks, several processes
    root = photographs(tmp_path / "data", names)
    (root / "137.png").write_bytes(b"broken")
    calls: list[tuple[int, int, str]] = []
    faces = load(config(root, crop="none"), progress=lambda done, total, what: calls.append((done, total, what)))
    assert calls.pop() == (299, 299, "looking for copies")
    assert calls[-1] == (300, 300, "preparing folder at 16x16")
    assert sorted(done for done, _, _ in calls) == [done for done, _, _ in calls]
    assert faces.table["file"].tolist() == [name for name in names if name != "137.png"]
    for row in (0, 136, 137, 298):
        whole = Image.open(root / faces.table["file"][row]).resize((16, 16), Image.Resampling.BOX)
        assert np.abs(faces.images[row].astype(int) - np.asarray(whole)).max() <= 12


@pytest.mark.parametrize("prefix", ["", "faces/", "a/faces/"])
def test_zip_and_folder_and_folder_around_it_agree(
    photographs: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path, prefix: str
) -> None:
    root = photographs(tmp_path / "around" / "data", NAMES)
    archive = pack(root, tmp_path / "data.zip", prefix)
    digests = {data_digest(config(path)) for path in (root, tmp_path / "around", archive)}
    assert len(digests) == 1
    faces = load(config(archive))
    assert faces.table["file"].tolist() == sorted(NAMES)
    assert set(faces.table["label"]) == {"old", "young"}


def test_digest_changes_with_a_file_added_and_a_size_changed(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", NAMES)
    digests = [data_digest(config(root))]
    (root / "old" / "new.png").write_bytes(b"x")
    digests.append(data_digest(config(root)))
    (root / "old" / "new.png").write_bytes(b"xx")
    digests.append(data_digest(config(root)))
    assert len(set(digests)) == 3


def spoil(root: Path, count: int) -> None:
    for number in range(count):
        (root / f"bad{number}.jpg").write_bytes(b"<html>404 Not Found</html>")


@pytest.mark.parametrize(("good", "bad"), [(19, 1), (38, 2)])
def test_up_to_5_percent_bad_are_left_out_and_listed(
    photographs: Callable[..., Path], tmp_path: Path, good: int, bad: int
) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(good)])
    spoil(root, bad)
    faces = load(config(root))
    assert len(faces.images) == len(faces.table) == good
    assert faces.report["found"] == good + bad
    assert faces.report["left_out"] == bad
    assert faces.report["bad"] == [{"file": f"bad{n}.jpg", "reason": "not an image"} for n in range(bad)]


@pytest.mark.parametrize(("good", "bad"), [(18, 1), (0, 3)])
def test_more_bad_is_an_error_that_names_them(
    photographs: Callable[..., Path], tmp_path: Path, cache_folder: Path, good: int, bad: int
) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(good)])
    root.mkdir(exist_ok=True)
    spoil(root, bad)
    with pytest.raises(DataError, match=rf"{bad} of {good + bad} .*bad0.jpg \(not an image\).*5%") as error:
        load(config(root))
    report = Path(str(error.value).rpartition(" ")[2])
    assert "bad0.jpg" in report.read_text()
    assert not list(cache_folder.rglob("*.npy"))


def test_damaged_zip_entry_is_bad(photographs: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [f"{number:02d}.png" for number in range(25)])
    archive = pack(root, tmp_path / "data.zip")
    content = bytearray(archive.read_bytes())
    middle = content.index((root / "07.png").read_bytes()) + 40
    content[middle] ^= 0xFF
    archive.write_bytes(content)
    faces = load(config(archive))
    assert len(faces.images) == 24
    assert "CRC" in faces.report["bad"][0]["reason"]


@pytest.mark.parametrize("name", ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg", "C:\\evil.jpg"])
def test_zip_entry_that_leaves_its_folder_is_an_error(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(DataError, match="leads out of its folder"):
        load(config(tmp_path / "data.zip"))


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge.jpg", "wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(OSError, match="bytes are more than"):
        read(tmp_path, "huge.jpg")


def test_dangling_link_is_bad_and_not_fatal(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [f"{number:02d}.png" for number in range(25)])
    (root / "link.png").symlink_to(tmp_path / "gone.png")
    assert load(config(root)).report["bad"][0]["reason"].startswith("cannot be read")


def test_folders_that_are_links_are_followed_but_not_in_circles(
    photographs: Callable[..., Path], tmp_path: Path
) -> None:
    root = photographs(tmp_path / "data", [f"old/{number}.png" for number in range(10)])
    elsewhere = photographs(tmp_path / "elsewhere", [f"{number}.png" for number in range(20)])
    (root / "young").symlink_to(elsewhere)
    (root / "old" / "back").symlink_to(root)
    (elsewhere / "itself").symlink_to(elsewhere)
    faces = load(config(root))
    assert faces.table["label"].value_counts().to_dict() == {"young": 20, "old": 10}


@pytest.mark.parametrize("suffix", ["jpe", "jfif", "tif", "tiff", "gif", "JPG", "ppm", "pgm", "pnm"])
def test_every_suffix_that_can_be_read_is_an_image(
    photographs: Callable[..., Path], tmp_path: Path, suffix: str
) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(8)])
    forms = {"jpe": "JPEG", "jfif": "JPEG", "tif": "TIFF", "tiff": "TIFF", "gif": "GIF", "JPG": "JPEG"}
    Image.open(root / "0.png").save(root / f"8.{suffix}", format=forms.get(suffix, "PPM"))
    assert len(load(config(root)).images) == 9


def test_other_files_are_counted(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(8)])
    for name in ("a.heic", "b.HEIC", "notes.txt", ".DS_Store", "README"):
        (root / name).write_bytes(b"x")
    report = load(config(root)).report
    assert report["passed_over"] == {".heic": 2, ".txt": 1, "readme": 1}
    assert "4 other files passed over (2 .heic, 1 readme, 1 .txt)" in summary(report)


def test_backslashes_in_a_zip_are_folders(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", NAMES)
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for name in NAMES:
            info = zipfile.ZipInfo(name)
            info.filename = name.replace("/", "\\")  # as some programs write them
            archive.writestr(info, (root / name).read_bytes())
    faces = load(config(tmp_path / "data.zip"))
    assert faces.digest == data_digest(config(root))
    assert faces.table["label"].value_counts().to_dict() == {"old": 8, "young": 8}


def test_a_name_that_is_no_utf_8_is_shown_with_question_marks(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(8)])
    (root / "0.png").rename(os.fsdecode(os.fsencode(root) + b"/\xff.png"))
    faces = load(config(root))
    assert len(faces.images) == 8
    assert faces.table["file"].iloc[-1] == "\ufffd.png"


def test_empty_folder_and_no_zip(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no image")
    with pytest.raises(DataError, match=r"no image in .*\.jpg"):
        load(config(tmp_path))
    with pytest.raises(DataError, match="neither a folder nor a readable zip"):
        load(config(tmp_path / "note.txt"))


def test_messages_name_a_relative_path_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=rf"data.path: {tmp_path / 'faces'} does not exist"):
        data_digest(DataConfig(name="folder", path="faces"))
    (tmp_path / "faces").mkdir()
    with pytest.raises(DataError, match=rf"no image in {tmp_path / 'faces'} or below"):
        data_digest(DataConfig(name="folder", path="faces"))


@pytest.mark.parametrize("path", ["", " ", "$EMPTY", "${EMPTY}"])
@pytest.mark.parametrize("name", ["folder", "celeba"])
def test_an_empty_path_is_not_the_current_folder(
    photographs: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    photographs(tmp_path, [f"{number}.png" for number in range(8)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(DataError, match=r"data.path: '.*' is empty: name the folder"):
        data_digest(DataConfig.model_validate({"name": name, "path": path}))


def test_only_archives_are_told_to_be_unpacked(
    photographs: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "outer").mkdir()
    pack(photographs(tmp_path / "data", NAMES), tmp_path / "outer" / "data.zip")
    with pytest.raises(DataError, match=r"no image in .*, but 1 \.zip; unpack these archives"):
        load(config(tmp_path / "outer"))


def test_special_files_are_never_opened(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", [f"{number:02d}.png" for number in range(25)])
    os.mkfifo(root / "pipe.png")
    assert load(config(root)).report["bad"] == [
        {"file": "pipe.png", "reason": "cannot be read: a FIFO, socket or device and no file"}
    ]
    for name in ("folder", "celeba"):
        with pytest.raises(DataError, match="neither a folder nor a file"):
            data_digest(DataConfig.model_validate({"name": name, "path": str(root / "pipe.png")}))


def test_of_an_animation_the_first_picture_is_taken(
    photographs: Callable[..., Path], picture: Callable[..., Image.Image], tmp_path: Path
) -> None:
    root = photographs(tmp_path / "data", [f"{number}.png" for number in range(1, 9)])
    picture(100).save(root / "0.gif", save_all=True, append_images=[picture(200), picture(300)])
    picture(100).save(root / "00.gif")
    faces = load(config(root))
    assert np.array_equal(faces.images[0], faces.images[1])


def test_scan_names_are_relative_and_sized(photographs: Callable[..., Path], tmp_path: Path) -> None:
    root = photographs(tmp_path / "data", ["a/b/1.png"])
    assert scan(root).sizes == {"a/b/1.png": (root / "a/b/1.png").stat().st_size}
    assert scan(root, below=False).sizes == {}


@pytest.mark.parametrize("held_out", ["val", "Valid", "validation", "test"])
def test_official_split_follows_the_given_folders(
    photographs: Callable[..., Path], tmp_path: Path, held_out: str
) -> None:
    names = [f"{side}/{label}/{n}.png" for side in ("train", held_out) for label in ("a", "b") for n in range(3)]
    root = photographs(tmp_path / "data", [*names, "else/0.png"])
    load(config(root))  # prepared before: its table has no such column
    faces = load(config(root, split="official"))
    files = faces.table["file"]
    assert set(files[faces.train]) == {name for name in names if name.startswith("train/")}
    assert set(files[faces.test]) == {name for name in names if name.startswith(held_out)}
    assert faces.report["on_neither_side"] == 1


@pytest.mark.parametrize(
    "names",
    [
        [f"person {p}/{n}.png" for p in range(6) for n in range(3)],
        [f"{side}/person {p}/{side}{n}.png" for p in range(6) for n in range(3) for side in ("train", "val")],
        [f"{'ab'[p % 2]}/Given_Family_{'ABCDEF'[p]}_{n:04d}.png" for p in range(6) for n in range(3)],
        [f"Given_Family_{'ABCDEF'[p]}_{n:04d}.png" for p in range(6) for n in range(3)],
        [f"person {p}/IMG_{n:04d}.png" for p in range(6) for n in range(3)],
    ],
    ids=["folders", "folders below given sides", "names of LFW in folders", "names of LFW", "a camera's names"],
)
def test_identity_split_keeps_persons_together(
    photographs: Callable[..., Path], tmp_path: Path, names: list[str]
) -> None:
    faces = load(config(photographs(tmp_path / "data", names), split="identity", test_fraction=0.34))
    persons = [re.search(r"person \d|Family_.", name)[0] for name in faces.table["file"]]
    train, test = ({persons[row] for row in side} for side in (faces.train, faces.test))
    assert (len(train), len(test)) == (4, 2)
    assert not train & test


@pytest.mark.parametrize(
    ("names", "split", "remedy"),
    [
        (["a/0.png", "b/0.png"], "official", "folders train and val"),
        (["train/0.png", "more/0.png"], "official", "folders train and val"),
        (["0.png", "1.png"], "identity", "into a folder, or name them"),
        (["train/0.png", "val/1.png"], "identity", "into a folder, or name them"),
    ],
)
def test_a_split_that_names_do_not_give_is_told_before_anything_is_decoded(
    photographs: Callable[..., Path], tmp_path: Path, names: list[str], split: str, remedy: str
) -> None:
    with pytest.raises(DataError, match=f"data.split: {split} cannot be made: put .*{remedy}"):
        load(config(photographs(tmp_path / "data", names), split=split))
