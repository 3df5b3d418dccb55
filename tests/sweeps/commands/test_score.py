from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from sweeps.cli import main
from sweeps.pipeline.plots import PLOTS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["score", *arguments])


@pytest.fixture
def latents(tmp_path: Path) -> str:
    path = tmp_path / "latents.npy"
    np.save(path, np.random.default_rng(0).normal(size=(600, 4)).astype(np.float16))
    return str(path)


def test_the_table_has_headlines_families_and_the_null(latents: str) -> None:
    done = run(latents)
    assert done.exit_code == 0, done.output
    assert "measuring" not in done.stderr
    assert "600 points with 4 components" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("radius_agreement")]
    assert " to " in line
    assert "±" in line
    for words in ("multivariate", "  mardia_kurtosis", "pursuit", "95 % interval"):
        assert words in done.stdout
    assert "left out: " in done.stdout  # no 5 components for a block


@pytest.mark.thorough
def test_a_size_beyond_the_table_of_nulls_is_said_to_take_its_time_once(tmp_path: Path) -> None:
    path = tmp_path / "few.npy"
    np.save(path, np.random.default_rng(0).normal(size=(60, 4)))
    done = run(str(path))
    assert "measuring 20 normal clouds of 60 x 4, once for this size" in done.stderr
    assert "no intervals of marginals, contours and radii: 10 groups of 50 points are compared" in done.stdout
    assert "measuring" not in run(str(path)).stderr


def test_json_is_one_flat_object_of_numbers(latents: str) -> None:
    found = json.loads(run(latents, "--json").stdout)
    assert all(type(value) is float for value in found.values())
    assert {"radius_agreement", "radius_agreement_null", "radius_agreement_low", "pursuit/ks_gap_sds"} <= set(found)
    alone = json.loads(run(latents, "--json", "--no-null").stdout)
    assert not any(name.endswith(("_null", "_low")) for name in alone)
    assert alone["radius_agreement"] == found["radius_agreement"]


def test_plots_go_where_they_are_wanted(latents: str, tmp_path: Path) -> None:
    assert run(latents, "--no-null", "--plots", str(tmp_path / "deep" / "plots")).exit_code == 0
    assert {path.stem for path in (tmp_path / "deep" / "plots").iterdir()} == set(PLOTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.arange(5.0), "give a 2-D array of n points"),
        (np.array([[1.0, np.nan], [2.0, 3.0]]), "latents hold nan in row 0, column 1"),
        (np.array([["a", "b"]]), "give real numbers"),
    ],
)
def test_bad_latents_are_one_line_with_the_file(tmp_path: Path, content: np.ndarray, message: str) -> None:
    np.save(tmp_path / "bad.npy", content)
    done = run(str(tmp_path / "bad.npy"))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{tmp_path / 'bad.npy'}: latents")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_numbers_too_coarse_for_their_spread_are_said_to_be(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(100, 1, (600, 4))
    for dtype, said in (("float16", "float16 has steps of 0.06"), ("float32", "")):
        np.save(tmp_path / "far.npy", points.astype(dtype))
        done = run(str(tmp_path / "far.npy"), "--no-null", "--json")
        assert done.exit_code == 0
        assert (said in done.stderr) if said else not done.stderr


def test_a_table_scores_as_the_array(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(600, 4))
    np.save(tmp_path / "a.npy", points)
    pd.DataFrame(points, columns=list("abcd")).to_csv(tmp_path / "a.csv", index=False)
    array, table = (run(str(tmp_path / name), "--no-null", "--json") for name in ("a.npy", "a.csv"))
    assert json.loads(array.stdout) == json.loads(table.stdout)


def test_no_file_and_no_such_file(tmp_path: Path) -> None:
    assert "give a file of latent vectors" in run().output
    done = run(str(tmp_path / "none.npy"))
    assert done.exit_code == 2
    assert "no such file" in done.output


@pytest.mark.parametrize(("flags", "measured"), [((), 0), (("--all",), 2), (("--all", "--dry-run"), 0)])
def test_current_runs_are_measured_again_where_asked_for(
    finished: Path, flags: tuple[str, ...], measured: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.finished.rescore.rescore", lambda sweep, runs: ((run, {}) for run in runs))
    said = run("--rescore", str(finished), *flags).output
    assert "0 of 2 runs are stale" in said
    assert said.count("measured again") == measured


def test_a_sweep_without_finished_runs_has_nothing_to_measure_again(tiny_sweep: Path, database: Path) -> None:
    done = run("--rescore", str(tiny_sweep))
    assert done.exit_code == 2
    assert "no run of tiny is finished" in done.output
