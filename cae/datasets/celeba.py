"""CelebA as people download it: where its images and tables lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cae.datasets.celeba_tables import TABLES, TableFile, tabulate
from cae.datasets.content import with_checksums
from cae.datasets.files import IMAGE_SUFFIXES, Listing, digest, expand, is_image, parent, printable, read, scan
from cae.datasets.folder import producer
from cae.datasets.imageset import DataError
from cae.datasets.source import Source

IMAGES = "img_align_celeba"
# As the authors' site and Kaggle name and pack them; inner folders first.
IMAGE_FOLDERS = (f"{IMAGES}/{IMAGES}", IMAGES, f"Img/{IMAGES}", "")
ZIP_FILES = (f"{IMAGES}.zip", f"Img/{IMAGES}.zip")
TABLE_FOLDERS = ("", "Anno", "Eval")
TABLE_SUFFIXES = (".txt", ".csv")
REMEDY = f"name the folder that holds {IMAGES} or {IMAGES}.zip, or one of these two"


def source(path: str | None) -> Source:
    """CelebA's images with 40 attributes, official partition and person, as far as their tables are found.

    Images: in `path`, in its img_align_celeba (also nested once more, or under Img), or in the zip. Tables (.txt or
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
        table=lambda: tabulate(list(map(printable, short)), tables, printable(str(listing.root.resolve()))),
        missing={kind: _sought(kind, places) for kind in TABLES if kind not in tables},
    )


def _images(given: Path) -> tuple[Listing, list[str]]:
    """A listing that holds the images, and the sorted names of these: the folder with the most wins."""
    folders = [given / name for name in IMAGE_FOLDERS] if given.is_dir() else []
    zips = [given / name for name in ZIP_FILES] if given.is_dir() else [given]
    for root in (*filter(Path.is_dir, folders), *filter(Path.is_file, zips)):
        listing = scan(root, below=False)
        images = Counter(parent(name) for name in listing.sizes if is_image(name))
        if images:
            folder = images.most_common(1)[0][0]
            return listing, sorted(name for name in listing.sizes if is_image(name) and parent(name) == folder)
    raise DataError(f"data.path: no image ({', '.join(IMAGE_SUFFIXES)}) in {given} or its {IMAGES}; {REMEDY}")


def _places(root: Path, names: list[str]) -> list[Path]:
    """Where tables are looked for, nearest first: with the images (or their zip) and up to two folders above."""
    nearest = root.absolute() if root.is_dir() else root.absolute().parent
    above = [nearest, *nearest.parents[:2]]
    return [place / below for place in above for below in TABLE_FOLDERS]


def _tables(listing: Listing, places: list[Path]) -> dict[str, TableFile]:
    """The nearest table of each kind that is there."""
    found = ((kind, next(_versions(listing, places, stem), None)) for kind, stem in TABLES.items())
    return {kind: table for kind, table in found if table is not None}


def _versions(listing: Listing, places: list[Path], stem: str) -> Iterator[TableFile]:
    names = [stem + suffix for suffix in TABLE_SUFFIXES]
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
