"""cae compare with several files, and with experiments of which there is no file."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import sweeps
from sweeps import tracking
from sweeps.cli import main
from sweeps.execution import last_run
from sweeps.finished.sweep_of_experiment import sweep_of_experiment
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load
from sweeps.tracking.experiment import SUMMARY
from sweeps.tracking.summary import log_summary
from sweeps.tracking.views import MOST, describe
from tests.sweeps.commands.test_compare import EIGHT, measure
from tests.sweeps.fakes import record_runs

ALL = "[relu, tanh]"


def cae(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def part(folder: Path, name: str, activations: str, seeds: str = "[0, 1]") -> Path:
    """A file with a part of the cells of EIGHT."""
    text = EIGHT.replace("name: eight", f"name: {name}").replace(ALL, activations).replace("[0, 1, 2]", seeds)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two finished sweeps, each with one activation."""
    monkeypatch.chdir(tmp_path)
    made = [part(tmp_path, "relus", "[relu]"), part(tmp_path, "tanhs", "[tanh]")]
    for file in made:
        record_runs(load(file), measure)
    return made


def describe_all(files: list[Path]) -> None:
    """As `cae run` does."""
    for file in files:
        tracking.experiment(load(file).name, describe(load(file)))


def test_two_files_are_compared_as_one(files: list[Path], tmp_path: Path) -> None:
    one = part(tmp_path, "eight", ALL)
    record_runs(load(one), measure)
    shown, whole = (json.loads(cae(*given, "--json").stdout) for given in (files, [one]))
    assert (shown["sweep"], len(shown["cells"])) == ("relus+tanhs", 16)
    for key in ("answer", "lead", "effects", "untold"):
        assert shown[key] == whole[key], key
    for groups in (shown["groups"], whole["groups"]):
        for group in groups:
            del group["run_ids"]
    assert shown["groups"] == whole["groups"]


def test_tables_and_report_of_two(files: list[Path], tmp_path: Path) -> None:
    done = cae(*files, "--csv", "cells.csv")
    assert done.exit_code == 0, done.output
    assert "activation: tanh vs relu" in done.stdout
    assert len(pd.read_csv("cells.csv")) == 8
    report = (tmp_path / "reports" / "relus+tanhs" / "report.html").read_text(encoding="utf-8")
    assert "<h1>relus+tanhs</h1>" in report
    assert "cae run tanhs.yaml\ncae compare relus.yaml tanhs.yaml" in report
    assert "cae explore" not in report
    for file in files:
        assert load(file).text.strip().splitlines()[0] in report
        experiment = tracking.client().get_experiment_by_name(load(file).name)
        assert report.count(f"#/experiments/{experiment.experiment_id}/runs/") >= 8
        assert SUMMARY not in experiment.tags


def test_the_same_file_twice_and_half_a_sweep_add_nothing(files: list[Path], tmp_path: Path) -> None:
    once, twice = (json.loads(cae(*given, "--json").stdout) for given in ([files[0]], [files[0], files[0]]))
    assert once["groups"] == twice["groups"]
    part(tmp_path, "more", "[elu]")
    with_new = json.loads(cae(*files, "more.yaml", "--json").stdout)
    assert "8 of 24 runs are not finished (8 new) and not compared" in with_new["untold"]


def test_each_is_compared_as_it_was_last_run(files: list[Path], tmp_path: Path) -> None:
    fixed = load(files[1], {"model.latent_dim": 4})
    record_runs(fixed, measure)
    last_run.remember("tanhs", ["model.latent_dim=4"], None)
    shown = json.loads(cae(*files, "--json").stdout)
    dims = {cell["parameters"]["model.latent_dim"] for cell in shown["cells"]}
    assert dims == {4, 8, 16}
    assert {group["values"]["model.activation"] for group in shown["groups"]} == {"relu", "tanh"}


def test_from_python(files: list[Path]) -> None:
    compared = sweeps.compare(*files)
    assert compared.comparison.name == "relus+tanhs"
    assert len(compared.cells) == 8
    describe_all(files)
    assert sweeps.compare(files[0], experiments=["tanhs"]).answer == compared.answer
    with pytest.raises(sweeps.SweepError, match="name a sweep, several, or experiments"):
        sweeps.compare()


# --- experiments -------------------------------------------------------------------------------------------------


def test_an_experiment_has_its_file_in_its_description(files: list[Path]) -> None:
    describe_all(files)
    with_files = cae(*files, "--json").stdout
    for file in files:
        assert sweep_of_experiment(load(file).name).text == load(file).text.strip()
        file.unlink()
    assert cae("--experiment", "relus", "--experiment", "tanhs", "--json").stdout == with_files
    assert json.loads(cae("--experiment", "tanhs", "--set", "training.seed=0", "--json").stdout)["groups"]


def test_else_in_its_summary(files: list[Path], tmp_path: Path) -> None:
    long = Sweep.model_validate(load(files[0]).model_dump(exclude_unset=True) | {"description": "x" * (MOST + 1)})
    tracking.experiment("relus", describe(long))
    assert cae("--experiment", "relus").stderr == (
        "--experiment relus: neither its description nor its summary run holds a sweep file; give the file itself\n"
    )
    (tmp_path / "summary").mkdir()
    (tmp_path / "summary" / "sweep.yaml").write_text(long.text, encoding="utf-8")
    log_summary("relus", tmp_path / "summary", "?")
    assert sweep_of_experiment("relus").description == long.description


def test_a_renamed_experiment_has_its_runs(files: list[Path]) -> None:
    describe_all(files)
    client = tracking.client()
    client.rename_experiment(client.get_experiment_by_name("relus").experiment_id, "Old ones")
    shown = json.loads(cae("--experiment", "Old ones", "--json").stdout)
    assert (shown["sweep"], len(shown["groups"])) == ("Old ones", 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a sweep file, several, or --experiment NAME"),
        (["--experiment", "relu"], "has no experiment of that name; did you mean relus?"),
        (["--experiment", "tanhs"], "--experiment tanhs: neither its description nor its summary run holds a sweep"),
        (["--experiment", "relus", "nothing.yaml"], "nothing.yaml: there is no such file"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(files: list[Path], arguments: list[str], said: str) -> None:
    done = cae(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr.splitlines()[-1]


def test_without_a_record_there_is_no_experiment() -> None:
    assert "nothing is recorded in" in cae("--experiment", "relus").stderr


def test_an_older_file_that_is_refused_says_whose_it_is(files: list[Path]) -> None:
    tracking.experiment("relus", "why?\n\n```yaml\nname: relus\nwrong: 1\n```\n")
    assert cae("--experiment", "relus").stderr.startswith("relus.yaml: wrong: unknown key")
