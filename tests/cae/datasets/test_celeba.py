from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load, prepare
from cae.datasets.celeba_tables import FORMS, parse
from cae.datasets.report import summary
from cae.datasets.table_rows import TableFile


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


def test_the_folder_above_torchvisions(celeba: Callable[..., Path], tmp_path: Path) -> None:
    celeba(tmp_path / "root" / "celeba")
    assert_whole(tmp_path / "root")


def test_the_images_in_high_quality_have_their_own_table(photographs: Callable[..., Path], tmp_path: Path) -> None:
    photographs(tmp_path / "CelebA-HQ-img", [f"{number}.jpg" for number in range(20)])
    rows = [f"{number}.jpg  {1 - 2 * (number % 2)} -1" for number in range(20)]
    (tmp_path / "CelebAMask-HQ-attribute-anno.txt").write_text("\n".join(["20", "Male Young", *rows]))
    for given in (tmp_path, tmp_path / "CelebA-HQ-img"):
        faces = load(config(given))
        by_name = dict(zip(faces.table["file"], faces.table["Male"], strict=True))
        assert by_name == {f"{number}.jpg": 1 - number % 2 for number in range(20)}
        assert not faces.table["Young"].any()


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


def test_stray_pictures_beside_the_zip_are_not_the_set(
    celeba: Callable[..., Path], photographs: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path
) -> None:
    root = celeba(tmp_path / "zipped", images="../elsewhere")
    pack(tmp_path / "elsewhere", root / "img_align_celeba.zip")
    assert_whole(photographs(root, ["preview.png", "cover.jpg"]))


def test_unpacked_pictures_beside_a_smaller_or_damaged_zip_are_the_set(
    celeba: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path
) -> None:
    root = celeba(tmp_path / "data", images=".")
    pack(tmp_path / "nothing", root / "img_align_celeba.zip")
    assert_whole(root)
    (root / "img_align_celeba.zip").write_bytes(b"half a download")
    assert_whole(root)
    assert load(config(root)).report["passed_over"] == {".zip": 1}


def test_a_damaged_zip_alone_is_an_error(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data", images="../elsewhere")
    (root / "img_align_celeba.zip").write_bytes(b"half a download")
    with pytest.raises(DataError, match=r"img_align_celeba.zip is neither a folder nor a readable zip"):
        load(config(root))


def test_a_zip_in_a_zip_is_an_error(
    celeba: Callable[..., Path], photographs: Callable[..., Path], pack: Callable[..., Path], tmp_path: Path
) -> None:
    celeba(tmp_path / "data")
    inner = photographs(tmp_path / "outer", ["preview.png"])
    pack(tmp_path / "data", inner / "img_align_celeba.zip")
    with pytest.raises(DataError, match=r"outer.zip holds img_align_celeba.zip, a zip in a zip; unpack the outer one"):
        load(config(pack(inner, tmp_path / "outer.zip")))


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
        ("list_attr_celeba.txt", b"2\nMale Young\na 1 7\n", "Young is '7' in the row of a, line 3"),
        ("list_attr_celeba.txt", b"2\nMale Young\na 1\n", "line 2 names 2 columns and line 3 has 2 fields"),
        ("list_attr_celeba.txt", b"2\nMale\na 1 -1\n", "line 2 names 1 column and line 3 has 3 fields"),
        ("list_attr_celeba.txt", b"2\nimage_id Male\na 1 -1\n", "line 2 names 2 columns and line 3 has 3 fields"),
        ("list_attr_celeba.txt", b"2\nMale Young\na 1 1\nb 1\n", "line 4 has 2 fields, not 3"),
        ("list_attr_celeba.txt", b"a.jpg 1 1\nb.jpg 1 1\n", "line 1 is the row of a.jpg"),
        ("list_attr_celeba.txt", b"", "it is empty"),
        ("list_attr_celeba.txt", b"2\nMale\n", "no row follows its header, line 2"),
        ("list_attr_celeba.txt", b"2\nMale\na 1\na 1\n", "a has two rows, lines 3 and 4"),
        ("list_attr_celeba.csv", b"image_id,Male\na,yes\n", "Male is 'yes' in the row of a, line 2"),
        ("list_attr_celeba.csv", b"image_id,Male,note\na,1,smiles\n", "note is 'smiles' in the row of a"),
        ("list_attr_celeba.csv", b",image_id,Male\n0,a.jpg,1\n", "image_id is 'a.jpg' in the row of 0, line 2"),
        ("list_attr_celeba.csv", b"image_id|Male\na|1\n", "line 1 names 1 column and line 2 has 1 field"),
        ("list_attr_celeba.csv", b"image_id,Male\na,1,-1\n", "line 1 names 2 columns and line 2 has 3 fields"),
        ("list_attr_celeba.csv", b"Male,Young\na,1,-1\n", "line 1 names 2 columns and line 2 has 3 fields"),
        ("list_attr_celeba.csv", b"image_id,Male\na,1\n\nb,1,-1\n", "line 4 has 3 fields, not 2"),
        ("list_attr_celeba.csv", b"image_id,Male\na,1\nb\n", "line 3 has 1 field, not 2"),
        ("list_attr_celeba.csv", b"image_id,Male\na,\n", "Male is '' in the row of a"),
        ("list_attr_celeba.csv", b"image_id,Male\n,1\n", "line 2 names no image"),
        ("list_attr_celeba.csv", b"000001.jpg,-1,1\n000002.jpg,1,1\n", "line 1 is the row of 000001.jpg"),
        ("list_attr_celeba.csv", b"1,-1,1\n2,1,1\n", "line 1 is the row of 1 and should be the header"),
        ("list_attr_celeba.csv", b"image_id,Male,Male\na,1,1\n", "line 1 names 'Male' twice"),
        ("list_attr_celeba.csv", b"image_id,Male,male\na,1,1\n", "line 1 names 'Male' and 'male'"),
        ("list_attr_celeba.csv", b"image_id,Male,file\na,1,1\n", "an attribute 'file', which every set has"),
        ("list_attr_celeba.csv", b"image_id,label,Male\na,1,1\n", "an attribute 'label', which every set has"),
        ("list_attr_celeba.csv", b"image_id,Male,\na,1,1\n", "line 1 has an empty name"),
        ("list_eval_partition.txt", b"000001.jpg train\n", "partition is 'train' in the row of 000001.jpg, line 1"),
        ("list_eval_partition.txt", b"a 0\nb train\n", "partition is 'train' in the row of b, line 2"),
        ("list_eval_partition.csv", b"image_id,partition\na,3\n", "partition is '3' in the row of a, line 2"),
        ("identity_CelebA.txt", b"000001.jpg 1 2\n", "line 1 has 3 fields, not 2"),
        ("identity_CelebA.txt", b"a 1.5\n", "no row follows its header, line 1"),
        ("identity_CelebA.csv", b"image_id,identity\na,99999999999\n", "identity is '99999999999' in the row of a"),
        ("identity_CelebA.txt", b"\xff\xfe\x00\x01 1\n", "it is no text in UTF-8"),
    ],
)
def test_damaged_table_is_one_clear_line(name: str, content: bytes, reason: str) -> None:
    kind = {"list_attr": "attributes", "list_eval": "partition", "identity_": "identity"}[name[:9]]
    with pytest.raises(DataError, match=re.escape(reason)) as error:
        parse(kind, TableFile(name, content))
    assert str(error.value).startswith(f"{name} is not CelebA's table of {kind}: ")
    assert str(error.value).endswith(FORMS[kind])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list_attr_celeba.txt", b"2\nMale Young\na 1 -1\nb -1 1\n"),
        ("list_attr_celeba.txt", b"Male Young\na 1 -1\nb -1 1\n"),
        ("list_attr_celeba.txt", b"2\nimage_id Male Young\na 1 -1\nb -1 1\n"),
        ("list_attr_celeba.txt", b"\xef\xbb\xbf2\r\nMale  Young \r\na  1 -1\r\nb -1  1"),
        ("list_attr_celeba.csv", b'"image_id","Male","Young"\n"a","1","-1"\n"b","-1","1"\n'),
        ("list_attr_celeba.csv", b",Male,Young\na,1.0,0\nb,0,1.0\n,,\n"),
        ("list_attr_celeba.csv", b"image_id;Male;Young\r a; 1 ;-1\rb;-1;1"),
    ],
)
def test_forms_of_the_table_of_attributes(name: str, content: bytes) -> None:
    frame = parse("attributes", TableFile(name, content))
    assert frame.to_dict("index") == {"a": {"Male": 1, "Young": 0}, "b": {"Male": 0, "Young": 1}}


@pytest.mark.parametrize("suffix", ["txt", "csv"])
@pytest.mark.parametrize("header", [[], ["image_id", "partition"], ["image_id", "split"]])
def test_the_other_tables_may_have_a_header(suffix: str, header: list[str]) -> None:
    mark = {"txt": " ", "csv": ","}[suffix]
    lines = [mark.join(row) for row in (header, ["a.jpg", "0"], ["b.jpg", "2"]) if row]
    frame = parse("partition", TableFile(f"list_eval_partition.{suffix}", "\n".join(lines).encode()))
    assert frame["partition"].to_dict() == {"a.jpg": 0, "b.jpg": 2}


def test_a_header_that_does_not_fit_is_told_by_the_plan_already(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data", form=".csv")
    prepare(config(root))
    table = root / "list_attr_celeba.csv"
    table.write_text(table.read_text().replace("Eyeglasses,", ""))
    with pytest.raises(DataError, match=r"list_attr_celeba.csv .* line 1 names 3 columns and line 2 has 4 fields"):
        data_digest(config(root))


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


def test_what_is_named_otherwise_is_matched_one_by_one_and_told(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data")
    for number in range(2, 31):
        picture = root / "img_align_celeba" / f"{number:06d}.jpg"
        picture.rename(picture.with_suffix(".png"))
    faces = load(config(root))
    assert faces.table["Male"].tolist() == [row >> 1 & 1 for row in range(30)]
    assert faces.report["rows_named_otherwise"] == {"attributes": 29, "partition": 29, "identity": 29}
    assert faces.report["images_without_row"] == {"attributes": 0, "partition": 0, "identity": 0}
    assert "29 rows that fit by number or stem of the name alone in the table of attributes and" in summary(
        faces.report
    )


def test_an_exact_name_is_not_taken_by_another_image(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data")
    picture = root / "img_align_celeba" / "000001.jpg"
    picture.with_suffix(".png").write_bytes(picture.read_bytes())
    faces = load(config(root))
    assert faces.report["rows_named_otherwise"]["attributes"] == 0
    assert faces.report["images_without_row"]["attributes"] == 1


def test_dots_in_names_are_no_suffixes(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = celeba(tmp_path / "data", form=".csv")
    for number in range(1, 31):
        (root / "img_align_celeba" / f"{number:06d}.jpg").rename(root / "img_align_celeba" / f"face.{number:02d}.jpg")
    rewritten(root, lambda line: f"face.{line[4:6]}{line[10:]}")
    assert load(config(root)).table["Male"].tolist() == [row >> 1 & 1 for row in range(30)]


def test_names_that_fit_several_images_are_an_error(celeba: Callable[..., Path], tmp_path: Path) -> None:
    root = rewritten(celeba(tmp_path / "data", form=".csv"), lambda line: line.replace(".jpg", ""))
    picture = root / "img_align_celeba" / "000001.jpg"
    picture.with_name("1.jpg").write_bytes(picture.read_bytes())
    with pytest.raises(DataError, match="fit several images"):
        load(config(root))
