"""A package from outside, installed: its data set, network, activation, measure and generator in a whole sweep."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from cae.config import RunConfig, flatten

PACKAGE = Path(__file__).parents[1] / "plugins" / "mylab"
SWEEP = """
name: plugged
description: Does a residual network fill its latent space otherwise?
metric: {name: mnd/farthest, goal: minimize}
parameters:
  data.name: {value: rings}
  data.resolution: {value: 32}
  model.builder: {values: [conv, mylab.nets:residual]}
  model.activation: {value: snake}
  model.maps: {value: [4, 8]}
  model.latent_dim: {value: 4}
  training.epochs: {value: 1}
  analysis.sampling: {value: [mnd, mylab.draw:STUDENT]}
  analysis.metrics: {value: [mylab.scores:FARTHEST]}
  analysis.images_per_grid: {value: 4}
  analysis.contour_pairs: {value: 5}
  analysis.judged_faces: {value: 8}
  analysis.face_detector: {value: false}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package."""
    folder = tmp_path_factory.mktemp("plugins")
    source = shutil.copytree(PACKAGE, folder / "source")  # a build writes beside it
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", str(folder / "site"), str(source)], check=True, timeout=120)
    return folder / "site"


def cae(*words: str, plugins: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    path = [str(plugins), os.environ.get("PYTHONPATH", "")] if plugins else [os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    command = [sys.executable, "-m", "sweeps", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.thorough
@pytest.mark.slow(seconds=40)
def test_a_package_plugs_in_everything(installed: Path, database: Path, tmp_path: Path) -> None:
    file = tmp_path / "plugged.yaml"
    file.write_text(SWEEP)
    planned = cae("plan", str(file), plugins=installed).stdout
    assert "mylab.nets:residual" in planned
    assert "2 cells: 2 new" in planned

    ran = cae("run", str(file), plugins=installed).stdout
    assert ran.count("finished after") == 2

    client = MlflowClient(f"sqlite:///{database}")
    runs = client.search_runs([client.get_experiment_by_name("plugged").experiment_id])
    assert {run.data.params["model.builder"] for run in runs} == {"conv", "mylab.nets:residual"}
    for run in runs:
        assert run.data.metrics["mnd/farthest"] > 1
        assert {"mnd/farthest_gap_sds", "faces/diversity_mylab.draw.STUDENT"} <= run.data.metrics.keys()
        assert "faces/mylab.draw.STUDENT.png" in [f.path for f in client.list_artifacts(run.info.run_id, "faces")]

    compared = cae("compare", str(file), "--out", str(tmp_path / "report"), plugins=installed)
    assert "farthest" in compared.stdout
    assert "mylab.draw.STUDENT" in (tmp_path / "report" / "report.html").read_text()

    cae("faces", str(file), "--out", str(tmp_path / "faces"), plugins=installed)
    assert len(list((tmp_path / "faces").rglob("mylab.draw.STUDENT.png"))) == 2

    cells = json.loads(cae("status", str(file), "--json", plugins=installed).stdout)["cells"]
    residual = next(c for c in cells if c["parameters"]["model.builder"] == "mylab.nets:residual")
    picture = tmp_path / "new.png"
    cae("sample", residual["config_hash"], "--method", "student", "--out", str(picture), plugins=installed)
    assert picture.exists()

    # Elsewhere: one clear line where the package is missing, and an archive is not trusted by itself.
    lacking = cae("plan", str(file), code=2).stderr.strip()
    assert lacking.startswith("data.name: ") or "unknown name 'rings'" in lacking
    assert len(lacking.splitlines()) <= 2
    archive = tmp_path / "plugged.zip"
    cae("export", str(file), "--out", str(archive), plugins=installed)
    refused = cae("import", str(archive), plugins=installed, code=2).stderr
    assert "names code that would be imported on this machine" in refused
    assert "model.builder mylab.nets:residual" in refused
    imported = cae("import", str(archive), "--trust-plugins", plugins=installed).stdout
    assert "3 were here already" in imported


@pytest.mark.thorough
def test_other_code_is_another_cell(installed: Path, database: Path, tmp_path: Path) -> None:
    file, changed = tmp_path / "plugged.yaml", tmp_path / "site"
    file.write_text(SWEEP)
    shutil.copytree(installed, changed)
    before, same = (json.loads(cae("plan", str(file), "--json", plugins=installed).stdout) for _ in range(2))
    with (changed / "mylab" / "nets.py").open("a") as code:
        code.write("\n# another version\n")
    after = json.loads(cae("plan", str(file), "--json", plugins=changed).stdout)
    hashes = [[cell["config_hash"] for cell in plan["cells"]] for plan in (before, same, after)]
    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])


def test_what_is_built_in_has_its_old_hashes() -> None:
    assert flatten(RunConfig())["model.builder"] == "conv"
