"""CelebA's tables: attributes, official partition and person of each image, in either of their two forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

from cae.datasets import table_rows
from cae.datasets.files import IMAGE_SUFFIXES
from cae.datasets.imageset import DataError
from cae.datasets.table_rows import TableFile

TABLES = {"attributes": "list_attr_celeba", "partition": "list_eval_partition", "identity": "identity_CelebA"}


FORMS = {
    "attributes": "a header, then a row for each image: its name, then 1 (or 0) and -1 for each attribute",
    "partition": "a row for each image: its name, then 0, 1 or 2",
    "identity": "a row for each image: its name, then the number of the person",
}


def tabulate(files: list[str], tables: dict[str, TableFile], path: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table of these images, and what the report says: tables used, images without a row, rows without an image.

    Attributes are int8 (1 has it, 0 has not), partition (0 train, 1 validation, 2 test) and identity int32. A column
    that some image has no row for is Int8 or Int32, with missing values: such images stay in the set.
    """
    parsed = {kind: parse(kind, table) for kind, table in tables.items()}
    names = {kind: _other_names(frame, files, tables[kind].name) for kind, frame in parsed.items()}
    frames = {kind: frame.rename(index=names[kind]) for kind, frame in parsed.items()}
    columns = [_fill(frame, files) for frame in frames.values()]
    table = pd.concat([pd.DataFrame({"file": files}), *columns], axis=1)
    notes = {
        "path": path,
        "tables": {kind: tables[kind].name if kind in tables else None for kind in TABLES},
        "rows_named_otherwise": {kind: len(named) for kind, named in names.items()},
        "images_without_row": {kind: len(set(files).difference(frame.index)) for kind, frame in frames.items()},
        "rows_without_image": {kind: len(frame.index.difference(files)) for kind, frame in frames.items()},
    }
    return table, notes


def _other_names(frame: pd.DataFrame, files: list[str], table: str) -> dict[str, str]:
    """Name in the table to name of the image, of those that differ by folder, suffix, case or leading zeros alone.

    Raises DataError where no row names an image, or it is not clear which.
    """
    images = _by_stem(pd.Index(files).difference(frame.index, sort=False))
    rows = _by_stem(frame.index.difference(files, sort=False)) if images else {}
    both = rows.keys() & images.keys()
    if not both and not frame.index.isin(files).any():
        shown = f"its first row is {frame.index[0]!r}, the first image {files[0]!r}"
        raise DataError(f"{table}: none of its {len(frame):,} rows names an image: {shown}; is it the table of others?")
    for stem in sorted(both):
        if len(rows[stem]) > 1 or len(images[stem]) > 1:
            several = f"{' and '.join(map(repr, rows[stem][:2]))} may be {' or '.join(map(repr, images[stem][:2]))}"
            raise DataError(f"{table}: its names fit several images: {several}; write them as the images are called")
    return {rows[stem][0]: images[stem][0] for stem in both}


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for name in names:
        found[_stem(name)].append(name)
    return found


def _stem(name: str) -> str:
    own = name.replace("\\", "/").rpartition("/")[2].lower()
    suffix = next((suffix for suffix in IMAGE_SUFFIXES if own.endswith(suffix)), "")
    return own.removesuffix(suffix).lstrip("0")


def _fill(frame: pd.DataFrame, files: list[str]) -> pd.DataFrame:
    nullable = {name: str(dtype).capitalize() for name, dtype in frame.dtypes.items()}
    filled = frame.astype(nullable).reindex(files).reset_index(drop=True)
    return filled if filled.isna().any(axis=None) else filled.astype(frame.dtypes.to_dict())


def check(kind: str, table: TableFile) -> None:
    """Whether its header fits its first row: asked before anything is prepared. Errors: DataError."""
    try:
        table_rows.header(kind, table)
    except table_rows.UNREADABLE as error:
        raise _refused(kind, table, error) from None


def parse(kind: str, table: TableFile) -> pd.DataFrame:
    """Rows by file name: 40 int8 columns of 0 and 1 for `attributes`, else one int32 column called as the kind.

    Errors: DataError where the file is not such a table, with the line. Cost: 2 to 3 s for 202,599 rows of 40.
    """
    try:
        read = table_rows.rows(kind, table)
    except table_rows.UNREADABLE as error:
        raise _refused(kind, table, error) from None
    values = (read.values > 0).astype("int8") if kind == "attributes" else read.values.astype("int32")
    return pd.DataFrame(values, pd.Index(read.names, dtype=object), read.columns)


def _refused(kind: str, table: TableFile, error: Exception) -> DataError:
    reason = str(error).splitlines()[0]
    return DataError(f"{table.name} is not CelebA's table of {kind}: {reason}; give it {FORMS[kind]}")
