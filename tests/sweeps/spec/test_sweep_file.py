from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.errors import SweepError
from sweeps.spec.fields import FIELDS
from sweeps.spec.grid import expand
from sweeps.spec.sweep_file import load, parse_override, schema

GOOD = """
name: batch-norm
description: Does batch normalization change the normality of the latent vectors?
method: grid
metric: {name: mnd/radius_agreement, goal: maximize}
parameters:
  data.name:              {value: celeba}
  data.resolution:        {values: [96, 128]}
  training.batch_size:    {values: [128, 64]}
  model.activation:       {values: [leaky_relu, relu, elu]}
  model.batch_norm:       {values: [true, false]}
  model.maps:             {values: [[64, 64, 128, 128], [32, 64, 128, 256]]}
  model.latent_dim:       {values: [64, 256]}
  training.learning_rate: {value: 5.0e-4}
zip:      [[data.resolution, training.batch_size]]
exclude:  [{data.resolution: 128, model.latent_dim: 64}]
include:  [{model.activation: tanh, model.batch_norm: false}]
seeds: [0, 1, 2]
run_cap: 200
"""


def problem(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SweepError) as caught:
        expand(load(path))
    return str(caught.value)


BROKEN = [
    ("run_cap: 200", "run_cap: 200\nrun_cap: 3", "the key run_cap stands twice"),
    ("seeds: [0, 1, 2]", "sedes: [0]", "sedes: unknown key; did you mean seeds?"),
    ("seeds: [0, 1, 2]", "seeds: []", "seeds: "),
    ("seeds: [0, 1, 2]", "seeds: [true]", "seeds.0: input should be a valid integer, not True"),
    ("seeds: [0, 1, 2]", "reuse: yes", "reuse: write true or false, not 'yes'"),
    ("[64, 256]}", "[64, 256], value: 3}", "exactly one of value, values, or min with max"),
    ("{values: [true, false]}", "[true, false]", "parameters.model.batch_norm: a mapping is needed"),
    ("{values: [true, false]}", "{values: []}", "values is empty"),
    ("{values: [true, false]}", "{vals: [true]}", "vals: unknown key; did you mean values?"),
    ("[128, 64]}", "[128, 12.5]}", "training.batch_size: 12.5 does not fit"),
    ("[128, 64]}", "[128, true]}", "training.batch_size: True does not fit"),
    ("[96, 128]", "[96, 100]", "data.resolution: 100 is not a multiple of 16"),
    ("{values: [64, 256]}", "{min: 64, max: 256}", "min and max need method random or bayes"),
    ("relu, elu]", "relu, eluu]", "'eluu'; did you mean elu?"),
    ("relu, elu]", "relu, swish]", "'swish'; did you mean silu?"),
    ("relu, elu]", "relu, LeakyReLU]", "'LeakyReLU'; did you mean leaky_relu?"),
    ("relu, elu]", "relu, GELU]", "'GELU'; did you mean gelu?"),
    ("{value: celeba}", "{value: celebA}", "did you mean celeba?"),
    ("[[data.resolution, training.batch_size]]", "[[data.resolution, model.activation]]", "equal lengths"),
    ("[[data.resolution, training.batch_size]]", "[[data.resolution, model.maps_]]", "did you mean model.maps?"),
    ("[[data.resolution, ", "[[data.resolution, training.batch_size], [data.resolution, ", "more than one place"),
    ("name: batch-norm", "name: Batch Norm", "name: "),
    ("goal: maximize", "goal: max", "did you mean maximize?"),
    ("method: grid", "method: gird", "method: "),
    ("method: grid", "method: random", "include: model.activation cannot be 'tanh' in this space"),
    ("exclude:  [{data.resolution: 128,", "exclude:  [{data.reslution: 128,", "did you mean data.resolution?"),
    ("{model.activation: tanh,", "{model.activation: tahn,", "did you mean tanh?"),
    ("5.0e-4}", "quick}", "a number is needed, not 'quick'"),
    (
        "exclude:  [{data.resolution: 128, model.latent_dim: 64}]",
        "exclude: [{data.name: celeba}]\ninclude_: []",
        "include_",
    ),
    ("[0, 1, 2]", "[0, 1", "not valid YAML: line 19"),
    ("  model.activation: ", "  training.seed: {value: 3}\n  model.activation: ", "replicates are listed under seeds"),
    ("run_cap: 200", "early_terminate: {type: hyperband}", "early_terminate needs method random or bayes"),
    ("name: mnd/radius_agreement,", "name: mnd/radius_agrement,", "metric: no run measures 'mnd/radius_agrement'; did"),
    ("[0, 1, 2]", "[0, 1, 0]", "seeds: 0 stands twice"),
    ("[0, 1, 2]", "[4294967296]", "seeds.0: input should be less than 4294967296"),
    ("model.latent_dim: 64}]", "training.seed: 1}]", "exclude: training.seed is no parameter of a cell"),
    ("model.batch_norm: false}]", "training.seed: 1}]", "include: training.seed is no parameter of a cell"),
    ("name: batch-norm", "name: {{ name }}", "line 2: a key is a word, not a mapping; is there a {{ }}"),
    ("relu, elu]", f"relu, {'e' * 500}]", "eeeee...'; valid: relu"),
    (
        "run_cap: 200",
        "order: seed_last",
        "order: input should be 'file', 'shuffled' or 'seeds_last', not 'seed_last'; did",
    ),
    ("run_cap: 200", "max_failures: 0", "max_failures: input should be greater than or equal to 1, not 0"),
    ("run_cap: 200", "max_hours: 0", "max_hours: input should be greater than 0, not 0"),
    ("run_cap: 200", "max_hours: 12 h", "max_hours: a number is needed, not '12 h'"),
    ("[0, 1, 2]", f"{[*range(-500, 0)]}", "seeds.0: "),
]


@pytest.mark.parametrize(("old", "new", "words"), BROKEN)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    path = tmp_path / "broken.yaml"
    told = problem(path, GOOD.replace(old, new))
    assert words in told
    assert told.startswith(f"{path}: ")
    # Of a list each wrong value is a line.
    assert "\n" not in told or new.startswith("[-500")
    assert max(map(len, told.splitlines())) < 400 + len(str(path))


@pytest.mark.parametrize(
    ("name", "near"),
    [("latnt_dim", "model.latent_dim"), ("activation", "model.activation"), ("model.map", "model.maps")],
)
def test_an_unknown_field_names_the_nearest(tmp_path: Path, name: str, near: str) -> None:
    told = problem(tmp_path / "s.yaml", f"name: s\nparameters:\n  {name}: {{value: 3}}\n")
    assert f"{name} is not a field of a run; did you mean {near}?" in told


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "starts with `name:`" in problem(tmp_path / "s.yaml", text)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "activation.yaml").write_text("name: a")
    with pytest.raises(SweepError, match=r"no such file; did you mean activation.yaml"):
        load(tmp_path / "activaton.yaml")


@pytest.mark.parametrize("text", ["name: !!python/object/apply:os.system [echo]", "name: \x00", "\xff"])
def test_yaml_that_is_unsafe_or_no_text_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SweepError):
        load(path)


def test_merge_keys_and_anchors_of_yaml_work(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\nparameters:\n  model.maps: &few {value: [8, 16]}\n  model.latent_dim: {<<: {value: 9}}\n")
    assert load(path).parameters["model.latent_dim"].value == 9


def test_set_fixes_a_field_in_every_run(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)
    runs = expand(load(path, {"model.activation": "gelu", "training.seed": 7, "data.path": "/x"}))
    assert {(run.model.activation, run.training.seed, run.data.path) for run in runs} == {("gelu", 7, "/x")}


def test_set_of_a_zipped_field_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)
    runs = expand(load(path, {"data.resolution": 96}))
    assert {(run.data.resolution, run.training.batch_size) for run in runs} == {(96, 128), (96, 64)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training.epochs", "write it as section.field=value"),
        ("training.epochs=ten", "'ten' does not fit"),
        ("training.epoch=10", "did you mean training.epochs?"),
        ("model.maps=[1, ", "--set model.maps"),
    ],
)
def test_bad_overrides_are_refused(text: str, words: str) -> None:
    with pytest.raises(SweepError) as caught:
        parse_override(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.maps=[8, 16]", ("model.maps", [8, 16])),
        ("data.path=/a=b", ("data.path", "/a=b")),
        ("model.batch_norm=true", ("model.batch_norm", True)),
        ("training.learning_rate=1e-3", ("training.learning_rate", 1e-3)),
        ("data.size=null", ("data.size", None)),
    ],
)
def test_overrides_are_read_as_yaml(text: str, expected: tuple[str, object]) -> None:
    assert parse_override(text) == expected


def test_schema_knows_every_field() -> None:
    described = json.loads(json.dumps(schema()))
    assert set(described["properties"]["parameters"]["properties"]) == set(FIELDS)
    assert described["additionalProperties"] is False


@pytest.mark.parametrize("path", sorted(Path("experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_is_valid_and_asks_a_question(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = load(path)
    assert sweep.name == path.stem.replace("_", "-")
    assert "?" in sweep.description
    assert expand(sweep) if sweep.method == "grid" else sweep.trials
