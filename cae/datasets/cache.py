"""The prepared-image cache: one folder per set of prepared images, complete or absent."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from cae.datasets.imageset import DataError
from cae.datasets.places import root
from cae.datasets.source import Progress

IMAGES, TABLE, REPORT = "images.npy", "table.parquet", "report.json"
TEMPORARY, LOCK, FAILED = ".tmp", ".lock", ".failed.json"

# write(folder) fills an empty folder with IMAGES and TABLE and returns what REPORT shall say.
Write = Callable[[Path], dict[str, Any]]


@dataclass(frozen=True)
class Prepared:
    """One folder of the cache. `left_out` counts the images that could not be used, `bytes` the whole folder's."""

    name: str
    resolution: int
    crop: str
    contrast: str
    background: str
    blur: float
    count: int
    bytes: int
    digest: str
    created: str
    left_out: int
    folder: Path


def build(key: str, write: Write, progress: Progress | None = None) -> Path:
    """The folder of this key, written by `write` if it is not there yet: whole, once, and visible only when whole.

    Other processes that ask for the same key wait. What dead processes left behind is removed. Errors: DataError where
    the disk is full or must not be written; nothing stays behind then.
    """
    folder = root() / key
    if (folder / REPORT).is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder, progress):
            _sweep(folder)
            if not (folder / REPORT).is_file():
                _write(folder, write)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror or error}); make room, or set CAE_CACHE to another folder"
        ) from error
    return folder


@contextmanager
def _locked(folder: Path, progress: Progress | None) -> Iterator[None]:
    lock = FileLock(f"{folder}{LOCK}")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if progress:
            progress(0, 1, f"waiting for another process that prepares {folder.name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _sweep(folder: Path) -> None:
    """Remove temporary folders whose writers are dead; a living one holds its key's lock, as the caller holds ours."""
    for left in folder.parent.glob(f"*{TEMPORARY}"):
        key = left.name.split("~")[0]
        if key == folder.name:
            shutil.rmtree(left, ignore_errors=True)
            continue
        with suppress(Timeout), FileLock(folder.parent / f"{key}{LOCK}").acquire(timeout=0):
            shutil.rmtree(left, ignore_errors=True)


def _write(folder: Path, write: Write) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f"{folder.name}~", suffix=TEMPORARY, dir=folder.parent))
    try:
        report = write(temporary) | {"created": datetime.now(UTC).isoformat(timespec="seconds")}
        (temporary / REPORT).write_text(json.dumps(report, indent=2), encoding="utf-8")
        _flush(temporary / IMAGES)
        temporary.chmod(0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _flush(file: Path) -> None:
    """Without this a power cut after the folder got its name could leave it full of zeros."""
    with open(file, "rb+") as opened:
        os.fsync(opened.fileno())


def allocate(folder: Path, count: int, resolution: int) -> Path:
    """An images.npy of `count` zero images, with its place on the disk reserved. Errors: OSError when it does not fit.

    Reserved, because writing to a map of a sparse file on a full disk kills the process without a word.
    """
    file = folder / IMAGES
    needed, free = count * resolution * resolution * 3, shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"{needed / 2**30:.1f} GB are needed and {free / 2**30:.1f} GB are free")
    np.lib.format.open_memmap(file, "w+", np.uint8, (count, resolution, resolution, 3))
    if hasattr(os, "posix_fallocate"):
        with open(file, "rb+") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    return file


def read(folder: Path) -> tuple[np.ndarray, pd.DataFrame, dict[str, Any]]:
    """Images (n, r, r, 3) uint8 as a read-only memory map, their table, and the report."""
    try:
        images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
        table = pd.read_parquet(folder / TABLE)
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{folder}: damaged ({reason}); delete this folder, it will be prepared again") from error
    if not len(images) == len(table) == report["count"]:
        raise DataError(f"{folder}: damaged (images, table and report differ); delete this folder")
    return images, table, report


def entries() -> list[Prepared]:
    """What the cache holds, by name, newest last among equals."""
    found = [_entry(file) for file in root().glob(f"*/{REPORT}") if not file.parent.name.endswith(TEMPORARY)]
    return sorted(found, key=lambda entry: (entry.name, entry.created))


def _entry(file: Path) -> Prepared:
    report = json.loads(file.read_text(encoding="utf-8"))
    fields = ("name", "resolution", "crop", "contrast", "count", "digest", "created", "left_out")
    size = sum(part.stat().st_size for part in file.parent.iterdir())
    # Reports of older versions know of neither.
    changes = {"background": report.get("background", "kept"), "blur": report.get("blur", 0.0)}
    return Prepared(**{name: report[name] for name in fields}, **changes, bytes=size, folder=file.parent)
