from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import psutil
import pytest

from cae.config import DataConfig
from cae.datasets import DataError, cache, load, places, prepare, prepared

REPOSITORY = Path(__file__).parents[3]

# Prepares the folder named first and prints every progress call; sleeps at the first image if told to.
SCRIPT = """
import sys, time
from cae.config import DataConfig
from cae.datasets import DataError, prepare

def progress(done, total, what):
    print(what, flush=True)
    if "sleep" in sys.argv and what.startswith("preparing"):
        time.sleep(float(sys.argv[-1]))
    if "wait" in sys.argv and what.startswith("preparing"):
        sys.stdin.readline()

try:
    print(prepare(DataConfig(name="folder", path=sys.argv[1], resolution=16), progress=progress))
except DataError as error:
    print("DataError:", error)
"""


@pytest.fixture
def root(photographs: Callable[..., Path], tmp_path: Path) -> Path:
    return photographs(tmp_path / "data", [f"{number:03d}.png" for number in range(40)])


def config(root: Path, **fields: object) -> DataConfig:
    return DataConfig.model_validate({"name": "folder", "path": str(root), "resolution": 16} | fields)


def start(root: Path, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    code = SCRIPT
    if limit:
        code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n{SCRIPT}"
    command = [sys.executable, "-c", code, str(root), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob(f"*{cache.TEMPORARY}"))


def test_an_entry_holds_images_table_and_report_and_is_used_again(root: Path) -> None:
    calls: list[object] = []
    folder = prepare(config(root), progress=lambda *call: calls.append(call))
    assert {file.name for file in folder.iterdir()} == {"images.npy", "table.parquet", "report.json"}
    assert json.loads((folder / "report.json").read_text())["count"] == 40
    before = len(calls)
    assert prepare(config(root), progress=lambda *call: calls.append(call)) == folder
    assert len(calls) == before > 0


def test_images_are_a_read_only_memory_map(root: Path) -> None:
    images = load(config(root)).images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


@pytest.mark.parametrize(
    "other",
    [
        {"resolution": 32},
        {"crop": "tight"},
        {"contrast": "normalized"},
        {"background": "masked"},
        {"blur": 1.5},
        {"size": 20},
        {"size": 20, "seed": 1},
    ],
)
def test_every_view_and_choice_has_its_own_entry(root: Path, other: dict[str, object]) -> None:
    one, two = load(config(root)), load(config(root, **other))
    assert one.images.filename != two.images.filename  # type: ignore[attr-defined]
    assert one.digest == two.digest


def test_split_fraction_and_seed_share_an_entry(root: Path) -> None:
    one, two = load(config(root)), load(config(root, seed=9, test_fraction=0.5))
    assert one.images.filename == two.images.filename  # type: ignore[attr-defined]


def test_choice_takes_the_same_files_everywhere_and_all_is_no_choice(root: Path) -> None:
    whole, chosen = load(config(root)), load(config(root, size=25, seed=4))
    assert len(chosen.images) == len(chosen.table) == 25
    rows = whole.table.index[whole.table["file"].isin(chosen.table["file"])]
    assert np.array_equal(chosen.images, whole.images[rows])
    assert load(config(root, size=40)).images.filename == whole.images.filename  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="41 images are asked for and folder has 40"):
        load(config(root, size=41))


def test_prepared_lists_what_is_there(root: Path) -> None:
    assert prepared() == []
    (root / "bad.png").write_bytes(b"")
    folder = prepare(config(root, crop="tight"))
    (entry,) = prepared()
    assert (entry.name, entry.resolution, entry.crop, entry.contrast) == ("folder", 16, "tight", "as_is")
    assert (entry.count, entry.left_out, entry.folder) == (40, 1, folder)
    assert entry.bytes == sum(file.stat().st_size for file in folder.iterdir())


def test_two_processes_that_ask_at_once_prepare_once(root: Path) -> None:
    first = start(root, "wait")
    assert first.stdout is not None
    assert first.stdout.readline().startswith("preparing")
    second = start(root)
    assert second.stdout is not None
    assert second.stdout.readline().startswith("waiting for another process")
    lines = [process.communicate("go on\n", timeout=300)[0].splitlines() for process in (first, second)]
    assert lines[0][-1] == lines[1][-1]
    assert Path(lines[0][-1], "report.json").is_file()
    assert not any(line.startswith("preparing") for line in lines[1])


def test_killed_in_the_middle_and_prepared_again(root: Path, cache_folder: Path) -> None:
    process = start(root, "sleep", "60")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("preparing")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=300)
    process.stdout.close()
    assert len(leftovers(cache_folder)) == 1
    assert prepared() == []
    assert len(load(config(root)).images) == 40
    assert not leftovers(cache_folder)


@pytest.mark.thorough
@pytest.mark.skipif(joblib.cpu_count() < 2, reason="a single core has no worker processes")
def test_workers_of_a_killed_process_end_with_it(photographs: Callable[..., Path], tmp_path: Path) -> None:
    process = start(photographs(tmp_path / "many", [f"{number:03d}.png" for number in range(300)]), "sleep", "60")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("preparing")
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=300)
    assert workers
    assert not psutil.wait_procs(workers, timeout=300)[1]


def test_leftovers_of_other_sets_are_removed_and_those_of_the_living_stay(root: Path, cache_folder: Path) -> None:
    living = start(root, "sleep", "60")
    try:
        assert living.stdout is not None
        assert living.stdout.readline().startswith("preparing")
        dead = cache_folder / "v1" / f"other-16~abc{cache.TEMPORARY}"
        dead.mkdir()
        prepare(config(root, resolution=32))
        assert not dead.exists()
        assert len(leftovers(cache_folder)) == 1
    finally:
        living.kill()
        living.communicate()


def test_full_disk_is_a_clear_error_and_leaves_nothing(root: Path, cache_folder: Path) -> None:
    process = start(root, limit=10_000)  # images.npy would have 30,848 bytes
    output, _ = process.communicate(timeout=300)
    assert output.startswith("DataError:")
    assert "cannot be written (File too large); make room, or set CAE_CACHE" in output
    assert not leftovers(cache_folder)
    assert prepared() == []


def test_too_little_room_is_said_before_anything_is_decoded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(DataError, match=r"GB are needed and 0\.0 GB are free"):
        prepare(config(root))


def test_cache_that_cannot_be_written(root: Path, cache_folder: Path) -> None:
    cache_folder.write_text("a file, no folder")
    with pytest.raises(DataError, match=r"cannot be written .* set CAE_CACHE"):
        prepare(config(root))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_interrupted_leaves_nothing(root: Path, cache_folder: Path, interruption: type[BaseException]) -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise interruption

    with pytest.raises(interruption):
        prepare(config(root), progress=stop)
    assert not leftovers(cache_folder)
    assert prepared() == []


@pytest.mark.parametrize(
    ("name", "content"), [("images.npy", b"\x93NUMPY"), ("table.parquet", b""), ("images.npy", b"")]
)
def test_damaged_entry_is_a_clear_error(root: Path, name: str, content: bytes) -> None:
    folder = prepare(config(root))
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{folder}: damaged .* delete this folder") as error:
        load(config(root))
    assert "\n" not in str(error.value)


def test_default_place_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CAE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "cae-mnd" in places.root().parts


def test_neither_the_package_nor_its_workers_import_tensorflow() -> None:
    modules = "cae.datasets, cae.datasets.photographs, cae.datasets.rendered, cae.datasets.digits"
    code = f"import sys, {modules}; print([m for m in sys.modules if m in ('tensorflow', 'keras', 'sklearn')])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert output.stdout.strip() == "[]"
