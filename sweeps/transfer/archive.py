"""The zip file in which a sweep travels: written as a stream, and compared with its manifest before it is believed.

Members are stored, not compressed: pictures, models and latent vectors hardly shrink, and an archive that is as large
as what it holds can be no bomb.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from sweeps.errors import SweepError
from sweeps.files import atomic_write

VERSION = 1
MANIFEST, SWEEP_FILE, STUDY = "manifest.json", "sweep.yaml", "study.log"
CHUNK = 1 << 20
Add = Callable[[str, Path], None]
_MEMBER = re.compile(r"sweep\.yaml|study\.log|runs/[0-9a-f]{32}/(run\.json|artifacts/.+)", re.DOTALL)


class Member(BaseModel):
    """One file of the archive. size: bytes."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """What an archive holds. overrides: the --set words of its last `cae run`. runs: in order of their start."""

    format: Literal["cae-sweep"] = "cae-sweep"
    version: int = VERSION
    sweep: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]
    description: str
    overrides: list[str]
    runs: list[str]
    members: dict[str, Member] = {}


# --- write -------------------------------------------------------------------------------------------------------


@contextmanager
def written(path: Path, manifest: Manifest) -> Iterator[Add]:
    """A function that adds a file under a name; `path` is there when everything is, the manifest at the end."""
    try:
        with atomic_write(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:

            def add(name: str, source: Path) -> None:
                manifest.members[name] = _copy(archive, name, source)

            yield add
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    except OSError as error:
        raise SweepError(f"--out {path}: cannot be written: {error.strerror}") from None


def _copy(archive: zipfile.ZipFile, name: str, source: Path) -> Member:
    digest, info = hashlib.sha256(), zipfile.ZipInfo.from_file(source, name)
    with source.open("rb") as content, archive.open(info, "w") as target:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return Member(size=info.file_size, sha256=digest.hexdigest())


# --- read --------------------------------------------------------------------------------------------------------


def check(path: Path, tell: Callable[[int, int], None] = lambda done, total: None) -> Manifest:
    """The manifest of an archive of which every byte was read and compared with it; nothing is written.

    tell: hears how many bytes of how many are checked. Raises SweepError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_forms(path, infos)
            manifest = _manifest(path, archive)
            _check_names(path, {info.filename: info.file_size for info in infos}, manifest)
            _check_content(path, archive, manifest, tell)
            return manifest
    except FileNotFoundError:
        raise SweepError(f"{path}: there is no such file") from None
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise SweepError(f"{path}: not a whole zip file ({error}); copy it again") from None


def _check_forms(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    for info in infos:
        name = info.filename
        if not _is_inside(name) or not (name == MANIFEST or _MEMBER.fullmatch(name)):
            raise SweepError(f"{path}: {name!r} is no member of an exported sweep; nothing was imported")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise SweepError(f"{path}: {name} is a link or no file at all; nothing was imported")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise SweepError(f"{path}: {name} is compressed or encrypted; `cae export` writes members as they are")
    if len({info.filename for info in infos}) < len(infos):
        raise SweepError(f"{path}: a member stands twice; nothing was imported")
    # Members that overlap could be larger together than the file is.
    if sum(info.file_size for info in infos) > path.stat().st_size:
        raise SweepError(f"{path}: its members are larger than the file itself; nothing was imported")


def _is_inside(name: str) -> bool:
    """Whether the name stays in the folder that it is unpacked into, on any system."""
    return "\\" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except KeyError:
        raise SweepError(
            f"{path}: holds no {MANIFEST}; `cae export FILE --out sweep.zip` makes such archives"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SweepError(f"{path}: {MANIFEST}: {place}: {first['msg']}") from None
    if manifest.version > VERSION:
        raise SweepError(f"{path}: is of version {manifest.version}, this program reads {VERSION}; update it")
    return manifest


def _check_names(path: Path, sizes: dict[str, int], manifest: Manifest) -> None:
    listed = {name: member.size for name, member in manifest.members.items()}
    del sizes[MANIFEST]
    for name in sizes.keys() ^ listed.keys():
        raise SweepError(f"{path}: {name} is {'not listed' if name in sizes else 'missing'}; copy the archive again")
    for name in (name for name in sizes if sizes[name] != listed[name]):
        raise SweepError(f"{path}: {name} has {sizes[name]:,} bytes, not {listed[name]:,}; copy the archive again")
    for run in manifest.runs:
        if f"runs/{run}/run.json" not in listed:
            raise SweepError(f"{path}: the record of run {run} is missing; copy the archive again")


def _check_content(path: Path, archive: zipfile.ZipFile, manifest: Manifest, tell: Callable[[int, int], None]) -> None:
    done, total = 0, sum(member.size for member in manifest.members.values())
    for name, member in manifest.members.items():
        digest = hashlib.sha256()
        with archive.open(name) as content:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                tell(done, total)
        if digest.hexdigest() != member.sha256:
            raise SweepError(f"{path}: {name} is not what was exported (SHA-256 differs); copy the archive again")


def extract(archive: zipfile.ZipFile, prefix: str, folder: Path) -> Path:
    """`folder`, with every member below `prefix` unpacked into it. The archive has passed `check`."""
    for name in archive.namelist():
        if name.startswith(prefix):
            archive.extract(name, folder)
    return folder / prefix
