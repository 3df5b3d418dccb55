from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrics.arrays import read_array

POINTS = np.arange(12.0).reshape(4, 3)


def test_npy_is_a_memory_map(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", POINTS)
    read = read_array(tmp_path / "a.npy")
    assert isinstance(read, np.memmap)
    np.testing.assert_array_equal(read, POINTS)


@pytest.mark.parametrize(("names", "key"), [(["z"], None), (["train", "test"], "train")])
def test_npz_by_its_only_name_or_by_key(tmp_path: Path, names: list[str], key: str | None) -> None:
    np.savez(tmp_path / "a.npz", **dict.fromkeys(names, POINTS))
    np.testing.assert_array_equal(read_array(tmp_path / "a.npz", key), POINTS)


def write(path: Path, kind: str) -> Path:
    if kind == "two arrays":
        path = path.with_suffix(".npz")
        np.savez(path, train=POINTS, test=POINTS)
        return path
    if kind == "objects":
        np.save(path, np.array([{}, None], dtype=object), allow_pickle=True)
    elif kind == "one array":
        np.save(path, POINTS)
    elif kind != "missing":
        path.write_text(kind)
    return path


@pytest.mark.parametrize(
    ("kind", "key", "message"),
    [
        ("missing", None, "no such file"),
        ("a picture", None, "not a .npy, .npz, .csv, .tsv or .parquet file"),
        ("", None, "not a .npy, .npz, .csv, .tsv or .parquet file"),
        ("PK torn", None, "not a .npy or .npz file of plain numbers"),
        ("objects", None, "not a .npy or .npz file of plain numbers"),
        ("two arrays", None, "holds train, test; say which with --key"),
        ("two arrays", "z", "no array z; there are train, test"),
        ("one array", "z", "--key z is for .npz files"),
    ],
)
def test_what_is_no_array_is_one_clear_line(tmp_path: Path, kind: str, key: str | None, message: str) -> None:
    path = write(tmp_path / "a.npy", kind)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_array(path, key)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a file; give a"):
        read_array(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "0,1,2\n3,4,5\n6,7,8\n9,10,11\n"),
        ("a.csv", "x,y,z\n0,1,2\n3,4,5\n6,7,8\n9,10,11\n"),
        ("a.csv", "\ufeffx,y,z\r\n0,1,2\r\n3,4,5\r\n6,7,8\r\n9,10,11\r\n"),
        ("a.CSV", "x; y; z\n0; 1; 2\n3; 4; 5\n6; 7; 8\n9; 10; 11\n"),
        ("a.csv", '"0","x","y"\n0,1,2\n3,4,5\n6,7,8\n9,10,11\n'),
        ("a.csv", ",x,y,z\n0,0,1,2\n1,3,4,5\n2,6,7,8\n3,9,10,11\n"),
        ("a.tsv", "x\ty\tz\n0\t1\t2\n3\t4\t5\n6\t7\t8\n9\t10\t11"),
    ],
)
def test_tables_as_text_with_and_without_names(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    np.testing.assert_array_equal(read_array(tmp_path / name), POINTS)


@pytest.mark.parametrize("dtype", ["float32", "float64", "Float64"])
def test_parquet_keeps_the_type_of_its_numbers(tmp_path: Path, dtype: str) -> None:
    frame = pd.DataFrame(POINTS, columns=list("xyz"), index=list("abcd")).astype(dtype)
    frame.to_parquet(tmp_path / "a.parquet")
    read = read_array(tmp_path / "a.parquet")
    assert read.dtype == dtype.lower()
    np.testing.assert_array_equal(read, POINTS)


def test_a_cell_without_a_number_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,\n2,3\n", encoding="utf-8")
    np.testing.assert_array_equal(read_array(tmp_path / "a.csv"), [[1, np.nan], [2, 3]])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "file,x\n1.jpg,2\n", "column file holds '1.jpg'; leave out what is no number"),
        ("a.csv", "x,y\n1,True\n2,False\n", "column y holds"),
        ("a.csv", "1,2\n3,4,5\n", "not a table (Error tokenizing data"),
        ("a.csv", "", "not a table (No columns to parse from file)"),
        ("a.parquet", "x,y\n1,2\n", "not a table ("),
    ],
)
def test_what_is_no_table_of_numbers_is_one_clear_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_array(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(caught.value)


def test_key_is_for_archives(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="--key z is for"):
        read_array(tmp_path / "a.csv", "z")
