"""The one form in which images reach a model, whatever their source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class DataError(ValueError):
    """Images that cannot be used; the message names what, where and what to do."""


@dataclass(frozen=True)
class ImageSet:
    """Prepared images and what is known about each.

    images: uint8 (n, h, w, 3), RGB, opened as a read-only memory map.
    table: n rows in the order of `images`: `file` (name inside the source), `source` (name of the set it came from, in
        a mixture of its part), `label`, `partition` (0 train, 1 validation, 2 test) and `identity` (person) where they
        are known, one column for each attribute (int8: 1 has it, 0 has not) and for each factor of a synthetic face
        (float). An integer column that some image has no value for is pandas' nullable Int8, Int32 or Int64.
    train, test: sorted int64 indices into both; disjoint. Together they are all rows, except rows whose partition or
        person is not known in a split that needs it. The split depends on the data section of the configuration and
        the file names alone, so that every run of a sweep holds out the same images.
    digest: 12 hex digits of the source's content (see `cae.datasets.data_digest`).
    report: counts of what was found, left out and missing, and the files left out with the reason.
    """

    name: str
    images: np.ndarray
    table: pd.DataFrame
    train: np.ndarray
    test: np.ndarray
    digest: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> pd.DataFrame:
        """int8 (n, attributes): 1 what an image has, 0 what it has not, -1 not known, under the names of `table`."""
        return self.table.select_dtypes(["int8", "Int8"]).fillna(-1).astype("int8")
