"""The folder that `cae init` makes, and the sweep file there that explains itself."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from cae.config import RunConfig, flatten
from sweeps.spec.fields import check_value
from sweeps.spec.grid import count, expand
from sweeps.spec.parameter import Parameter
from sweeps.spec.search_settings import EarlyTerminate, Sampler
from sweeps.spec.sweep import Metric, Sweep
from sweeps.spec.sweep_file import load
from sweeps.transfer.starter import contents, start

TEXT = files("sweeps.transfer").joinpath("sweep.yaml").read_text(encoding="utf-8")
# What the commented lines say, as YAML: `# key: {value: ...}   # words`.
FIELDS = {
    name: yaml.safe_load(value)["value"]
    for name, value in re.findall(r"^# ([a-z]+\.\w+): (\{value: .*?\})", TEXT, re.M)
}


def test_it_holds_the_experiments_of_the_repository_and_a_sweep_file(tmp_path: Path) -> None:
    start(tmp_path / "lab")
    names = {path.relative_to(tmp_path / "lab").as_posix() for path in (tmp_path / "lab").rglob("*") if path.is_file()}
    experiments = [*Path("experiments").glob("*.yaml"), Path("experiments/README.md")]
    assert names == {path.as_posix() for path in experiments} | {"sweep.yaml"}
    for path in experiments:
        assert (tmp_path / "lab" / path).read_bytes() == path.read_bytes()


def test_what_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    start(tmp_path)
    mine, gone = tmp_path / "sweep.yaml", tmp_path / "experiments" / "maps.yaml"
    mine.write_text("name: mine\n")
    gone.unlink()
    states = {file.path: file.state for file in start(tmp_path)}
    assert states.pop(mine) == "kept"
    assert states.pop(gone) == "written"
    assert set(states.values()) == {"there"}
    assert mine.read_text() == "name: mine\n"
    assert {file.path for file in start(tmp_path, replace=True) if file.state == "replaced"} == {mine}
    assert mine.read_text() == TEXT


def test_the_sweep_file_is_valid_and_small(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_bytes(dict(contents())["sweep.yaml"])
    sweep = load(path)
    assert len(expand(sweep)) == 8
    assert sweep.parameters["data.name"].value == "synthetic"


KEYED = (Sweep, Metric, EarlyTerminate, Sampler, Parameter)


@pytest.mark.parametrize("key", sorted({key for section in KEYED for key in section.model_fields}))
def test_it_explains_every_key(key: str) -> None:
    assert re.search(rf"^#? *{key}:|\b{key}: ", TEXT, re.M), key


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def test_it_names_every_field_of_a_run_with_its_default() -> None:
    defaults = flatten(RunConfig())
    del defaults["training.seed"]  # replicates are listed under seeds
    assert defaults == FIELDS
    for name, value in FIELDS.items():
        assert plain(check_value(name, value)) == value


def test_what_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    """A grid with all its optional keys, and the search."""
    grid, _, search = TEXT.partition("# A search instead")
    keys = re.findall(r"^# ((?:zip|exclude|include|order|run_cap|max_\w+|num_\w+): .*)$", grid, re.M)
    options = yaml.safe_load("\n".join(keys))
    written = yaml.safe_load(TEXT) | {key: value for key, value in options.items() if key != "zip"}
    assert len(options) == 10
    assert Sweep.model_validate(written).run_cap == options["run_cap"]
    lines = commented(search.partition("# Options of the other")[0])
    path = tmp_path / "search.yaml"
    path.write_text("\n".join(["name: search", "metric: {name: mnd/radius_agreement, goal: maximize}", *lines]))
    assert load(path).is_search


def commented(text: str) -> list[str]:
    return [line.removeprefix("#").removeprefix(" ") for line in text.splitlines()[1:]]


def test_what_else_a_field_can_take_on_is_valid(tmp_path: Path) -> None:
    lines = commented(TEXT.partition("# What else a field")[2].partition("# Fields that a run has")[0])
    path = tmp_path / "grid.yaml"
    path.write_text("\n".join(["name: grid", *lines]))
    assert count(load(path)) == 4 * 5 * (2 + 1)


@pytest.mark.parametrize("text", re.findall(r"^# (\{(?:name|type): [a-z]+, .*?\})", TEXT, re.M))
def test_the_options_of_samplers_and_of_early_stopping_are_valid(text: str) -> None:
    options = yaml.safe_load(text)
    assert (Sampler if "name" in options else EarlyTerminate).model_validate(options)
