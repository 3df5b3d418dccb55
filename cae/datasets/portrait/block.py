"""A block of people is drawn at once, so that one call of NumPy works on many faces.

Every array has the shape (..., n, h, w), people, rows, columns; an axis of length 1 stands for all people, rows or
columns. Numbers are float32: a measure, one number for each person, is (n, 1, 1), a colour (3, n, 1, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Record = TypeVar("Record")
ALL = slice(None)


def _each(record: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """An array, or a dataclass with each of its arrays, changed."""
    if isinstance(record, np.ndarray):
        return change(record)
    values = vars(record).items()
    return type(record)(**{name: change(value) if isinstance(value, np.ndarray) else value for name, value in values})


def only(record: Record, who: slice) -> Record:
    """A view of some people in an array or in the arrays of a record."""
    return _each(record, lambda values: values if values.shape[-3] == 1 else values[..., who, :, :])


def crop(record: Record, rows: slice, columns: slice = ALL) -> Record:
    """A view of some rows and columns of an array or a record: drawing on a part of a canvas draws on the whole."""
    return _each(
        record,
        lambda values: values[..., rows if values.shape[-2] > 1 else ALL, columns if values.shape[-1] > 1 else ALL],
    )


def solid(record: Record) -> Record:
    """A copy in one piece, three times as quick to compute with as a view of some columns."""
    return _each(record, np.ascontiguousarray)


def draw(stroke: Callable[..., None], who: np.ndarray, *records: Any) -> None:
    """Lets a stroke draw on the pictures of some people, `who` bool (n, 1, 1), one by one, given their records."""
    for one in np.flatnonzero(who).tolist():
        stroke(*(only(record, slice(one, one + 1)) for record in records))
