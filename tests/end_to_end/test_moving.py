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
from tests.conftest import TINY_SWEEP
from tests.end_to_end.test_sweep import CAE, cae

pytestmark = pytest.mark.slow(seconds=30)
ONE_CELL = ["--set", "model.activation=relu"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, migrated_database: Path) -> Path:
    """The archive of a sweep whose home is gone; beside it, what `cae status --json` and `cae sample` gave there."""
    folder = tmp_path_factory.mktemp("cluster")
    home, file, path = folder / "home", folder / "tiny.yaml", folder / "sweep.zip"
    (home / "mlruns").mkdir(parents=True)
    shutil.copy(migrated_database, home / "mlruns" / "mlflow.db")
    file.write_text(TINY_SWEEP, encoding="utf-8")
    environment = os.environ | {"CAE_HOME": str(home), "CAE_CACHE": str(shared_cache)}
    assert cae("run", str(file), *ONE_CELL, env=environment).returncode == 0
    status = cae("status", str(file), "--json", env=environment).stdout
    (folder / "status.json").write_text(status)
    (cell,) = json.loads(status)["cells"]
    sampled = cae("sample", cell["config_hash"], "--count", "8", "--out", str(folder / "new.png"), env=environment)
    assert sampled.returncode == 0, sampled.stderr
    done = cae("export", str(file), "--out", str(path), env=environment)
    assert done.returncode == 0, done.stderr
    assert "1 run, " in done.stdout
    shutil.rmtree(home)
    return path


def here() -> dict[str, str]:
    """For a command in another folder: these packages, installed or not."""
    return os.environ | {"PYTHONPATH": os.getcwd()}


def test_an_imported_sweep_is_as_if_made_here(archive: Path, database: Path, tmp_path: Path) -> None:
    done = cae("import", str(archive), cwd=tmp_path, env=here())
    assert done.returncode == 0, done.stderr
    assert "tiny: 1 run imported" in done.stdout
    file = str(tmp_path / "tiny.yaml")

    there = json.loads((archive.parent / "status.json").read_text())
    shown = json.loads(cae("status", file, "--json").stdout)  # with the --set of the run that was imported
    (old,), (new,) = there["cells"], shown["cells"]
    assert old.pop("run_id") != new.pop("run_id")
    assert new == old
    assert new["state"] == "finished"

    experiment = tracking.client().get_experiment_by_name("tiny")
    assert {f"{views.VIEW}headlines", f"{views.VIEW}means"} < set(experiment.tags)

    again = cae("run", file, *ONE_CELL)
    assert "1 finished; there is nothing to do" in again.stdout
    sampled = cae("sample", new["config_hash"], "--count", "8", "--out", str(tmp_path / "new.png"))
    assert sampled.returncode == 0, sampled.stderr
    pictures = [np.asarray(Image.open(path)) for path in (archive.parent / "new.png", tmp_path / "new.png")]
    assert np.array_equal(*pictures)
    faces = cae("faces", file, "--out", str(tmp_path / "faces"), "--top", "1")
    assert faces.returncode == 0, faces.stderr
    assert Image.open(tmp_path / "faces" / "seed=0" / "mnd.png").size[0] > 8 * 96
    assert "0 of 1 runs are stale" in cae("score", "--rescore", file, "--dry-run").stdout


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
    (record,) = tracking.records("tiny").values()
    assert record.status == "FINISHED"
    names = {path.name for path in (workspace.home() / "artifacts").rglob("*") if path.is_file()}
    assert {"encoder.keras", "latents.npz", "result.json"} <= names
    assert len(tracking.client().search_runs([tracking.experiment("tiny", "?")])) == 1
