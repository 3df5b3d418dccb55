"""What an older version recorded is read as it was: the files in tests/recorded, see their README."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cae.config import RunConfig, config_hash, flatten, from_flat
from sweeps import api, workspace
from sweeps.cli import main
from sweeps.spec.sweep_file import load

RECORDED = Path(__file__).parents[1] / "recorded"
SWEEPS = ("recorded", "recorded-search")


def cae(*arguments: str) -> Result:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def mlruns(_own_folders: None, tmp_path: Path) -> Path:
    """The old folder `mlruns` in the place of this test's; what the old version said of it is beside it."""
    home = workspace.home()
    home.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(RECORDED / "mlruns.tar.xz") as archive:
        archive.extractall(home.parent, filter="data")
    cae("import", str(home))
    for sweep in SWEEPS:
        shutil.copy(RECORDED / f"{sweep}.yaml", tmp_path)
    return home


def said(home: Path, sweep: str, command: str) -> Any:
    return json.loads((home.parent / "said" / f"{sweep}.{command}.json").read_text())


@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize("command", ["status", "compare"])
def test_states_hashes_metrics_and_comparison_are_as_they_were(mlruns: Path, sweep: str, command: str) -> None:
    now = json.loads(cae(command, str(RECORDED / f"{sweep}.yaml"), "--json").stdout)
    then = said(mlruns, sweep, command)
    for cell, old in zip(now["cells"], then["cells"], strict=True):
        # Not printed then; the hash has the digest in it, and no run recorded versions.
        assert config_hash(from_flat(cell["parameters"]), cell.pop("data_digest")) == cell["config_hash"]
        assert cell.pop("versions") == {}
        younger = {name: cell["parameters"].pop(name) for name in cell["parameters"].keys() - old["parameters"].keys()}
        assert all(flatten(RunConfig())[name] == value for name, value in younger.items())
    # Nothing was known of faults then: no run recorded what would show them.
    assert [group.pop("remarks") for group in now.get("groups", [])] == [[] for _ in then.get("groups", [])]
    assert rounded(now) == rounded(then)


def rounded(content: Any) -> Any:
    """With numbers to 9 digits: another processor may round the last ones differently."""
    if isinstance(content, dict):
        return {name: rounded(value) for name, value in content.items()}
    if isinstance(content, list):
        return [rounded(value) for value in content]
    return float(f"{content:.9g}") if isinstance(content, float) else content


def test_a_launch_would_train_what_failed_and_nothing_else(mlruns: Path) -> None:
    file = RECORDED / "recorded.yaml"
    sweep = load(file)
    todo = api.unfinished(sweep, api.cells(sweep))
    assert [run.parameters["model.activation"] for run in todo] == ["elu", "elu"]
    assert all(run.state == "failed" and run.note.startswith("the loss became nan in epoch 1") for run in todo)


def test_the_models_load_and_make_the_faces_they_made(mlruns: Path, tmp_path: Path) -> None:
    out = tmp_path / "faces.png"
    cae("sample", "d2a3b9eba368", "--method", "mnd", "--count", "4", "--out", str(out))
    made = np.asarray(Image.open(out).convert("RGB"), dtype=int)
    recorded = [np.asarray(Image.open(p).convert("RGB"), dtype=int) for p in mlruns.rglob("faces/mnd.png")]
    # Another processor may round differently.
    assert any(one.shape == made.shape and abs(one - made).max() <= 2 for one in recorded)


def test_faces_are_fetched(mlruns: Path, tmp_path: Path) -> None:
    cae("faces", str(RECORDED / "recorded.yaml"), "--out", str(tmp_path / "faces"))
    assert len(list((tmp_path / "faces").rglob("mnd.png"))) == 4


@pytest.mark.thorough
@pytest.mark.slow
def test_scores_are_brought_up_to_date_with_what_needs_the_images(mlruns: Path) -> None:
    file = RECORDED / "recorded.yaml"
    assert "4 of 4 runs are stale" in cae("score", "--rescore", str(file), "--dry-run").output
    before = [run.metrics for run in api.cells(load(file)) if run.state == "finished"]
    cae("score", "--rescore", str(file))
    assert "0 of 4 runs are stale" in cae("score", "--rescore", str(file), "--dry-run").output
    after = [run.metrics for run in api.cells(load(file)) if run.state == "finished"]
    for old, new in zip(before, after, strict=True):
        assert "control/untrained/radius_agreement" not in old
        assert {"control/untrained/radius_agreement", "control/projection/radius_agreement"} <= new.keys()
        assert {"reconstruction/mse_pca", "reconstruction/explained", "mnd/radius/correlation_detail"} <= new.keys()
        assert {"maps/explained", "control/untrained/maps/explained"} <= new.keys() - old.keys()
        for own, side in (("mnd/", ""), ("mnd_test/", "mnd_test/")):
            gain = new[f"{own}radius_agreement"] - new[f"control/untrained/{side}radius_agreement"]
            assert new[f"gain/{side}radius_agreement"] == pytest.approx(gain)
        # Headlines of the same vectors stay what they were.
        assert new["mnd/radius_agreement"] == pytest.approx(old["mnd/radius_agreement"], abs=1e-6)
        assert new["reconstruction/mse"] == old["reconstruction/mse"]


def test_an_archive_that_it_exported_is_imported(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "recorded-search: 2 runs imported" in cae("import", str(RECORDED / "recorded-search.zip")).output
    cells = json.loads(cae("status", "recorded-search.yaml", "--json").stdout)["cells"]
    assert [(cell["config_hash"], cell["state"]) for cell in cells] == [
        ("e9ee3e7a30d9", "finished"),
        ("5b776ed11456", "finished"),
    ]
