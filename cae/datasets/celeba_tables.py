"""CelebA's tables: attributes, official partition and person of each image, in either of their two forms."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from cae.datasets.imageset import DataError

TABLES = {"attributes": "list_attr_celeba", "partition": "list_eval_partition", "identity": "identity_CelebA"}


FORMS = {
    "attributes": "a row for each image: its name, then 1 (or 0) and -1 for each attribute",
    "partition": "a row for each image: its name, then 0, 1 or 2",
    "identity": "a row for each image: its name, then the number of the person",
}


@dataclass(frozen=True)
class TableFile:
    """A table as it lies on the disk or in a zip, read but not parsed."""

    name: str
    content: bytes


def tabulate(files: list[str], tables: dict[str, TableFile], path: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table of these images, and what the report says: tables used, images without a row, rows without an image.

    Attributes are int8 (1 has it, 0 has not), partition (0 train, 1 validation, 2 test) and identity int32. A column
    that some image has no row for is Int8 or Int32, with missing values: such images stay in the set.
    """
    frames = {kind: _named(parse(kind, table), files, table.name) for kind, table in tables.items()}
    columns = [_fill(frame, files) for frame in frames.values()]
    table = pd.concat([pd.DataFrame({"file": files}), *columns], axis=1)
    notes = {
        "path": path,
        "tables": {kind: tables[kind].name if kind in tables else None for kind in TABLES},
        "images_without_row": {kind: len(set(files).difference(frame.index)) for kind, frame in frames.items()},
        "rows_without_image": {kind: len(frame.index.difference(files)) for kind, frame in frames.items()},
    }
    return table, notes


def _named(frame: pd.DataFrame, files: list[str], table: str) -> pd.DataFrame:
    """The table's rows under the images' own names: tables may leave out suffixes, zeros or folders, or write JPG.

    Raises DataError where no row names an image, or it is not clear which.
    """
    if frame.index.isin(files).any():
        return frame
    rows, own = pd.Index(map(_stem, frame.index)), pd.Index(map(_stem, files))
    if not rows.isin(own).any():
        shown = f"its first row is {frame.index[0]!r}, the first image {files[0]!r}"
        raise DataError(f"{table}: none of its {len(rows):,} rows names an image: {shown}; is it the table of others?")
    if rows.has_duplicates or own.has_duplicates:
        raise DataError(f"{table}: its names fit several images; write them as the images are called: {files[0]!r}")
    return frame.set_axis([dict(zip(own, files, strict=True)).get(row, row) for row in rows], axis=0)


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem.lower().lstrip("0")


def _fill(frame: pd.DataFrame, files: list[str]) -> pd.DataFrame:
    nullable = {name: str(dtype).capitalize() for name, dtype in frame.dtypes.items()}
    filled = frame.astype(nullable).reindex(files).reset_index(drop=True)
    return filled if filled.isna().any(axis=None) else filled.astype(frame.dtypes.to_dict())


def parse(kind: str, table: TableFile) -> pd.DataFrame:
    """Rows by file name: 40 int8 columns of 0 and 1 for `attributes`, else one int32 column called as the kind.

    Errors: DataError where the file is not such a table. Cost: 1 s for the attributes of 202,599 images.
    """
    try:
        frame = _read(kind, table)
        if kind == "attributes":
            return _attributes(frame)
        return frame.set_axis([kind], axis=1).astype("int32")
    except (ValueError, TypeError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{table.name} is not CelebA's table of {kind}: {reason}; {FORMS[kind]}") from None


def _read(kind: str, table: TableFile) -> pd.DataFrame:
    content = io.BytesIO(table.content)
    if table.name.endswith(".csv"):
        first = table.content.partition(b"\n")[0]
        separator = max(",;\t", key=lambda mark: first.count(mark.encode()))
        frame = pd.read_csv(content, sep=separator, skipinitialspace=True, converters={0: str.strip})
        frame = frame.set_index(frame.columns[0])
    elif kind == "attributes":
        frame = pd.read_csv(content, sep=r"\s+", skiprows=1, header=0)
    else:
        frame = pd.read_csv(content, sep=r"\s+", header=None, index_col=0)
    frame = frame.set_axis(frame.index.map(str), axis=0).rename(columns=lambda name: str(name).strip())
    if frame.index.has_duplicates:
        raise ValueError(f"{frame.index[frame.index.duplicated()][0]} has two rows")
    return frame


def _attributes(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.empty:
        raise ValueError("it has no rows")
    fits = frame.isin([-1, 0, 1])
    if not fits.all(axis=None):
        column = fits.columns[~fits.all()][0]
        wrong = frame[column][~fits[column]]
        raise ValueError(f"{column} is {str(wrong.iloc[0])[:40]!r} in the row of {wrong.index[0]}")
    return (frame > 0).astype("int8")
