from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from sweeps import tracking
from sweeps.api import cells
from sweeps.cli import main
from sweeps.execution import last_run
from sweeps.planning.plan import SweepRun
from sweeps.search.importance import params_of
from sweeps.spec.space import space
from sweeps.spec.sweep_file import load
from tests.sweeps.fakes import record_run, record_runs

EIGHT = """
name: eight
description: Do activation, batch norm and the number of dimensions matter?
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.maps: {value: [8, 16]}
  model.activation: {values: [relu, tanh]}
  model.batch_norm: {values: [false, true]}
  model.latent_dim: {values: [8, 16]}
seeds: [0, 1, 2]
"""
RADII = "mnd/radius_agreement"


def measure(cell: SweepRun) -> dict[str, float]:
    """Known effects: tanh +0.10, batch norm +0.03 (with tanh +0.07), noise 0.005; reconstruction only noise."""
    noise = random.Random(cell.config_hash)
    is_tanh, is_norm = cell.parameters["model.activation"] == "tanh", cell.parameters["model.batch_norm"]
    radii = 0.6 + 0.1 * is_tanh + 0.03 * is_norm + 0.04 * (is_tanh and is_norm) + noise.gauss(0, 0.005)
    return {
        RADII: radii,
        f"{RADII}_null": 0.99,
        f"{RADII}_gap": 0.99 - radii,
        "reconstruction/mse": noise.gauss(0.01, 1e-4),
    }


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["compare", "--no-report", *arguments])


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    path = tmp_path / "eight.yaml"
    path.write_text(EIGHT, encoding="utf-8")
    return path


@pytest.fixture
def finished(eight: Path, database: Path) -> Path:
    record_runs(load(eight), measure)
    return eight


def test_known_effects_are_found(finished: Path, tmp_path: Path) -> None:
    """One recording of 24 runs, a second, serves every form of output."""
    done = run(str(finished))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Best by mnd/radius_agreement: activation=tanh batch_norm=true latent_dim=")
    assert "\x1b" not in done.stdout

    shown = json.loads(run(str(finished), "--json").stdout)
    assert shown["sweep"] == "eight"
    assert len(shown["cells"]) == 24
    assert shown["cells"][0].keys() >= {"config_hash", "cell_hash", "data_digest", "run_id", "parameters", "metrics"}
    assert [group["rank"] for group in shown["groups"]] == list(range(8, 0, -1))
    assert shown["groups"][-1]["metrics"][RADII]["count"] == 3
    assert shown["answer"] in done.stdout
    radii = next(found for found in shown["effects"] if found["metric"] == RADII)
    effects = {effect["name"]: effect for effect in radii["effects"]}
    for name, truth in (("activation", 0.12), ("batch_norm", 0.05), ("activation × batch_norm", 0.04)):
        (estimate,) = effects[name]["estimates"]
        assert estimate["value"] == pytest.approx(truth, abs=0.01)
        assert estimate["low"] < estimate["value"] < estimate["high"]
        assert effects[name]["p_holm"] < 0.05
    assert effects["latent_dim"]["p_holm"] > 0.05
    assert radii["noise"] == pytest.approx(0.005, rel=0.5)
    assert radii["noise_df"] == 16

    csv = tmp_path / "cells.csv"
    written = run(str(finished), "--csv", str(csv))
    assert written.exit_code == 0
    assert f"wrote {csv}" in written.stderr
    cells, table = pd.read_csv(csv), pd.read_csv(tmp_path / "cells_effects.csv")
    assert list(cells["rank"]) == list(range(8, 0, -1))
    assert cells[RADII].iloc[-1] == pytest.approx(shown["groups"][-1]["metrics"][RADII]["mean"])
    assert {"metric", "label", "value", "low", "high", "share", "p_holm", "parameters"} <= set(table)
    assert len(table[table["metric"] == RADII]) == len(effects)

    by_error = run(str(finished), "--metric", "reconstruction/mse")
    assert by_error.stdout.startswith("Best by reconstruction/mse")
    assert "Effects on reconstruction/mse" in by_error.stdout

    wrong = run(str(finished), "--csv", str(tmp_path / "no" / "folder.csv"))
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith(f"--csv {tmp_path / 'no' / 'folder.csv'}: cannot be written: ")
    assert len(wrong.stderr.splitlines()) == 1


def test_half_a_sweep_is_compared_as_far_as_it_is(eight: Path, database: Path) -> None:
    record_runs(load(eight), measure, lambda cell: cell.parameters["training.seed"] == 0)
    done = run(str(eight))
    assert done.exit_code == 0
    assert "16 of 24 runs are not finished (16 new) and not compared" in done.stdout
    assert "give at least 2 seeds" in done.stdout
    shown = json.loads(run(str(eight), "--json").stdout)
    assert all(effect["p_value"] is None for found in shown["effects"] for effect in found["effects"])


def test_the_values_of_the_last_run_are_used(eight: Path, database: Path) -> None:
    record_runs(load(eight, {"training.epochs": 3}), measure)
    assert run(str(eight)).exit_code == 2
    last_run.remember("eight", ["training.epochs=3"], None)
    done = run(str(eight))
    assert done.exit_code == 0, done.output
    assert done.stderr.strip() == "with --set training.epochs=3, as last run"
    assert done.stdout == run(str(eight), "--set", "training.epochs=3").stdout


def test_a_search_is_compared_by_importance(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    path.write_text(
        EIGHT.replace("seeds: [0, 1, 2]", "seeds: [0]\nmethod: random\nrun_cap: 8\n"),
        encoding="utf-8",
    )
    sweep = load(path)
    for cell in cells(sweep.model_copy(update={"method": "grid"})):
        tags = {tracking.TRIAL: json.dumps(params_of(space(sweep), cell.config))}
        record_run(sweep, cell, measure(cell), **tags)
    done = run(str(path))
    assert done.exit_code == 0, done.output
    assert "Importance" in done.stdout
    shown = json.loads(run(str(path), "--json").stdout)
    assert shown["effects"] == []
    assert set(shown["importance"][RADII]) == {"model.activation", "model.batch_norm", "model.latent_dim"}


@pytest.mark.parametrize(
    ("options", "message"),
    [((), "no run of eight is finished"), (("--metric", RADII), "no run of eight is finished")],
)
def test_nothing_to_compare_is_one_line(eight: Path, database: Path, options: tuple[str, ...], message: str) -> None:
    done = run(str(eight), *options)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_metric_is_one_line(eight: Path, database: Path) -> None:
    record_runs(load(eight), measure, lambda cell: cell.parameters["training.seed"] == 0)
    done = run(str(eight), "--metric", "mnd/radius_agrement")
    assert done.exit_code == 2
    assert done.stderr.strip().endswith("mnd/radius_agrement; did you mean mnd/radius_agreement?")


@pytest.mark.parametrize(
    ("options", "forbidden"),
    [
        (["--no-report"], {"tensorflow", "keras", "optuna", "matplotlib"}),
        (["--out", "out"], {"tensorflow", "keras", "optuna"}),
    ],
)
def test_comparing_imports_nothing_that_trains(
    eight: Path, database: Path, tmp_path: Path, options: list[str], forbidden: set[str]
) -> None:
    record_runs(load(eight), measure, lambda cell: cell.parameters["training.seed"] == 0)
    code = (
        "import os\nimport sys\nfrom click.testing import CliRunner\nfrom sweeps.cli import main\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"result = CliRunner().invoke(main, ['compare', {str(eight)!r}, *{options!r}])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print(sorted({forbidden!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
