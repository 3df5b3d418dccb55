"""Image files in a folder or in a zip: found, named, measured and read alike."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from cae.datasets.imageset import DataError

IMAGE_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".gif",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
)
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


def printable(name: str) -> str:
    """The name as text: bytes of it that are no UTF-8, of which some disks are full, as question marks."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def passed_over(names: Iterable[str]) -> dict[str, int]:
    """Suffix to number of the files that are no images of a set, but for hidden ones; the most frequent first."""
    plain = (name.rpartition("/")[2].lower() for name in sorted(names))
    return dict(Counter(PurePosixPath(name).suffix or name for name in plain if not name.startswith(".")).most_common())


def expand(path: str | None, what: str) -> Path:
    """The path with ~ and $VARIABLES expanded, from the root on, as messages name it.

    Raises DataError where it is not set, empty or does not exist.
    """
    if path is None:
        raise DataError(f"data.path is not set: {what}")
    told = os.path.expandvars(path)
    if not told.strip():  # which would be the current folder, with all that lies there
        raise DataError(f"data.path: {path!r} is empty: {what}")
    expanded = Path(told).expanduser().absolute()
    if not expanded.exists():
        raise DataError(f"data.path: {expanded} does not exist; {what}")
    return expanded


def scan(path: Path, *, below: bool = True) -> Listing:
    """The files in a folder (and below it, if asked) or inside a zip; hidden folders and __MACOSX are left out.

    FIFOs, sockets and devices are listed like files, and never opened. Links to folders are followed, but not into a
    folder that they lie in. Backslashes in a zip's names are folders, as where it was made. Errors: DataError for an
    unreadable folder, a file that is no zip, an encrypted zip, or an entry whose name leads out of its folder. Cost:
    one walk, or the zip's directory alone.
    """
    if path.is_dir():
        try:
            return Listing(path, dict(_walk(path, "", below, (os.path.realpath(path),))))
        except OSError as error:
            raise DataError(f"data.path: {error.filename} cannot be listed: {error.strerror}") from None
    return Listing(path, _zip_sizes(path))


def _walk(folder: Path, prefix: str, below: bool, above: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """above: the real places of this folder and of those that it was reached through."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                yield prefix + entry.name, _size(entry)
            elif below and not _skipped(entry.name):
                place = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}/{entry.name}"
                if place not in above:
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", below, (*above, place))


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a dangling link: found here, counted as bad when it is read
        return 0


def _skipped(folder: str) -> bool:
    return folder.startswith(".") or folder == "__MACOSX"


def _zip_sizes(path: Path) -> dict[str, int]:
    if not path.is_file():  # a FIFO would never answer
        raise DataError(f"data.path: {path} is neither a folder nor a file; name the folder or zip of the images")
    try:
        every = entries(path).items()
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"data.path: {path} is neither a folder nor a readable zip: {error}") from None
    files = {name: entry for name, entry in every if not entry.is_dir()}
    for entry in files.values():
        _check_entry(path, entry)
    return {name: entry.file_size for name, entry in files.items() if not any(map(_skipped, name.split("/")[:-1]))}


def _slashed(entry: zipfile.ZipInfo) -> str:
    return entry.filename.replace("\\", "/")


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name = PurePosixPath(_slashed(entry))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        raise DataError(f"{path}: entry {entry.filename!r} leads out of its folder; do not trust this archive")
    if entry.flag_bits & 1:
        raise DataError(f"{path}: entry {entry.filename!r} is encrypted; unpack the archive first")


def read(root: Path, name: str) -> bytes:
    """The bytes of one file of a listing. Errors: OSError (also for a file that is too large), zipfile.BadZipFile."""
    if root.is_dir():
        path = root / name
        _check_regular(path)
        _check_size(path.stat().st_size)
        return path.read_bytes()
    archive, files = _archive(root, *_state(root))
    _check_size(files[name].file_size)
    return archive.read(files[name])


def entries(path: Path) -> dict[str, zipfile.ZipInfo]:
    """What a zip's directory says of each name. Errors: OSError, zipfile.BadZipFile."""
    return _archive(path, *_state(path))[1]


def _state(path: Path) -> tuple[int, int, int]:
    now = path.stat()
    return now.st_mtime_ns, now.st_size, now.st_ino


def _check_regular(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("a FIFO, socket or device and no file")


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise OSError(f"{size:,} bytes are more than the {MAX_FILE_BYTES:,} allowed for an image")


# A zip's directory of 200,000 entries takes a second to read: once per process, not once per image.
@lru_cache(maxsize=1)
def _archive(path: Path, *state: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    archive = zipfile.ZipFile(path)
    return archive, {_slashed(entry): entry for entry in archive.infolist()}


def digest(kind: str, parts: Iterable[str | bytes]) -> str:
    """12 hex digits of `kind` and the parts, in their order; boundaries count."""
    sha = hashlib.sha256(kind.encode())
    for part in parts:
        content = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        sha.update(len(content).to_bytes(8, "little") + content)
    return sha.hexdigest()[:12]
