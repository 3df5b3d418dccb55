"""Checksums of image files: out of a zip's directory, or of each file, read once and known from then on.

CRC-32, since a zip has it of each of its files, and a zip and its unpacked folder are the same images.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from cae.datasets.files import entries
from cae.datasets.places import keep, root

FOLDER = "checksums"
CHUNK, BLOCK = 512, 2**20
# More wait for slow disks at once than there are cores.
THREADS = 8
# A file younger than this may change again within the same tick of its file system's clock, 2 s on FAT: it is not kept.
YOUNG_NS = 2 * 10**9
# Of what cannot be read, which is left out when the images are prepared.
UNREADABLE = "-"


def with_checksums(sized: list[str], place: Path, names: list[str]) -> list[str]:
    """What a digest says of each file: `sized`, its name and size, and the checksum of its content."""
    return [f"{each}\0{known}" for each, known in zip(sized, checksums(place, names), strict=True)]


def checksums(place: Path, names: list[str]) -> list[str]:
    """The checksum of each named file of a folder or zip, 8 hex digits; UNREADABLE where there is none.

    A file of the same name, size and times as before is not read again. Cost: docs/performance.md.
    """
    if not place.is_dir():
        known = entries(place)
        return [f"{known[name].CRC:08x}" for name in names]
    kept, young = _kept_in(place), time.time_ns() - YOUNG_NS
    before = _read(kept)
    states, settled = _states(place, names, young)
    found = {name: before[name][-8:] for name in names if before.get(name, "")[:-9] == states[name]}
    changed = [name for name in names if name not in found]
    if changed:
        found |= _read_all(place, changed)
        lasting = (name for name in names if name in settled and found[name] != UNREADABLE)
        if now_known := {name: f"{states[name]} {found[name]}" for name in lasting}:
            keep(kept, json.dumps(now_known))
    return [found[name] for name in names]


def _kept_in(place: Path) -> Path:
    return root() / FOLDER / f"{hashlib.sha256(os.fsencode(os.path.realpath(place))).hexdigest()[:16]}.json"


def _read(kept: Path) -> dict[str, str]:
    """What was kept of each name: its state and checksum; nothing where it is not there, or damaged."""
    try:
        content = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        return {}
    words = isinstance(content, dict) and all(isinstance(each, str) for each in content.values())
    return content if words else {}


def _states(place: Path, names: list[str], young: int) -> tuple[dict[str, str], set[str]]:
    """Size and times of the last change, of content and of anything, as a word; and what has been so for a while."""
    states, settled = dict.fromkeys(names, UNREADABLE), set()
    for name in names:
        try:
            now = os.stat(f"{place}{os.sep}{name}")
        except OSError:  # a dangling link
            continue
        states[name] = f"{now.st_size} {now.st_mtime_ns} {now.st_ctime_ns}"
        if max(now.st_mtime_ns, now.st_ctime_ns) < young:
            settled.add(name)
    return states, settled


def _read_all(place: Path, names: list[str]) -> dict[str, str]:
    chunks = [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
    with ThreadPoolExecutor(THREADS) as pool:
        read = pool.map(partial(_read_some, f"{place}{os.sep}"), chunks)
        return dict(zip(names, (known for chunk in read for known in chunk), strict=True))


def _read_some(folder: str, names: list[str]) -> list[str]:
    return [_checksum(folder + name) for name in names]


def _checksum(path: str) -> str:
    try:
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return UNREADABLE
    try:
        return _crc(opened) if stat.S_ISREG(os.fstat(opened).st_mode) else UNREADABLE
    except OSError:
        return UNREADABLE
    finally:
        os.close(opened)


def _crc(opened: int) -> str:
    crc = 0
    while block := os.read(opened, BLOCK):
        crc = zlib.crc32(block, crc)
    return f"{crc:08x}"
