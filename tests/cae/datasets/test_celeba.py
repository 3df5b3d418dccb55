from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load, prepare
from cae.datasets.celeba_tables import TableFile, parse


def config(path: Path, **fields: object) -> DataConfig:
    return DataConfig.model_validate({"name": "celeba", "path": str(path), "resolution": 16} | fields)


def assert_whole(path: Path) -> None:
    faces = load(config(path))
    assert faces.images.shape == (30, 16, 16, 3)
    assert faces.table["file"].tolist() == [f"{number:06d}.jpg" for number in range(1, 31)]
    assert faces.table["Male"].tolist() == [row >> 1 & 1 for row in range(30)]
    assert faces.table["Male"].dtype == np.int8
    assert faces.table["partition"].tolist() == [0] * 24 + [1, 2] * 3
    assert faces.table["identity"].tolist() == [100 + row % 5 for row in range(30)]
    assert set(faces.table["source"]) == {"celeba"}


@pytest.mark.parametrize(
    ("images", "given"),
    [
        ("img_align_celeba", ""),
        ("img_align_celeba", "img_align_celeba"),
        ("img_align_celeba/img_align_celeba", ""),
        ("img_align_celeba/img_align_celeba", "img_align_celeba"),
        ("img_align_celeba/img_align_celeba", "img_align_celeba/img_align_celeba"),
        ("Img/img_align_celeba", ""),
        (".", ""),
    ],
)
def test_every_folder_people_have(celeba: Callable[..., Path], tmp_path: Path, images: str, given: str) -> None:
    assert_whole(celeba(tmp_path / "data", images=images) / given)


@pytest.mark.parametrize(("form", "ending"), [(".txt", "\r\n"), (".txt", "\n"), (".csv", "\n"), (".csv", "\r\n")])
def test_every_form_of_the_tables(celeba: Callable[..., Path], tmp_path: Path, form: str, ending: str) -> None:
    assert_whole(celeba(tmp_path / "data", form=form, ending=ending))


def test_tables_in_anno_and_eval(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data", images="Img/img_align_celeba")
    for name, place in {"list_attr_celeba": "Anno", "identity_CelebA": "Anno", "list_eval_partition": "Eval"}.items():
        (root / place).mkdir(exist_ok=True)
        (root / f"{name}.txt").rename(root / place / f"{name}.txt")
    assert_whole(root)


@pytest.mark.parametrize("given", ["img_align_celeba.zip", ""])
@pytest.mark.parametrize("prefix", ["img_align_celeba/", "img_align_celeba/img_align_celeba/", ""])
def test_zip_is_the_folder(
    celeba: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path, prefix: str, given: str
) -> None:
    unpacked = celeba(tmp_path / "unpacked")
    zipped = celeba(tmp_path / "zipped", images="../elsewhere")
    pack(tmp_path / "elsewhere", zipped / "img_align_celeba.zip", prefix)
    assert data_digest(config(zipped / given)) == data_digest(config(unpacked))
    assert_whole(zipped / given)


def test_archive_with_its_tables_inside(celeba: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data", images="img_align_celeba/img_align_celeba", form=".csv")
    assert_whole(pack(root, tmp_path / "archive.zip"))
    assert data_digest(config(tmp_path / "archive.zip")) == data_digest(config(root))


def test_missing_rows_and_files_are_counted_and_the_rest_goes_on(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data")
    for number in (1, 2, 3):
        (root / "img_align_celeba" / f"{number:06d}.jpg").unlink()
    lines = (root / "list_attr_celeba.txt").read_bytes().splitlines(keepends=True)
    (root / "list_attr_celeba.txt").write_bytes(b"".join(lines[:-2]))
    faces = load(config(root))
    assert len(faces.images) == 27
    assert faces.report["rows_without_image"] == {"attributes": 3, "partition": 3, "identity": 3}
    assert faces.report["images_without_row"] == {"attributes": 2, "partition": 0, "identity": 0}
    assert str(faces.table["Male"].dtype) == "Int8"
    assert faces.table["Male"].isna().tolist() == [False] * 25 + [True] * 2
    assert faces.table["Male"][0] == 1


def test_official_and_identity_split(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data")
    assert load(config(root, split="official")).test.tolist() == list(range(24, 30))
    faces = load(config(root, split="identity", test_fraction=0.2))
    assert len(set(faces.table["identity"].iloc[faces.test])) == 1
    assert len(faces.test) == 6


@pytest.mark.parametrize(("split", "stem"), [("official", "list_eval_partition"), ("identity", "identity_CelebA")])
def test_missing_table_matters_only_to_the_split_that_needs_it(
    celeba: Callable[..., Path], tmp_path: Path, split: str, stem: str
) -> None:
    root = celeba(tmp_path / "data")
    (root / f"{stem}.txt").unlink()
    assert load(config(root)).report["tables"]["attributes"].endswith("list_attr_celeba.txt")
    with pytest.raises(DataError, match=rf"data.split: {split} .*{stem}.txt or {stem}.csv in .*{root}"):
        prepare(config(root, split=split))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("list_attr_celeba.txt", b"2\nMale Young\n000001.jpg 1 7\n", "Young is '7' in the row of 000001.jpg"),
        ("list_attr_celeba.txt", b"2\nMale Young\n000001.jpg 1\n", "its name, then 1"),
        ("list_attr_celeba.txt", b"", "table of attributes"),
        ("list_attr_celeba.txt", b"2\nMale\n000001.jpg 1\n000001.jpg 1\n", "two rows"),
        ("list_attr_celeba.csv", b"image_id,Male\n000001.jpg,yes\n", "Male is 'yes' in the row of 000001.jpg"),
        ("list_attr_celeba.csv", b"image_id,Male,note\na,1,smiles\n", "note is 'smiles' in the row of a"),
        ("list_attr_celeba.csv", b"image_id|Male\na|1\n", "it has no rows|table of attributes"),
        ("list_eval_partition.txt", b"000001.jpg train\n", "table of partition"),
        ("identity_CelebA.txt", b"000001.jpg 1 2\n", "table of identity"),
        ("identity_CelebA.txt", b"\xff\xfe\x00\x01 1\n", "table of identity"),
    ],
)
def test_damaged_table_is_one_clear_line(name: str, content: bytes, reason: str) -> None:
    kind = {"list_attr": "attributes", "list_eval": "partition", "identity_": "identity"}[name[:9]]
    with pytest.raises(DataError, match=reason) as error:
        parse(kind, TableFile(name, content))
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_digest_follows_images_and_tables_and_not_the_place(celeba: Callable[..., Path], tmp_path: Path) -> None:
    first, second = celeba(tmp_path / "one"), celeba(tmp_path / "two", images="img_align_celeba/img_align_celeba")
    before = data_digest(config(first))
    assert before == data_digest(config(second, resolution=32, crop="tight", split="official"))
    assert len(before) == 12
    (first / "img_align_celeba" / "note.txt").write_text("no image")
    assert data_digest(config(first)) == before
    added = second / "img_align_celeba" / "img_align_celeba" / "000031.jpg"
    added.write_bytes(b"x")
    assert data_digest(config(second)) != before
    table = first / "list_attr_celeba.txt"
    table.write_bytes(table.read_bytes().replace(b"000001.jpg -1", b"000001.jpg  1"))
    assert data_digest(config(first)) != before


@pytest.mark.parametrize("path", [None, "/no/such/folder", "$NOT_SET_ANYWHERE/celeba"])
def test_no_path(path: str | None) -> None:
    with pytest.raises(DataError, match=r"data\.path.*img_align_celeba\.zip"):
        load(DataConfig.model_validate({"name": "celeba", "path": path}))


def test_path_variables_are_expanded(
    celeba: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    celeba(tmp_path / "data")
    monkeypatch.setenv("FACES", str(tmp_path))
    assert len(load(config(Path("$FACES/data"))).images) == 30


def test_same_persons_at_every_resolution_and_crop(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data")
    one, two = (
        load(config(root, size=20, split="identity", test_fraction=0.3, seed=5, resolution=r, crop=c, contrast=k))
        for r, c, k in ((16, "center", "as_is"), (32, "tight", "normalized"))
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    assert np.array_equal(one.test, two.test)
    assert one.digest == two.digest
    assert not one.images.flags.writeable


def rewritten(root: Path, change: Callable[[str], str]) -> Path:
    """The folder, with every line of its tables changed."""
    for table in root.glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines()
        table.write_text("\n".join([lines[0], *map(change, lines[1:])]) + "\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(".jpg", ""),
        lambda line: line.replace(".jpg", ".JPG"),
        lambda line: line.replace(".jpg", ".png"),
        lambda line: f"img_align_celeba/{line}",
        lambda line: f"img_align_celeba\\{line}",
        lambda line: line.lstrip("0").replace(".jpg", ""),
        lambda line: line.replace(",", ", "),
        lambda line: line.replace(",", " , "),
    ],
    ids=[
        "no suffix",
        "upper case",
        "another suffix",
        "folder",
        "backslash",
        "number",
        "blanks",
        "blanks on both sides",
    ],
)
def test_tables_name_images_as_people_write_them(
    celeba: Callable[..., Path], tmp_path: Path, change: Callable[[str], str]
) -> None:
    assert_whole(rewritten(celeba(tmp_path / "data", form=".csv"), change))


@pytest.mark.parametrize("mark", [";", "\t"])
def test_tables_may_have_other_separators_and_blanks_in_their_header(
    celeba: Callable[..., Path], tmp_path: Path, mark: str
) -> None:
    root = celeba(tmp_path / "data", form=".csv")
    for table in root.glob("*.csv"):
        table.write_text(table.read_text(encoding="utf-8").replace(",", f"{mark} "), encoding="utf-8")
    assert_whole(root)


def test_a_table_that_names_no_image_is_an_error(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = rewritten(celeba(tmp_path / "data", form=".csv"), lambda line: f"x{line}")
    with pytest.raises(DataError, match=r"none of its 30 rows names an image: its first row is 'x000001.jpg'"):
        load(config(root))


def test_names_that_fit_several_images_are_an_error(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = rewritten(celeba(tmp_path / "data", form=".csv"), lambda line: line.replace(".jpg", ""))
    picture = root / "img_align_celeba" / "000001.jpg"
    picture.with_name("1.jpg").write_bytes(picture.read_bytes())
    with pytest.raises(DataError, match="fit several images"):
        load(config(root))
