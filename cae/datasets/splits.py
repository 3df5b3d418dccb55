"""Which images are chosen, which train and which are held out: seeded, and the same at every resolution and crop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cae.config import DataConfig
from cae.datasets.imageset import DataError

# Separate streams of random numbers, so that choosing fewer images does not bring another kind of split.
CHOICE, SPLIT = 1, 2
SMALLEST_SIDE = 2


def generator(seed: int, stream: int) -> np.random.Generator:
    """The random numbers of one purpose."""
    return np.random.default_rng([seed, stream])


def choose(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` of the rows 0..count-1, sorted, int64; with the same numbers a smaller choice lies inside a larger one."""
    return np.sort(rng.permutation(count)[:size])


def split(table: pd.DataFrame, config: DataConfig, first: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(train, test): sorted, disjoint int64 rows of the table.

    first: (n,), for each row the first of its exact copies; all of them follow that one, or are on neither side if
    copies are dropped.
    random: `test_fraction` of the rows, rounded, is held out. official: partition 0 trains, everything else is held
    out. identity: whole persons are held out, as many as come nearest to `test_fraction`. Rows whose partition or
    person is unknown are on neither side. Errors: DataError with fewer than two images on a side.
    """
    first = np.arange(len(table)) if first is None else first
    distinct = np.flatnonzero(first == np.arange(len(table)))
    chosen = {"random": _random, "official": _official, "identity": _identity}[config.split]
    held_out = chosen(table.iloc[distinct], config)[np.searchsorted(distinct, first)]
    known = _known(table, config.split)
    if config.duplicates == "drop":
        known = known & (first == np.arange(len(table)))
    train, test = np.flatnonzero(known & ~held_out), np.flatnonzero(known & held_out)
    if min(len(train), len(test)) < SMALLEST_SIDE:
        raise DataError(
            f"data.split: {config.split} gives {len(train)} training and {len(test)} held-out images of {len(table)}; "
            f"each side needs {SMALLEST_SIDE}: take more images, or in a sweep file another data.test_fraction"
        )
    return train, test


def _known(table: pd.DataFrame, kind: str) -> np.ndarray:
    column = {"official": "partition", "identity": "identity"}.get(kind)
    return np.ones(len(table), bool) if column is None else table[column].notna().to_numpy(bool)


def _random(table: pd.DataFrame, config: DataConfig) -> np.ndarray:
    held_out = np.zeros(len(table), bool)
    size = round(len(table) * config.test_fraction)
    held_out[choose(len(table), size, generator(config.seed, SPLIT))] = True
    return held_out


def _official(table: pd.DataFrame, config: DataConfig) -> np.ndarray:
    return table["partition"].ne(0).fillna(False).to_numpy(bool)


def _identity(table: pd.DataFrame, config: DataConfig) -> np.ndarray:
    counts = table["identity"].value_counts().sort_index()
    order = generator(config.seed, SPLIT).permutation(len(counts))
    sums = counts.to_numpy(np.int64)[order].cumsum()
    last = int(np.abs(sums - config.test_fraction * sums[-1]).argmin()) if len(sums) else -1
    persons = counts.index.to_numpy()[order[: last + 1]]
    return table["identity"].isin(persons).to_numpy(bool)
