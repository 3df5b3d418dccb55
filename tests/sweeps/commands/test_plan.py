"""`cae plan` of anything at all: a plan, or one line a fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cae.datasets import DataError
from cae.datasets.celeba_tables import TABLES, parse
from cae.datasets.table_rows import TableFile
from sweeps.cli import main
from sweeps.spec.fields import FIELDS
from sweeps.spec.sweep import Sweep

LARGE = """
name: large
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.maps: {value: [4, 8]}
  model.latent_dim: {values: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
  training.epochs: {values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}
seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
"""
# Values of every type, near and far from what a field takes.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["relu", "digits", "", "x" * 300, "ä", "a:b", "$HOME", "~", "\\", "1e5", "grid", "bayes"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
PARAMETERS = st.dictionaries(
    st.sampled_from([*FIELDS, "model.nothing", "latent_dim"]),
    VALUES | st.fixed_dictionaries({"value": VALUES}) | st.fixed_dictionaries({"values": st.lists(VALUES, max_size=3)})
    | st.fixed_dictionaries({"min": VALUES, "max": VALUES}),
    max_size=3,
)  # fmt: skip
KEYS = st.sampled_from([name for name in Sweep.model_fields if name not in ("name", "parameters")])
FILES = st.builds(
    lambda name, parameters, more: {"name": name, "parameters": parameters, **more},
    st.just("s") | VALUES,
    PARAMETERS | VALUES,
    st.dictionaries(KEYS, VALUES | PARAMETERS, max_size=3),
)
WITHOUT_END = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plan(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["plan", *map(str, arguments)])


def check(done: Result) -> None:
    """A plan, or faults of one line each, none of them endless."""
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code in (0, 2), done.output
    assert (done.exit_code == 2) == bool(done.stderr.strip())
    assert max(map(len, done.stderr.splitlines()), default=0) < 1500, done.stderr


@WITHOUT_END
@given(content=FILES)
def test_any_values_are_a_plan_or_faults(tmp_path: Path, content: dict[str, Any]) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    done = plan(file)
    check(done)
    # One fault of pydantic's is one line; a line has no other breaks.
    assert all(line.startswith(str(file)) for line in done.stderr.strip().split("\n") if done.exit_code)


@WITHOUT_END
@given(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_plan_or_a_fault(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(content)
    check(plan(file))


@WITHOUT_END
@given(name=st.sampled_from([*FIELDS, "", "nothing"]), value=VALUES.map(str) | st.text(max_size=20))
def test_any_word_after_set_is_a_plan_or_a_fault(tmp_path: Path, name: str, value: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("name: s\nparameters: {data.name: {value: digits}, data.resolution: {value: 32}}\n")
    check(plan(file, "--set", f"{name}={value}"))


@WITHOUT_END
@given(
    kind=st.sampled_from(list(TABLES)),
    suffix=st.sampled_from([".txt", ".csv"]),
    content=st.binary(max_size=100)
    | st.text(alphabet="a1-,;\t\n\r \"'.jpgMale", max_size=80).map(lambda text: text.encode()),
)
def test_any_table_is_read_or_refused(kind: str, suffix: str, content: bytes) -> None:
    try:
        parse(kind, TableFile(f"table{suffix}", content))
    except DataError as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told


def test_of_a_thousand_cells_the_first_are_shown_and_the_rest_counted(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(LARGE)
    done = plan(file)
    assert done.exit_code == 0, done.output
    assert "... and 1,060 more; --json lists all" in done.stdout
    assert done.stdout.splitlines()[-2] == "large: 1,100 cells; recorded: none"
    assert done.stdout.splitlines()[-1].startswith("estimate: 1,100 runs to do; ")
    assert sum(line.rstrip().endswith("new") for line in done.stdout.splitlines()) == 40
    assert len(plan(file, "--set", "training.seed=3").stdout.splitlines()) > 100


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_home_that_is_no_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    home = tmp_path / "taken"
    home.write_text("x")
    monkeypatch.setenv("CAE_HOME", str(home if place == "file" else home / "below"))
    file = tmp_path / "s.yaml"
    file.write_text("name: s\nparameters: {data.name: {value: digits}, data.resolution: {value: 32}}\n")
    assert plan(file).exit_code == 0
    done = CliRunner().invoke(main, ["run", str(file)])
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert "Not a directory; set CAE_HOME to a folder that can be written" in line


@pytest.mark.parametrize("encoding", ["ascii", "cp1251"])
@pytest.mark.parametrize("name", [b"\xff.yaml", "ä.yaml".encode()])
def test_letters_that_an_output_lacks_stop_nothing(tmp_path: Path, name: bytes, encoding: str) -> None:
    command = [sys.executable, "-m", "sweeps", "plan", os.fsdecode(name), "--set", "data.path=ö"]
    variables = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=variables, check=False)
    assert done.returncode == 2
    assert b"yaml: there is no such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1
