"""Any folder, or zip of a folder, of photographs; sub-folders are labels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cae.datasets.content import with_checksums
from cae.datasets.files import IMAGE_SUFFIXES, digest, expand, is_image, parent, passed_over, printable, scan
from cae.datasets.groups import missing
from cae.datasets.imageset import DataError
from cae.datasets.source import Producer, Source

if TYPE_CHECKING:
    import pandas as pd

PARQUET = ".parquet"
ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"}
REMEDY = "name the folder or zip of photographs (JPEG, PNG, WebP, BMP, TIFF, GIF, PPM)"


def source(path: str | None) -> Source:
    """Every image below the folder or inside the zip; `label` is the sub-folder (a/b for deeper ones).

    Folders above all images carry no information and are cut from the names, so that a folder, the folder around it
    and a zip of either are the same data set. A Parquet file, or a folder of such files without images, gives its rows
    (`cae.datasets.parquet`), a .npz file its array of images (`cae.datasets.npz`). Errors: DataError without path or
    without a single image.
    """
    root = expand(path, REMEDY)
    if root.suffix == PARQUET and root.is_file():
        return _parquet(root.parent, {root.name: root.stat().st_size})
    if root.suffix == ".npz" and root.is_file():
        return _npz(root)
    every = scan(root).sizes
    sizes = {name: size for name, size in every.items() if is_image(name)}
    packed = {name: size for name, size in every.items() if name.endswith(PARQUET)}
    if not sizes and packed and root.is_dir():
        return _parquet(root, packed)
    if not sizes:
        raise DataError(f"data.path: no image in {root}{there(every)}; looked for {', '.join(IMAGE_SUFFIXES)}")
    top = _common_folder(sizes)
    names = sorted(sizes)
    short = [name.removeprefix(top) for name in names]
    sized = [f"{name}\0{sizes[top + name]}" for name in short]
    return Source(
        name="folder",
        digest=digest("folder", with_checksums(sized, root, names)),
        former=digest("folder", sized),
        count=len(names),
        produce=lambda start, stop: producer(root, names[start:stop]),
        table=lambda: (_table(list(map(printable, short))), _notes(root, every)),
        missing=missing(short),
    )


def _parquet(root: Path, sizes: dict[str, int]) -> Source:
    from cae.datasets.parquet import source as rows

    return rows(root, sorted(sizes), sizes)


def _npz(file: Path) -> Source:
    from cae.datasets.npz import source as arrays

    return arrays(file)


def there(every: Iterable[str]) -> str:
    """For an error: what else was found, and what to do about archives."""
    kinds = passed_over(every)
    packed = "; unpack these archives" if ARCHIVES & kinds.keys() else ""
    shown = ", ".join(f"{number:,} {suffix}" for suffix, number in list(kinds.items())[:5])
    return f" or below, but {shown}{packed}" if kinds else " or below"


def producer(root: Path, names: list[str]) -> Producer:
    """Makes the named photographs of a folder or zip."""
    from cae.datasets.photographs import produce

    return partial(produce, root, names)


def _common_folder(names: dict[str, int]) -> str:
    """The folder above all names, with a / at its end, or "" where there is none."""
    common = posixpath.commonpath({parent(name) for name in names})
    return f"{common}/" if common else ""


def _notes(root: Path, every: Iterable[str]) -> dict[str, Any]:
    return {
        "path": printable(str(root.resolve())),
        "passed_over": passed_over(name for name in every if not is_image(name)),
    }


def _table(names: list[str]) -> pd.DataFrame:
    import pandas as pd

    labels = [parent(name) for name in names]
    table = pd.DataFrame({"file": names})
    return table.assign(label=labels) if any(labels) else table
