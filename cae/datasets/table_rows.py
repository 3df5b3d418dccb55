"""A table of images as text, read strictly: a line without the fields that the header names is an error."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cae.datasets.files import is_image

SEPARATORS = ",;\t"
UNREADABLE = (ValueError, csv.Error)
# What the column of the images' names is called; in the authors' own table of attributes it has no name.
NAME_COLUMNS = ("image_id", "image", "file", "filename", "file_name", "name", "id")
# What the table of a set may have beside attributes: see `ImageSet.table`.
RESERVED = ("file", "source", "label", "partition", "identity")
# Smallest and largest value in each kind of table.
RANGES = {"attributes": (-1, 1), "partition": (0, 2), "identity": (-(2**31), 2**31 - 1)}


@dataclass(frozen=True)
class TableFile:
    """A table as it lies on the disk or in a zip, read but not parsed."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Header:
    """columns: names of the values behind an image's name. line: where they stand, 0 where the rows begin at once."""

    columns: list[str]
    line: int


@dataclass(frozen=True)
class Rows:
    """names: of the images. values: int64 (images, columns)."""

    columns: list[str]
    names: list[str]
    values: np.ndarray


def header(kind: str, table: TableFile) -> Header:
    """The header, compared with the first row alone. Errors: UNREADABLE, with the line and what is wrong with it."""
    numbered = _lines(kind, table)
    line, names = next(numbered, (0, []))
    if kind != "attributes" and names and (is_image(names[0]) or _is_whole(names[-1])):
        return Header([kind], 0)
    after, fields = next(numbered, (0, []))
    if not fields:
        raise ValueError(f"no row follows its header, line {line}" if names else "it is empty")
    if kind != "attributes":
        return Header([kind], line)
    if is_image(names[0]) or (len(names) > 1 and all(map(_is_whole, names[1:]))):
        raise ValueError(f"line {line} is the row of {names[0]} and should be the header, the names of all columns")
    columns = _columns(
        table,
        names,
        len(fields),
        f"line {line} names {_count(names, 'column')} and line {after} has {_count(fields, 'field')}",
    )
    _check_names(columns, line)
    return Header(columns, line)


def rows(kind: str, table: TableFile) -> Rows:
    """All rows. Errors: UNREADABLE, with the line and what is wrong with it. Cost: 2 to 3 s for 202,599 rows of 41."""
    head = header(kind, table)
    width, number = 1 + len(head.columns), _numbers(*RANGES[kind])
    values, places = array("q"), dict[str, int]()
    for line, fields in _lines(kind, table):
        if line <= head.line:
            continue
        if len(fields) != width:
            raise ValueError(f"line {line} has {_count(fields, 'field')}, not {width}")
        name = fields[0].strip()
        if not name:
            raise ValueError(f"line {line} names no image")
        if places.setdefault(name, line) != line:
            raise ValueError(f"{name} has two rows, lines {places[name]} and {line}")
        try:
            values.extend(map(number, fields[1:]))
        except ValueError:
            raise ValueError(_wrong(head.columns, fields, number, line)) from None
    return Rows(head.columns, list(places), np.frombuffer(values, np.int64).reshape(len(places), width - 1))


def _lines(kind: str, table: TableFile) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each line that is not blank, but for the number of images above the authors' header."""
    try:
        text = io.StringIO(table.content.decode("utf-8-sig"), newline=None)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in UTF-8, by its byte {error.start}; save it as that") from None
    if table.name.endswith(".csv"):
        first = table.content.partition(b"\n")[0]
        separator = max(SEPARATORS, key=lambda mark: first.count(mark.encode()))
        reader = csv.reader(text, delimiter=separator, skipinitialspace=True)
        numbered = ((reader.line_num, fields) for fields in reader)
    else:
        numbered = ((line, row.split()) for line, row in enumerate(text, 1))
        if kind == "attributes":
            numbered = (row for row in numbered if not (row[0] == 1 and len(row[1]) == 1 and row[1][0].isdigit()))
    return (row for row in numbered if any(row[1]))


def _columns(table: TableFile, names: list[str], width: int, told: str) -> list[str]:
    """The header without the name of the images' column, which the authors' form alone leaves out."""
    names = [name.strip() for name in names]
    named = names[0].lower() in NAME_COLUMNS
    if len(names) == width > 1 and (named or table.name.endswith(".csv")):
        return names[1:]
    if len(names) == width - 1 and not named and not table.name.endswith(".csv"):
        return names
    raise ValueError(f"{told}; a name or a value is missing or too many")


def _check_names(columns: list[str], line: int) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        if not column:
            raise ValueError(f"line {line} has an empty name; name every attribute")
        if column in RESERVED:
            raise ValueError(f"line {line} names an attribute {column!r}, which every set has itself; rename it")
        other = seen.setdefault(column.casefold(), column)
        if other is not column:
            twice = f"{column!r} twice" if other == column else f"{other!r} and {column!r}"
            raise ValueError(f"line {line} names {twice}; rename or remove one")


def _numbers(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number of this range, else ValueError; the few different ones of a table are read once."""

    @lru_cache(maxsize=2**16)
    def number(text: str) -> int:
        value = float(text)
        if not (low <= value <= high and value == int(value)):
            raise ValueError
        return int(value)

    return number


def _count(found: list[str], what: str) -> str:
    return f"{len(found)} {what}{'s' * (len(found) != 1)}"


def _is_whole(text: str) -> bool:
    return text.strip().lstrip("+-").isdigit()


def _wrong(columns: list[str], fields: list[str], number: Callable[[str], int], line: int) -> str:
    for column, text in zip(columns, fields[1:], strict=True):
        try:
            number(text)
        except ValueError:
            return f"{column} is {text.strip()[:40]!r} in the row of {fields[0].strip()}, line {line}"
    raise AssertionError("every value is right")
