"""CelebA as people download it: where its images and tables lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from cae.datasets.celeba_tables import TABLES, check, tabulate
from cae.datasets.content import with_checksums
from cae.datasets.files import (
    IMAGE_SUFFIXES,
    Listing,
    digest,
    expand,
    is_image,
    parent,
    passed_over,
    printable,
    read,
    scan,
)
from cae.datasets.folder import producer
from cae.datasets.imageset import DataError
from cae.datasets.source import Source
from cae.datasets.table_rows import TableFile

IMAGES = "img_align_celeba"
# As the authors' site, Kaggle and torchvision name and pack them, and CelebAMask-HQ its own; inner folders first.
IMAGE_FOLDERS = (f"{IMAGES}/{IMAGES}", IMAGES, f"Img/{IMAGES}", f"celeba/{IMAGES}", "CelebA-HQ-img", "")
ZIP_FILES = (f"{IMAGES}.zip", f"Img/{IMAGES}.zip", f"celeba/{IMAGES}.zip")
TABLE_FOLDERS = ("", "Anno", "Eval")
TABLE_SUFFIXES = (".txt", ".csv")
# How the table of each kind is called; those of CelebA's 30,000 images in high quality beside them.
STEMS: dict[str, tuple[str, ...]] = {kind: (stem,) for kind, stem in TABLES.items()}
STEMS["attributes"] += ("CelebAMask-HQ-attribute-anno",)
ALL_STEMS = tuple(stem for stems in STEMS.values() for stem in stems)
REMEDY = f"name the folder that holds {IMAGES} or {IMAGES}.zip, or one of these two"


def source(path: str | None) -> Source:
    """CelebA's images with 40 attributes, official partition and person, as far as their tables are found.

    Images: in `path`, in its img_align_celeba (also nested once more, or under Img or celeba), or in the zip; or in
    CelebA-HQ-img, whose attributes are in CelebAMask-HQ's own table. Tables (.txt or
    .csv): beside the images or up to two folders above, there also in Anno and Eval, or inside the zip. The digest
    covers the names and content of the images and of every table found. Errors: DataError without path or images.
    """
    listing, names = _images(expand(path, REMEDY))
    short = [name.rpartition("/")[2] for name in names]
    places = _places(listing.root, names)
    tables = _tables(listing, places)
    read_tables = [part for kind in tables for part in (kind, tables[kind].content)]
    sized = [f"{file}\0{listing.sizes[name]}" for file, name in zip(short, names, strict=True)]
    return Source(
        name="celeba",
        digest=digest("celeba", [*with_checksums(sized, listing.root, names), *read_tables]),
        former=digest("celeba", [*sized, *read_tables]),
        count=len(names),
        produce=lambda start, stop: producer(listing.root, names[start:stop]),
        table=lambda: _table(listing, names, tables),
        missing={kind: _sought(kind, places) for kind in TABLES if kind not in tables},
    )


def _images(given: Path) -> tuple[Listing, list[str]]:
    """A listing that holds the images, and the sorted names of these: its folder with the most wins.

    Pictures in the given folder itself are the set only where no zip beside them holds more.
    """
    for listing in _listings(given):
        images = Counter(parent(name) for name in listing.sizes if is_image(name))
        inner = next((name for name in listing.sizes if name.endswith(f"{IMAGES}.zip")), None)
        if inner and not listing.root.is_dir():
            raise DataError(f"data.path: {listing.root} holds {inner}, a zip in a zip; unpack the outer one")
        if images:
            folder = images.most_common(1)[0][0]
            return listing, sorted(name for name in listing.sizes if is_image(name) and parent(name) == folder)
    raise DataError(f"data.path: no image ({', '.join(IMAGE_SUFFIXES)}) in {given} or its {IMAGES}; {REMEDY}")


def _table(listing: Listing, names: list[str], tables: dict[str, TableFile]) -> tuple[pd.DataFrame, dict[str, Any]]:
    short = [printable(name.rpartition("/")[2]) for name in names]
    table, notes = tabulate(short, tables, printable(str(listing.root.resolve())))
    used = {*names, *(name for name in listing.sizes if name.rpartition("/")[2].startswith(ALL_STEMS))}
    return table, notes | {"passed_over": passed_over(listing.sizes.keys() - used)}


def _listings(given: Path) -> Iterator[Listing]:
    """Where images may be, the likeliest first; an unreadable zip is an error where no images lie beside it."""
    if not given.is_dir():
        yield scan(given)
        return
    yield from (scan(given / name, below=False) for name in IMAGE_FOLDERS if name and (given / name).is_dir())
    beside = scan(given, below=False)
    number = sum(map(is_image, beside.sizes))
    for packed in (given / name for name in ZIP_FILES if (given / name).is_file()):
        try:
            listing = scan(packed)
        except DataError:
            if not number:
                raise
            continue
        if sum(map(is_image, listing.sizes)) > number:
            yield listing
    yield beside


def _places(root: Path, names: list[str]) -> list[Path]:
    """Where tables are looked for, nearest first: with the images (or their zip) and up to two folders above."""
    nearest = root.absolute() if root.is_dir() else root.absolute().parent
    above = [nearest, *nearest.parents[:2]]
    return [place / below for place in above for below in TABLE_FOLDERS]


def _tables(listing: Listing, places: list[Path]) -> dict[str, TableFile]:
    """The nearest table of each kind that is there. Errors: DataError for one whose header does not fit its rows."""
    found = ((kind, next(_versions(listing, places, STEMS[kind]), None)) for kind in TABLES)
    tables = {kind: table for kind, table in found if table is not None}
    for kind, table in tables.items():
        check(kind, table)
    return tables


def _versions(listing: Listing, places: list[Path], stems: tuple[str, ...]) -> Iterator[TableFile]:
    names = [stem + suffix for stem in stems for suffix in TABLE_SUFFIXES]
    for file in (place / name for place in places for name in names):
        if file.is_file():
            yield TableFile(str(file), file.read_bytes())
    if not listing.root.is_dir():
        for name in listing.sizes:
            if name.rpartition("/")[2] in names:
                yield TableFile(name, read(listing.root, name))


def _sought(kind: str, places: list[Path]) -> str:
    names = " or ".join(TABLES[kind] + suffix for suffix in TABLE_SUFFIXES)
    return f"no {names} in {', '.join(str(place) for place in places if place.is_dir())}"
