"""Image files in a folder or in a zip: found, named, measured and read alike."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from cae.datasets.imageset import DataError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
# A file beyond this is no photograph; it is refused before it fills the memory.
MAX_FILE_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Listing:
    """Every file below a folder or inside a zip: name with / relative to `root` -> bytes (unpacked)."""

    root: Path
    sizes: dict[str, int]


def parent(name: str) -> str:
    """The folder part of a name with /, "" at the top."""
    return name.rpartition("/")[0]


def is_image(name: str) -> bool:
    """True for a suffix of IMAGE_SUFFIXES in any case; AppleDouble and other hidden files are no images."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.rpartition("/")[2].startswith(".")


def expand(path: str | None, what: str) -> Path:
    """The path with ~ and $VARIABLES expanded; DataError where it is not set or does not exist."""
    if path is None:
        raise DataError(f"data.path is not set: {what}")
    expanded = Path(os.path.expandvars(path)).expanduser()
    if not expanded.exists():
        raise DataError(f"data.path: {expanded} does not exist; {what}")
    return expanded


def scan(path: Path, *, below: bool = True) -> Listing:
    """The files in a folder (and below it, if asked) or inside a zip; hidden folders and __MACOSX are left out.

    Links to folders below are not followed. Errors: DataError for an unreadable folder, a file that is no zip, an
    encrypted zip, or an entry whose name leads out of its folder. Cost: one walk, or the zip's directory alone.
    """
    if path.is_dir():
        try:
            return Listing(path, dict(_walk(path, "", below)))
        except OSError as error:
            raise DataError(f"data.path: {error.filename} cannot be listed: {error.strerror}") from None
    return Listing(path, _zip_sizes(path))


def _walk(folder: Path, prefix: str, below: bool) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if below and not _skipped(entry.name):
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", below)
            elif not entry.is_dir():
                yield prefix + entry.name, _size(entry)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a dangling link: found here, counted as bad when it is read
        return 0


def _skipped(folder: str) -> bool:
    return folder.startswith(".") or folder == "__MACOSX"


def _zip_sizes(path: Path) -> dict[str, int]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"data.path: {path} is neither a folder nor a readable zip: {error}") from None
    for entry in entries:
        _check_entry(path, entry)
    return {e.filename: e.file_size for e in entries if not any(map(_skipped, e.filename.split("/")[:-1]))}


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name = PurePosixPath(entry.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        raise DataError(f"{path}: entry {entry.filename!r} leads out of its folder; do not trust this archive")
    if entry.flag_bits & 1:
        raise DataError(f"{path}: entry {entry.filename!r} is encrypted; unpack the archive first")


def read(root: Path, name: str) -> bytes:
    """The bytes of one file of a listing. Errors: OSError (also for a file that is too large), zipfile.BadZipFile."""
    if root.is_dir():
        path = root / name
        _check_size(path.stat().st_size)
        return path.read_bytes()
    archive = _archive(root, root.stat().st_mtime_ns)
    _check_size(archive.getinfo(name).file_size)
    return archive.read(name)


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise OSError(f"{size:,} bytes are more than the {MAX_FILE_BYTES:,} allowed for an image")


# A zip's directory of 200,000 entries takes a second to read: once per process, not once per image.
@lru_cache(maxsize=1)
def _archive(path: Path, changed: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def digest(kind: str, parts: Iterable[str | bytes]) -> str:
    """12 hex digits of `kind` and the parts, in their order; boundaries count."""
    sha = hashlib.sha256(kind.encode())
    for part in parts:
        content = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        sha.update(len(content).to_bytes(8, "little") + content)
    return sha.hexdigest()[:12]
