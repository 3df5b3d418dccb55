"""Images in: any data set as one ImageSet, prepared once and opened as a memory map.

from cae.config import DataConfig
from cae.datasets import load

faces = load(DataConfig(name="celeba", path="~/data/celeba", size=10_000))
faces.images[faces.train]

What decodes is imported where it decodes: a digest needs none of it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from cae.config import DataConfig
from cae.datasets.builtin import Dataset
from cae.datasets.identity import settled
from cae.datasets.imageset import DataError, ImageSet
from cae.datasets.parts import mixture_digest, parts
from cae.datasets.source import Progress, Source
from cae.datasets.sources import dataset, open_source, view

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from cae.datasets.cache import Prepared

__all__ = ["DataError", "Dataset", "ImageSet", "Source", "data_digest", "from_arrays", "load", "prepare", "prepared"]


def from_arrays(name: str, images: np.ndarray, table: pd.DataFrame | None = None, cropped: bool = False) -> Source:
    """A source of images at hand, for a plug-in: see `cae.datasets.arrays`."""
    from cae.datasets import arrays

    return arrays.from_arrays(name, images, table, cropped)


def load(config: DataConfig, *, progress: Progress | None = None, recorded: Collection[str] = ()) -> ImageSet:
    """The images that the configuration asks for, prepared first if the cache has none, with their split.

    The choice of `size` images and the split depend on the data section and the source's file names alone: another
    resolution, crop or contrast gives the same persons, and exact copies of an image stand on one side.
    progress(done, total, what) is called in this process. recorded: see `data_digest`.
    Errors: DataError, one line. Cost: 2,000 photographs of 178x218 a second and core the first time, then the scan of
    the source alone (see `data_digest`).
    """
    from cae.datasets import cache, mixture
    from cae.datasets.duplicates import copies_in
    from cae.datasets.splits import split
    from cae.datasets.surrogates import surrogate

    folder, digest = _prepared_folder(config, progress, recorded)
    if not dataset(config.name).sized:  # else `size` is part of what is prepared
        folder = mixture.select(folder, config, progress)
    images, table, report = cache.read(folder)
    copies = copies_in(folder, images, progress)
    train, test = split(_grouped(table, config), config, copies.first)
    if config.surrogate != "none":  # split as the images that they are made of
        images, table, report = cache.read(surrogate(folder, config.surrogate, config.seed, progress))
    report |= copies.counts() | {"duplicates": config.duplicates, "split": config.split}
    report |= {"on_neither_side": len(table) - len(train) - len(test)}
    return ImageSet(config.name, images, table, train, test, digest, report)


def prepare(config: DataConfig, *, progress: Progress | None = None) -> Path:
    """The cache folder with every usable image of the data set, made now if it is not there. Errors: DataError."""
    return _prepared_folder(config, progress, ())[0]


def prepared() -> list[Prepared]:
    """What the cache holds, by name; an empty list where there is no cache yet."""
    from cae.datasets import cache

    return cache.entries()


def data_digest(config: DataConfig, recorded: Collection[str] = ()) -> str:
    """12 hex digits of the data set's content, wherever it lies, however it is cut, scaled and split.

    Photographs: sorted names, sizes and checksums of the image files and the content of the tables found; a zip and its
    unpacked folder agree. Synthetic: the renderer's version, seed, factors and count. Digits: their bytes. Mixture: its
    parts, weights, size and seed. No image is decoded; each file is read the first time and whenever it has changed.
    recorded: digests of runs on what may be these images; one of names and sizes, as older versions had it, stays
    theirs (see `cae.datasets.identity`). Cost: docs/performance.md.
    """
    if config.name == "mixture":
        return mixture_digest(config, parts(config, recorded))
    return settled(open_source(config), recorded).digest


def _prepared_folder(config: DataConfig, progress: Progress | None, recorded: Collection[str]) -> tuple[Path, str]:
    from cae.datasets import mixture, preparing

    if config.name == "mixture":
        return mixture.prepare(config, progress, recorded)
    source = settled(open_source(config), recorded)
    _check_split(source, config)
    return preparing.prepare(source, view(source, config), progress), source.digest


def _check_split(source: Source, config: DataConfig) -> None:
    """Said before an hour of decoding, not after it."""
    column = {"official": "partition", "identity": "identity"}.get(config.split, "")
    if column in source.missing:
        raise DataError(f"data.split: {config.split} cannot be made: {source.missing[column]}")


def _grouped(table: pd.DataFrame, config: DataConfig) -> pd.DataFrame:
    """With what a folder's names say for its split: told by names alone, so that sets prepared earlier have it too."""
    import pandas as pd

    from cae.datasets import groups

    if config.name != "folder" or config.split == "random" or "partition" in table:  # which Parquet files give
        return table
    if config.split == "official":
        return table.assign(partition=pd.array(groups.partition(table["file"]), "Int32"))
    return table.assign(identity=groups.identity(table["file"]))
