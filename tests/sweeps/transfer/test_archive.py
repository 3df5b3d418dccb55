"""Whatever is wrong with an archive is found before anything of it is written."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps.errors import SweepError
from sweeps.transfer import archive
from sweeps.transfer.archive import MANIFEST, SWEEP_FILE, Manifest, check, written

RUN = "0123456789abcdef0123456789abcdef"
RECORD, PICTURE = f"runs/{RUN}/run.json", f"runs/{RUN}/artifacts/faces/mnd.png"
Members = dict[str, bytes]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """An archive of three members, the largest of several chunks."""
    path = tmp_path / "s.zip"
    with written(path, Manifest(sweep="s", description="why?", overrides=[], runs=[RUN])) as add:
        for name, content in ((SWEEP_FILE, b"name: s\n"), (RECORD, b"{}"), (PICTURE, b"pixels" * 400_000)):
            source = tmp_path / "source"
            source.write_bytes(content)
            add(name, source)
    return path


def rewrite(
    path: Path, change: Callable[[Members], None], form: Callable[[zipfile.ZipInfo], None] | None = None
) -> Path:
    """The archive with its members changed; the manifest stays what it was unless `change` rewrites it."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if form is not None and name == PICTURE:
                form(info)
            new.writestr(info, content)
    return path


def nothing(members: Members) -> None:
    pass


def test_what_was_written_passes(good: Path) -> None:
    heard: list[tuple[int, int]] = []
    manifest = check(good, lambda done, total: heard.append((done, total)))
    assert (manifest.sweep, manifest.runs) == ("s", [RUN])
    assert set(manifest.members) == {SWEEP_FILE, RECORD, PICTURE}
    assert heard[-1] == (2_400_010, 2_400_010)
    assert len(heard) == 5
    assert [path.name for path in good.parent.iterdir() if path.name.startswith(".")] == []


def test_members_are_unpacked_where_they_belong(good: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(good) as content:
        folder = archive.extract(content, f"runs/{RUN}/", tmp_path / "to")
    assert (folder / "artifacts" / "faces" / "mnd.png").read_bytes() == b"pixels" * 400_000
    assert {path.name for path in (tmp_path / "to").iterdir()} == {"runs"}


@pytest.mark.parametrize(
    "name",
    [
        "../outside", f"runs/{RUN}/artifacts/../../../outside", "/etc/passwd", f"runs/{RUN}/artifacts//x",
        f"runs/{RUN}/artifacts/..\\..\\outside", "C:/outside", "runs/short/run.json", "notes.txt",
        f"runs/{RUN}/artifacts/./x", f"runs/{RUN}/artifacts/",
    ],
)  # fmt: skip
def test_names_that_leave_the_folder_are_refused(good: Path, name: str) -> None:
    rewrite(good, lambda members: members.update({name: b""}))
    with pytest.raises(SweepError, match="is no member of an exported sweep; nothing was imported"):
        check(good)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(good: Path, kind: int) -> None:
    rewrite(good, nothing, lambda info: setattr(info, "external_attr", (kind | 0o777) << 16))
    with pytest.raises(SweepError, match="is a link or no file at all"):
        check(good)


def test_a_bomb_is_refused(good: Path) -> None:
    rewrite(
        good,
        lambda members: members.update({PICTURE: bytes(50_000_000)}),
        lambda info: setattr(info, "compress_type", zipfile.ZIP_DEFLATED),
    )
    assert good.stat().st_size < 100_000
    with pytest.raises(SweepError, match="is compressed or encrypted"):
        check(good)


def test_members_that_share_their_bytes_are_refused(good: Path) -> None:
    """Two entries of the directory that point at one member: more comes out than is in the file."""
    with zipfile.ZipFile(good, "a") as content:
        info = content.getinfo(PICTURE)
        for number in range(3):
            twin = zipfile.ZipInfo(f"runs/{RUN}/artifacts/{number}")
            twin.header_offset, twin.file_size, twin.compress_size = info.header_offset, info.file_size, info.file_size
            twin.CRC = info.CRC
            content.filelist.append(twin)
            content.NameToInfo[twin.filename] = twin
        content._didModify = True
    with pytest.raises(SweepError, match="larger than the file itself"):
        check(good)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_is_refused(good: Path) -> None:
    with zipfile.ZipFile(good, "a") as content:
        content.writestr(RECORD, b"[]")
    with pytest.raises(SweepError, match="a member stands twice"):
        check(good)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update({PICTURE: b"pixelz" * 400_000}), "SHA-256 differs"),
        (lambda m: m.update({PICTURE: b"pixels"}), "has 6 bytes, not 2,400,000"),
        (lambda m: m.pop(PICTURE), "is missing; copy the archive again"),
        (lambda m: m.update({f"runs/{RUN}/artifacts/x": b""}), "is not listed"),
        (lambda m: m.pop(MANIFEST), "holds no manifest.json; `cae export FILE --out sweep.zip`"),
        (lambda m: m.update({MANIFEST: b"{}"}), "manifest.json: sweep: Field required"),
        (lambda m: m.update({MANIFEST: b"nonsense"}), "manifest.json: "),
        (lambda m: m.update({MANIFEST: m[MANIFEST].replace(b'"version": 1', b'"version": 2')}), "reads 1; update it"),
        (lambda m: m.update({MANIFEST: m[MANIFEST].replace(b'"s"', b'"../s"')}), "manifest.json: sweep: "),
        (lambda m: m.update({MANIFEST: m[MANIFEST].replace(RUN.encode(), b"0" * 32, 1)}), "the record of run 0000"),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_manifest_is_one_clear_line(
    good: Path, change: Callable[[Members], None], words: str
) -> None:
    rewrite(good, change)
    with pytest.raises(SweepError) as caught:
        check(good)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{good}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_cut_off_is_refused(good: Path) -> None:
    good.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(SweepError, match="not a whole zip file"):
        check(good)


def test_a_damaged_file_is_refused(good: Path) -> None:
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 1
    good.write_bytes(content)
    with pytest.raises(SweepError, match="copy"):
        check(good)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="there is no such file"):
        check(tmp_path / "s.zip")


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    path.write_text("what was there before")
    with pytest.raises(KeyboardInterrupt), written(path, Manifest(sweep="s", description="", overrides=[], runs=[])):
        raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["s.zip"]
    assert path.read_text() == "what was there before"
