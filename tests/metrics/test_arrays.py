from __future__ import annotations

import re
from pathlib import Path

import numpy as np
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
        ("a picture", None, "not a .npy or .npz file of plain numbers"),
        ("", None, "not a .npy or .npz file of plain numbers"),
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
