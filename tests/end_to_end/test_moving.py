"""A sweep that was trained here, in another place: everything that reads it goes on as if it had been trained there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sweeps import tracking, workspace
from sweeps.tracking import views
from sweeps.transfer import relocate
from tests.end_to_end.test_sweep import CAE, cae
from tests.end_to_end.test_sweep import here as in_process

pytestmark = [pytest.mark.thorough, pytest.mark.slow(seconds=30)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, recorded_home: tuple[Path, Path]) -> Path:
    """The archive of a sweep whose home is gone; beside it, what `cae status --json` and `cae sample` gave there."""
    folder = tmp_path_factory.mktemp("cluster")
    home, file, path = folder / "home", folder / "tiny.yaml", folder / "sweep.zip"
    shutil.copytree(recorded_home[0] / "mlruns", home / "mlruns")
    shutil.copy(recorded_home[1], file)
    with pytest.MonkeyPatch.context() as there:
        there.setenv("CAE_HOME", str(home))
        relocate.correct(home / "mlruns")
        status = in_process("status", str(file), "--json")
        (folder / "status.json").write_text(status.stdout)
        first = json.loads(status.stdout)["cells"][0]
        sampled = in_process("sample", first["config_hash"], "--count", "8", "--out", str(folder / "new.png"))
        assert sampled.exit_code == 0, sampled.output
        done = in_process("export", str(file), "--out", str(path))
        assert done.exit_code == 0, done.output
        assert "2 runs, " in done.output
    shutil.rmtree(home)
    return path


def here() -> dict[str, str]:
    """For a command in another folder: these packages, installed or not."""
    return os.environ | {"PYTHONPATH": os.getcwd()}


def test_an_imported_sweep_is_as_if_made_here(archive: Path, database: Path, tmp_path: Path) -> None:
    done = cae("import", str(archive), cwd=tmp_path, env=here())
    assert done.returncode == 0, done.stderr
    assert "tiny: 2 runs imported" in done.stdout
    file = str(tmp_path / "tiny.yaml")

    there = json.loads((archive.parent / "status.json").read_text())
    shown = json.loads(cae("status", file, "--json").stdout)
    for old, new in zip(there["cells"], shown["cells"], strict=True):
        assert old.pop("run_id") != new.pop("run_id")
        assert new == old
        assert new["state"] == "finished"

    experiment = tracking.client().get_experiment_by_name("tiny")
    assert {f"{views.VIEW}headlines", f"{views.VIEW}charts"} < set(experiment.tags)

    again = in_process("run", file)
    assert "2 finished; there is nothing to do" in again.stdout
    first = shown["cells"][0]["config_hash"]
    sampled = in_process("sample", first, "--count", "8", "--out", str(tmp_path / "new.png"))
    assert sampled.exit_code == 0, sampled.output
    pictures = [np.asarray(Image.open(path)) for path in (archive.parent / "new.png", tmp_path / "new.png")]
    assert np.array_equal(*pictures)
    faces = in_process("faces", file, "--out", str(tmp_path / "faces"), "--top", "1")
    assert faces.exit_code == 0, faces.output
    (best,) = (tmp_path / "faces").glob("*/mnd.png")
    assert Image.open(best).size[0] > 8 * 96
    assert "0 of 2 runs are stale" in in_process("score", "--rescore", file, "--dry-run").stdout


def test_an_import_that_is_killed_goes_on(archive: Path, database: Path, tmp_path: Path) -> None:
    process = subprocess.Popen([*CAE, "import", str(archive)], cwd=tmp_path, env=here(), start_new_session=True)
    begun = time.monotonic()
    while not list((workspace.home() / "artifacts").rglob("*.png")):
        assert process.poll() is None, "ended before it was killed"
        assert time.monotonic() - begun < 60
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    # Not seen, or seen as a whole: not as a run that is at work.
    assert all(record.status == "FINISHED" for record in tracking.records("tiny").values())
    done = cae("import", str(archive), cwd=tmp_path, env=here())
    assert done.returncode == 0, done.stderr
    assert [record.status for record in tracking.records("tiny").values()] == ["FINISHED"] * 2
    names = {path.name for path in (workspace.home() / "artifacts").rglob("*") if path.is_file()}
    assert {"encoder.keras", "latents.npz", "result.json"} <= names
    assert len(tracking.client().search_runs([tracking.experiment("tiny", "?")])) == 2
