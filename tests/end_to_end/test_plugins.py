"""A package from outside, installed: its data set, network, activation, measure and generator in a whole sweep."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient

from cae import plugins
from cae.config import RunConfig, flatten
from sweeps.cli import main

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


@pytest.fixture
def importable(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package as this process has it: importable, and forgotten afterwards."""
    monkeypatch.syspath_prepend(str(installed))
    plugins._installed.cache_clear()
    yield installed
    plugins._installed.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "mylab"]:
        del sys.modules[name]


def here(*words: str, code: int = 0) -> Result:
    """What `cae` does, in this process."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == code, done.output
    return done


def cae(*words: str, plugins: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    path = [str(plugins), os.environ.get("PYTHONPATH", "")] if plugins else [os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    command = [sys.executable, "-m", "sweeps", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.thorough
@pytest.mark.slow(seconds=40)
@pytest.mark.soak
def test_a_package_plugs_in_everything(
    importable: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plugged.yaml"
    file.write_text(SWEEP)
    planned = here("plan", str(file)).stdout
    assert "mylab.nets:residual" in planned
    assert "2 cells: 2 new" in planned

    ran = cae("run", str(file), plugins=importable).stdout
    assert ran.count("finished after") == 2

    client = MlflowClient(f"sqlite:///{database}")
    runs = client.search_runs([client.get_experiment_by_name("plugged").experiment_id])
    assert {run.data.params["model.builder"] for run in runs} == {"conv", "mylab.nets:residual"}
    for run in runs:
        assert run.data.metrics["mnd/farthest"] > 1
        assert "mnd/farthest_gap_sds" in run.data.metrics
        assert "faces/mylab.draw.STUDENT.png" in [f.path for f in client.list_artifacts(run.info.run_id, "faces")]

    compared = here("compare", str(file), "--out", str(tmp_path / "report"))
    assert "farthest" in compared.stdout
    assert "mylab.draw.STUDENT" in (tmp_path / "report" / "report.html").read_text()

    here("faces", str(file), "--out", str(tmp_path / "faces"))
    assert len(list((tmp_path / "faces").rglob("mylab.draw.STUDENT.png"))) == 2

    cells = json.loads(here("status", str(file), "--json").stdout)["cells"]
    for cell in cells:
        assert {"mnd/farthest_gap_sds", "faces/diversity_mylab.draw.STUDENT"} <= cell["metrics"].keys()
    residual = next(c for c in cells if c["parameters"]["model.builder"] == "mylab.nets:residual")
    picture = tmp_path / "new.png"
    here("sample", residual["config_hash"], "--method", "student", "--out", str(picture))
    assert picture.exists()

    # Elsewhere: one clear line where the package is missing, and an archive is not trusted by itself.
    lacking = cae("plan", str(file), code=2).stderr.strip()
    assert lacking.startswith("data.name: ") or "unknown name 'rings'" in lacking
    assert len(lacking.splitlines()) <= 2
    archive = tmp_path / "plugged.zip"
    here("export", str(file), "--out", str(archive))
    refused = here("import", str(archive), code=2).stderr
    assert "names code that would be imported on this machine" in refused
    assert "model.builder mylab.nets:residual" in refused
    monkeypatch.chdir(tmp_path)  # where the sweep file goes
    imported = here("import", str(archive), "--trust-plugins").stdout
    assert "3 were here already" in imported


@pytest.mark.thorough
@pytest.mark.soak
def test_other_code_is_another_cell(importable: Path, database: Path, tmp_path: Path) -> None:
    file, changed = tmp_path / "plugged.yaml", tmp_path / "site"
    file.write_text(SWEEP)
    shutil.copytree(importable, changed)
    before = json.loads(here("plan", str(file), "--json").stdout)
    same = json.loads(cae("plan", str(file), "--json", plugins=importable).stdout)
    with (changed / "mylab" / "nets.py").open("a") as code:
        code.write("\n# another version\n")
    after = json.loads(cae("plan", str(file), "--json", plugins=changed).stdout)
    hashes = [[cell["config_hash"] for cell in plan["cells"]] for plan in (before, same, after)]
    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])


def test_what_is_built_in_has_its_old_hashes() -> None:
    assert flatten(RunConfig())["model.builder"] == "conv"
