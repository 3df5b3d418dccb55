"""Sweep files of W&B as ours: what means the same, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeps.cli import main
from sweeps.errors import SweepError
from sweeps.spec.fields import FIELDS
from sweeps.spec.parameter import Parameter
from sweeps.spec.sweep_file import load
from sweeps.transfer.wandb import Translated, translate

RATE = {"learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-2}}
GOOD = {
    "name": "faces",
    "description": "What helps?",
    "method": "bayes",
    "metric": {"name": "mnd/radius_agreement", "goal": "maximize"},
    "parameters": RATE | {"model": {"parameters": {"latent_dim": {"min": 8, "max": 64}}}, "epochs": {"value": 12}},
    "run_cap": 10,
    "early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 2},
}


def translated(folder: Path, content: Any) -> Translated:
    file = folder / "wandb.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return translate(file)


def test_what_means_the_same_is_a_sweep_file_that_runs(tmp_path: Path) -> None:
    made = translated(tmp_path, GOOD)
    assert (made.left_out, made.to_mend) == ([], [])
    ours = tmp_path / "ours.yaml"
    ours.write_text(made.text, encoding="utf-8")
    sweep = load(ours)
    assert sweep.model_dump(exclude_unset=True) == GOOD | {
        "metric": [GOOD["metric"]],
        "parameters": {
            "training.learning_rate": RATE["learning_rate"],
            "model.latent_dim": {"min": 8, "max": 64},
            "training.epochs": {"value": 12},
        },
        "early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 2},
    }


@pytest.mark.parametrize(
    ("name", "entry", "own", "expected"),
    [
        ("batch_size", {"values": [32, 64]}, "training.batch_size", {"values": [32, 64]}),
        ("activation", {"values": ["relu"], "distribution": "categorical"}, "model.activation", {"values": ["relu"]}),
        ("epochs", {"value": 3, "distribution": "constant"}, "training.epochs", {"value": 3}),
        ("latent_dim", {"min": 4, "max": 8}, "model.latent_dim", {"min": 4, "max": 8}),
        ("data.resolution", {"value": 64}, "data.resolution", {"value": 64}),
        ("learning_rate", {"min": 0.1, "max": 0.2}, "training.learning_rate", {"min": 0.1, "max": 0.2}),
        (
            "learning_rate",
            {"distribution": "log_uniform", "min": 0, "max": 1},
            "training.learning_rate",
            {"distribution": "log_uniform_values", "min": 1.0, "max": pytest.approx(2.718281828)},
        ),
    ],
)
def test_parameters_by_their_full_name_or_its_last_part(
    tmp_path: Path, name: str, entry: dict[str, Any], own: str, expected: dict[str, Any]
) -> None:
    made = translated(tmp_path, {"method": "random", "parameters": {name: entry}, "run_cap": 4})
    assert made.content["parameters"] == {own: expected}
    assert made.left_out == []


LEFT_OUT = [
    ({"program": "train.py"}, "program: cae run trains by itself"),
    ({"project": "p"}, "project: the name of the sweep is its MLflow experiment"),
    ({"run_capp": 3}, "run_capp: no key of a sweep file; did you mean run_cap?"),
    ({"name": "My Sweep!"}, "name: 'My Sweep!' is my-sweep here: letters a-z, digits and -"),
    ({"metric": {"name": "val_loss"}}, "metric: no run measures 'val_loss'"),
    ({"metric": {"name": "reconstruction/mse", "target": 0.1}}, "metric.target: no key here"),
    ({"early_terminate": {"type": "hyperband", "min_iter": 3}, "method": "grid"}, "early_terminate: a grid is trained"),
    ({"early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2}}, "early_terminate: min_iter says here when"),
    ({"early_terminate": {"type": "hyperband", "min_iter": 3, "s": 2}}, "early_terminate.s: no key here"),
    ({"early_terminate": {"type": "envelope", "min_iter": 3}}, "early_terminate.type: input should be 'hyperband'"),
]


@pytest.mark.parametrize(("keys", "words"), LEFT_OUT)
def test_keys_that_are_left_out_are_said_with_the_reason(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    (line,) = translated(tmp_path, GOOD | keys).left_out[:1]
    assert line.startswith(words)


@pytest.mark.parametrize(
    ("name", "entry", "words"),
    [
        ("lr_decay", {"value": 1}, "no field of a run"),
        ("latnt_dim", {"value": 8}, "no field of a run; did you mean model.latent_dim?"),
        ("seed", {"value": 8}, "may be data.seed or training.seed; write one of them"),
        ("training.seed", {"min": 1, "max": 8}, "replicates are listed under seeds, not drawn"),
        ("activation", {"values": ["relu", "lion"]}, "model.activation: 'lion' does not fit"),
        ("weight_decay", {"min": 0, "max": 1}, "W&B draws whole numbers between whole ends"),
        ("dropout", {"min": 0.0, "max": 0.5, "no_key": 1}, "no_key is not known here"),
        ("dropout", {"distribution": "log_uniform", "min": "a", "max": 1}, "'a' is no exponent of e"),
        ("dropout", 0.5, "a mapping is needed ({value: ...}), not 0.5"),
        ("training.epochs", {"value": 3}, "another parameter is training.epochs already"),
    ],
)
def test_parameters_that_are_left_out_are_said_with_the_reason(
    tmp_path: Path, name: str, entry: Any, words: str
) -> None:
    made = translated(tmp_path, GOOD | {"parameters": {"epochs": {"value": 9}, name: entry}})
    assert list(made.content["parameters"]) == ["training.epochs"]
    assert made.left_out[0].startswith(f"{name}: {words}")


def test_the_seeds_of_a_training_are_replicates(tmp_path: Path) -> None:
    made = translated(tmp_path, GOOD | {"parameters": RATE | {"training.seed": {"values": [3, 4]}}})
    assert made.content["seeds"] == [3, 4]
    assert list(made.content["parameters"]) == ["training.learning_rate"]


def test_a_search_without_aim_or_end_gets_the_one_and_is_told_the_other(tmp_path: Path) -> None:
    made = translated(tmp_path, {key: GOOD[key] for key in ("method", "parameters")})
    assert made.content["metric"] == {"name": "mnd/radius_agreement", "goal": "maximize"}
    assert made.content["name"] == "wandb"
    assert made.to_mend == ["method: bayes does not end by itself; run_cap says how many runs to train"]


@pytest.mark.parametrize(
    "entry",
    [
        {"distribution": "normal", "mu": 0.2, "sigma": 0.1},
        {"distribution": "q_uniform", "min": 0.1, "max": 0.5, "q": 0.1},
        {"values": [0.1, 0.2], "probabilities": [0.3, 0.7]},
    ],
)
def test_what_the_grammar_knows_is_passed_on_and_nothing_else(tmp_path: Path, entry: dict[str, Any]) -> None:
    made = translated(tmp_path, GOOD | {"early_terminate": {}, "parameters": {"dropout": entry}})
    known = set(entry) <= set(Parameter.model_fields) and entry.get("distribution", "normal") in str(
        Parameter.model_json_schema()
    )
    assert made.content["parameters"] == ({"model.dropout": entry} if known else {})
    assert bool([line for line in made.left_out if line.startswith("dropout: ")]) != known


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ENTRIES = st.dictionaries(
    st.sampled_from(["value", "values", "min", "max", "distribution", "mu", "parameters"]), VALUES, max_size=3
)
NAMES = st.sampled_from([*FIELDS, *(name.split(".")[1] for name in FIELDS), "x"])


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.dictionaries(st.sampled_from([*GOOD, "program", "x"]), VALUES | ENTRIES, max_size=4),
    parameters=st.dictionaries(NAMES, VALUES | ENTRIES, max_size=3),
)
def test_anything_is_a_file_that_runs_or_says_what_to_mend(
    tmp_path: Path, content: dict[str, Any], parameters: dict[str, Any]
) -> None:
    made = translated(tmp_path, content | {"parameters": parameters})
    ours = tmp_path / "ours.yaml"
    ours.write_text(made.text, encoding="utf-8")
    try:
        load(ours)
    except SweepError:
        assert made.to_mend
    else:
        assert not made.to_mend
    assert not [line for line in made.left_out + made.to_mend if "\n" in line]


def test_the_command_prints_or_writes_it(tmp_path: Path) -> None:
    file, out = tmp_path / "wandb.yaml", tmp_path / "ours.yaml"
    file.write_text(yaml.safe_dump(GOOD | {"entity": "me"}), encoding="utf-8")
    runner = CliRunner()
    printed = runner.invoke(main, ["plan", "--from-wandb", str(file)])
    assert yaml.safe_load(printed.stdout)["name"] == "faces"
    assert printed.stderr.startswith("left out: entity: runs are recorded in mlruns, or by the server")
    written = runner.invoke(main, ["plan", "--from-wandb", str(file), "--out", str(out)])
    assert written.stdout == f"wrote {out}; cae plan {out} shows its cells\n"
    assert out.read_text(encoding="utf-8").strip() == printed.stdout.strip()
    again = runner.invoke(main, ["plan", "--from-wandb", str(file), "--out", str(out)])
    assert (again.exit_code, again.stderr) == (2, f"--out {out}: is there already; remove it, or give another name\n")


@pytest.mark.parametrize(("text", "words"), [("- a", "a mapping that has `parameters:`"), ("a: [", "not valid YAML")])
def test_what_is_no_sweep_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "wandb.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SweepError, match=words):
        translate(file)
    with pytest.raises(SweepError, match="there is no such file"):
        translate(tmp_path / "nothing.yaml")
