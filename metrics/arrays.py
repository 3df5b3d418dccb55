"""Latent vectors from files of any tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {".csv": None, ".tsv": "\t"}
KINDS = "a .npy, .npz, .csv, .tsv or .parquet file"
# What files of NumPy begin with; it takes everything else for a pickle.
MAGIC = (b"\x93NUMPY", b"PK")


def read_array(path: Path, key: str | None = None) -> np.ndarray:
    """The array of a .npy file as a read-only memory map, one of an .npz file by its name, the columns of a table.

    A table (.csv, .tsv, .parquet) has a row for each point; a line of names above it is known by its words, and a first
    column without a name, which counts the rows, is left out. Raises ValueError, one line, for a file that is missing,
    none of these, or has no array of that name. Pickled content is not loaded.
    """
    if not path.is_file():
        raise ValueError(f"{path}: {'not a file' if path.exists() else 'no such file'}; give {KINDS}")
    is_table = path.suffix.lower() in (*SEPARATORS, ".parquet")
    content = _table(path) if is_table else _numpy(path)
    if isinstance(content, np.ndarray):
        if key is not None:
            raise ValueError(f"{path}: --key {key} is for .npz files; this one holds a single array")
        return content
    with content as archive:
        return _member(path, archive, key)


def _numpy(path: Path) -> np.ndarray | np.lib.npyio.NpzFile:
    try:
        with path.open("rb") as file:
            begins = file.read(8)
        if not begins.startswith(MAGIC):
            raise ValueError(f"{path}: not {KINDS}")
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        if str(error).startswith(str(path)):
            raise
        raise ValueError(f"{path}: not a .npy or .npz file of plain numbers ({_first_line(error)})") from None


# --- tables --------------------------------------------------------------------------------------------------------


def _table(path: Path) -> np.ndarray:
    import pandas as pd

    try:
        frame = pd.read_parquet(path) if path.suffix.lower() == ".parquet" else _read_text(path)
    except (OSError, ValueError, EOFError) as error:  # pandas' and pyarrow's own errors are ValueErrors
        raise ValueError(f"{path}: not a table ({_first_line(error)})") from None
    for name, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            value = column.iloc[0] if len(column) else ""
            raise ValueError(f"{path}: column {name} holds {value!r}; leave out what is no number")
    kinds = [np.dtype(getattr(dtype, "numpy_dtype", dtype)) for dtype in frame.dtypes]
    dtype = np.result_type(*kinds, np.int8)
    # Row by row as arrays are: sums would round otherwise.
    return np.ascontiguousarray(frame.to_numpy(dtype=dtype, na_value=np.nan))


def _read_text(path: Path) -> pd.DataFrame:
    import pandas as pd

    with path.open(encoding="utf-8-sig") as file:
        first = file.readline().rstrip("\n")
    separator = SEPARATORS[path.suffix.lower()] or max(",;\t", key=first.count)
    fields = [field.strip().strip('"') for field in first.split(separator)]
    header = None if all(map(_is_number, fields)) else 0
    frame = pd.read_csv(path, sep=separator, header=header, skipinitialspace=True)
    counts = fields[0] == "" and len(fields) > 1 and np.array_equal(frame.iloc[:, 0], np.arange(len(frame)))
    return frame.iloc[:, 1:] if counts else frame


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- archives ------------------------------------------------------------------------------------------------------


def _member(path: Path, archive: np.lib.npyio.NpzFile, key: str | None) -> np.ndarray:
    names = ", ".join(archive.files)
    if key is None and len(archive.files) != 1:
        raise ValueError(f"{path}: holds {names}; say which with --key")
    name = archive.files[0] if key is None else key
    if name not in archive.files:
        raise ValueError(f"{path}: no array {name}; there are {names}")
    try:
        return np.asarray(archive[name])
    except ValueError as error:
        raise ValueError(f"{path}: {name} is not an array of plain numbers ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
