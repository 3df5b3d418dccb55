"""Digests of names and sizes, as older versions recorded them, stay those of the images that they were given to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cae.config import DataConfig
from cae.datasets import DataError, data_digest, load, places, preparing
from cae.datasets.parts import mixture_digest, parts
from cae.datasets.source import Source, View
from cae.datasets.sources import open_source
from tests.cae.datasets.test_content import config, invert

NAMES = [f"{number}.bmp" for number in range(40)]
AT_16 = View(16, "center", "as_is")


@pytest.fixture
def one(photographs: Callable[..., Path], tmp_path: Path) -> Path:
    return photographs(tmp_path / "one", NAMES)


@pytest.fixture
def other(one: Path, tmp_path: Path) -> Path:
    """Other pictures of the same names and sizes."""
    folder = shutil.copytree(one, tmp_path / "other")
    for file in folder.iterdir():
        invert(file)
    return folder


def former(path: Path) -> str:
    found = open_source(config(path)).former
    assert found is not None
    return found


def prepare_as_formerly(path: Path) -> Path:
    """What an older version left in the cache."""
    source: Source = open_source(config(path))
    return preparing.prepare(replace(source, digest=former(path)), AT_16, None)


def test_the_former_digest_is_that_of_older_versions(one: Path, other: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.png").write_bytes(b"12345")
    assert former(tmp_path / "old") == "5836f6f29a67"
    assert former(one) == former(other)


def test_the_digest_of_recorded_runs_stays_with_the_first_content_seen(one: Path, other: Path) -> None:
    recorded = [former(one)]
    assert data_digest(config(one), recorded) == former(one)
    assert data_digest(config(other), recorded) == open_source(config(other)).digest != former(one)
    assert data_digest(config(one)) == former(one)  # also where no run is asked
    assert load(config(one), recorded=recorded).digest == former(one)


def test_images_that_no_run_and_no_prepared_set_knows_go_by_their_content(one: Path) -> None:
    assert data_digest(config(one), ["0123456789ab"]) == open_source(config(one)).digest
    assert not (places.root() / "former").exists()


def test_runs_recorded_under_the_content_keep_that(one: Path) -> None:
    content = open_source(config(one)).digest
    assert data_digest(config(one), [former(one)]) == former(one)
    assert data_digest(config(one), [content, former(one)]) == content


def test_a_prepared_set_vouches_for_its_images_and_is_used_on(one: Path) -> None:
    folder = prepare_as_formerly(one)
    assert data_digest(config(one)) == former(one)
    assert [entry.folder for entry in load_and_list(one)] == [folder]


def load_and_list(path: Path) -> list:
    from cae.datasets import prepared

    load(config(path))
    return prepared()


@pytest.mark.parametrize("recorded", [False, True])
def test_a_prepared_set_of_other_pixels_does_not(one: Path, other: Path, recorded: bool) -> None:
    prepare_as_formerly(one)
    known = [former(one)] if recorded else []
    assert data_digest(config(other), known) == open_source(config(other)).digest
    assert data_digest(config(one), known) == former(one)
    assert (load(config(one)).images != load(config(other)).images).any()


def test_pictures_changed_since_lose_the_former_digest(one: Path) -> None:
    recorded = [former(one)]
    assert data_digest(config(one), recorded) == former(one)
    invert(one / NAMES[0])
    assert data_digest(config(one), recorded) != former(one)


def test_a_cache_that_cannot_be_written_trusts_the_record(
    one: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "no folder"))
    assert data_digest(config(one), [former(one)]) == former(one)
    assert data_digest(config(one)) != former(one)


def test_of_two_contents_seen_at_once_the_first_written_stays(tmp_path: Path) -> None:
    for content in ("first", "second"):
        places.keep(tmp_path / "former" / "d", content, anew=False)
    assert (tmp_path / "former" / "d").read_text() == "first"


def mixture(*paths: Path) -> DataConfig:
    listed = [{"name": "folder", "path": str(path)} for path in paths]
    return DataConfig.model_validate({"name": "mixture", "mixture": listed, "resolution": 16})


@pytest.mark.parametrize("recorded", [False, True])
def test_a_mixture_takes_both_of_the_same_names_and_sizes(one: Path, other: Path, recorded: bool) -> None:
    if recorded:
        data_digest(config(one), [former(one)])
    mixed = load(mixture(one, other))
    assert len(mixed.images) == 80
    same = shutil.copytree(one, one.parent / "same")
    with pytest.raises(DataError, match="folder and folder-2 are the same images"):
        load(mixture(one, same))


def test_a_recorded_mixture_stays_that_of_its_parts(
    one: Path, photographs: Callable[..., Path], tmp_path: Path
) -> None:
    both = mixture(one, photographs(tmp_path / "few", [f"{number}.png" for number in range(30)]))
    found = [replace(part, source=replace(part.source, digest=part.source.former or "")) for part in parts(both)]
    recorded = [mixture_digest(both, found)]
    assert data_digest(both) not in recorded
    assert data_digest(both, recorded) == recorded[0] == load(both, recorded=recorded).digest
    invert(one / NAMES[0])
    assert data_digest(both, recorded) != recorded[0]
