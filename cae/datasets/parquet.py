"""Images in the rows of Parquet files, as Hugging Face publishes data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cae.datasets.content import with_checksums
from cae.datasets.crops import fit
from cae.datasets.files import digest
from cae.datasets.imageset import DataError
from cae.datasets.photographs import decode
from cae.datasets.source import Bad, Source, View

LABEL = "label"
# How the files of a split begin, and its partition, as in CelebA.
PARTITIONS = {"train": 0, "validation": 1, "val": 1, "valid": 1, "test": 2}


def source(root: Path, names: list[str], sizes: dict[str, int]) -> Source:
    """Every row of the named files of a folder, in their order.

    The images are encoded files in a column of bytes, or of structs with bytes and path. `label` is kept, by its names
    where the file has them; columns of true and false, 1 and 0, or 1 and -1 are attributes; `partition` comes from
    files that are called train-, validation- and test-. Raises DataError for a file that is no Parquet, or without
    images.
    """
    files = [root / name for name in names]
    metadata = [_opened(file) for file in files]
    column = _image_column(files[0], metadata[0].schema_arrow)
    ends = np.cumsum([part.metadata.num_rows for part in metadata])
    partitions = [PARTITIONS.get(file.name.partition("-")[0]) for file in files]
    known = [part for part in partitions if part is not None]
    sides = known if len(known) == len(files) and len(set(known)) > 1 else []
    lacking = ("identity",) if sides else ("partition", "identity")
    return Source(
        name="folder",
        digest=digest("parquet", with_checksums([f"{name}\0{sizes[name]}" for name in names], root, names)),
        count=int(ends[-1]),
        produce=lambda start, stop: partial(_produce, files, ends.tolist(), column, start, stop),
        table=lambda: _table(files, names, column, sides),
        missing={kind: f"{root} has no {kind} of its images" for kind in lacking},
    )


def _opened(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"data.path: {file} is no readable Parquet file: {error}".splitlines()[0]) from None


def _image_column(file: Path, schema: pa.Schema) -> str:
    for column in schema:
        inside = {part.name for part in column.type} if pa.types.is_struct(column.type) else set()
        if "bytes" in inside or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            return str(column.name)
    raise DataError(f"data.path: {file} has no column of images (bytes); its columns are {', '.join(schema.names)}")


# --- images ----------------------------------------------------------------------------------------------------------


def _produce(
    files: list[Path], ends: list[int], column: str, start: int, stop: int, view: View
) -> Iterator[np.ndarray | Bad]:
    """Those of the rows from start to stop. Cost beside decoding: a row group is read for each range that it meets."""
    for file, first, last in zip(files, [0, *ends], ends, strict=False):
        if first < stop and last > start:
            for data in _bytes_of(file, column, max(start - first, 0), min(stop, last) - first):
                picture = Bad("no image") if data is None else decode(data)
                yield picture if isinstance(picture, Bad) else fit(picture, view)


def _bytes_of(file: Path, column: str, start: int, stop: int) -> Iterator[bytes | None]:
    opened, first = pq.ParquetFile(file), 0
    for group in range(opened.num_row_groups):
        last = first + opened.metadata.row_group(group).num_rows
        if first < stop and last > start:
            rows = _read(opened, file, group, column)
            for item in rows.slice(max(start - first, 0), min(stop, last) - max(start, first)).to_pylist():
                yield item.get("bytes") if isinstance(item, dict) else item
        first = last


def _read(opened: pq.ParquetFile, file: Path, group: int, column: str) -> pa.ChunkedArray:
    try:
        return opened.read_row_group(group, columns=[column]).column(column)
    except (pa.ArrowException, OSError) as error:
        told = f"{error}".splitlines()[0]
        raise DataError(f"data.path: {file}: row group {group} is damaged: {told}; fetch the file again") from None


# --- table -----------------------------------------------------------------------------------------------------------


def _table(files: list[Path], names: list[str], column: str, sides: list[int]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """sides: the partition of each file, none where they tell none."""
    parts = []
    for place, (file, name) in enumerate(zip(files, names, strict=True)):
        part = _known(file, column).assign(file=[f"{name}/{row:06d}" for row in range(_opened(file).metadata.num_rows)])
        parts.append(part.assign(partition=np.int32(sides[place])) if sides else part)
    table = pd.concat(parts, ignore_index=True)
    return table[["file", *(name for name in table if name != "file")]], {"path": str(files[0].parent.resolve())}


def _known(file: Path, column: str) -> pd.DataFrame:
    """Label and attributes of a file's rows."""
    opened = _opened(file)
    others = [name for name in opened.schema_arrow.names if name != column]
    read = opened.read(columns=others).to_pandas()
    found = {name: known for name in others if name != LABEL and (known := _attribute(read[name])) is not None}
    if LABEL in read:
        named = dict(enumerate(_label_names(opened.schema_arrow)))
        found[LABEL] = read[LABEL].map(named) if named else read[LABEL]
    return pd.DataFrame(found, index=read.index if others else range(opened.metadata.num_rows))


def _attribute(values: pd.Series) -> pd.Series | None:
    """1 and 0 of a column of true and false, 1 and 0, or 1 and -1; None for any other."""
    if not (pd.api.types.is_bool_dtype(values) or pd.api.types.is_integer_dtype(values)):
        return None
    kinds = set(values.dropna().astype(int))
    return (values > 0).astype("int8") if kinds <= {0, 1} or kinds <= {-1, 1} else None


def _label_names(schema: pa.Schema) -> list[str]:
    """The names of Hugging Face's ClassLabel, none where the file has none."""
    said = (schema.metadata or {}).get(b"huggingface", b"{}")
    label = json.loads(said).get("info", {}).get("features", {}).get(LABEL, {})
    return list(label.get("names", [])) if isinstance(label, dict) else []
