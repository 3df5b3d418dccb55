from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.errors import SweepError
from sweeps.search.distributions import distributions
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load

GOOD = """
name: s
method: bayes
metric: {name: mnd/radius_agreement, goal: maximize}
constraints: ["reconstruction/mse <= 0.01"]
parameters:
  model.maps: {values: [[8, 16], [4, 8]]}
  model.batch_norm: {values: [true, false]}
  model.latent_dim: {min: 4, max: 64}
  training.learning_rate: {min: 1e-4, max: 1e-2, distribution: log_uniform_values}
  training.batch_size: {values: [32, 64]}
  training.epochs: {value: 9}
zip: [[model.maps, training.batch_size]]
include: [{model.latent_dim: 8, training.batch_size: 64}]
seeds: [0, 1]
run_cap: 7
early_terminate: {type: hyperband, min_iter: 2}
"""

BROKEN = [
    ("run_cap: 7", "", "method: bayes does not end by itself; run_cap says how many runs to train"),
    ("run_cap: 7", "run_cap: 1", "run_cap: 1 is less than one trial, which takes 2 seeds"),
    ("metric: {name: mnd/radius_agreement, goal: maximize}", "", "method: bayes needs a metric"),
    ("metric: {name: mnd/radius_agreement, goal: maximize}", "metric: []", "metric: "),
    ("metric: {name: mnd/radius_agreement, goal: maximize}", "metric: [{name: a}, {name: a}]", "stands twice"),
    ("metric: {name: mnd/radius_agreement, goal: maximize}", "metric: [{name: a}, {name: b}]", "single metric"),
    ("mse <= 0.01", "mse < 0.01", "constraints.0: 'reconstruction/mse < 0.01' is no constraint"),
    ("method: bayes", "method: grid", "min and max need method random or bayes"),
    ("{min: 4, max: 64}", "{min: 4.5, max: 64}", "model.latent_dim: 4.5 does not fit"),
    ("{min: 4, max: 64}", "{min: 1, max: 64}", "model.latent_dim: 1 does not fit"),
    ("{min: 4, max: 64}", "{min: 64, max: 4}", "min must be below max"),
    ("{min: 4, max: 64}", "{min: 4, max: 64, step: 0.5}", "model.latent_dim: the field takes whole numbers; step 0.5"),
    ("{min: 4, max: 64}", "{min: 4, max: 64, step: 61}", "step 61 leaves no two numbers between min 4 and max 64"),
    ("{min: 4, max: 64}", "{min: 4, max: 64, count: 4}", "model.latent_dim: count is of a grid"),
    ("log_uniform_values", "log_uniform_values, step: 0.001", "step belongs to uniform numbers, not to log_uniform"),
    ("{values: [true, false]}", "{min: 0, max: 1}", "model.batch_norm: 0 does not fit"),
    ("run_cap: 7", "run_cap: 7\norder: shuffled", "order: shuffled needs method grid; what a bayes search tries next"),
    ("log_uniform_values", "int_uniform", "training.learning_rate: int_uniform is for whole numbers"),
    ("log_uniform_values", "normal", "training.learning_rate: normal takes mu and sigma, not min and max"),
    ("log_uniform_values", "triangle", "training.learning_rate.distribution: "),
    ("[[model.maps, training.batch_size]]", "[[model.maps, model.latent_dim]]", "model.latent_dim is a range"),
    ("{model.latent_dim: 8, ", "{model.latent_dim: 100, ", "include: model.latent_dim cannot be 100 in this space"),
    ("{model.latent_dim: 8, ", "{model.kernel_size: 5, ", "include: model.kernel_size is not among the parameters"),
    ("training.batch_size: 64}", "training.batch_size: 64, model.maps: [8, 16]}", "do not move together like this"),
    ("min_iter: 2", "min_iter: 9", "early_terminate: min_iter 9 stops nothing in 9 epochs"),
    ("{value: 9}", "{values: [8, 9]}", "early_terminate compares losses, which training.epochs makes incomparable"),
    *(
        ("model.batch_norm: {values: [true, false]}", f"{name}: {{values: {values}}}", f"losses, which {name} makes")
        for name, values in (
            ("data.crop", "[center, tight]"),
            ("data.contrast", "[as_is, normalized]"),
            ("data.background", "[kept, masked]"),
            ("data.blur", "[0, 2]"),
            ("data.factors", "[gaussian, uniform]"),
            ("data.surrogate", "[none, phase]"),
        )
    ),
]


def problem(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SweepError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize(("old", "new", "words"), BROKEN)
def test_a_broken_search_is_one_clear_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    told = problem(tmp_path / "s.yaml", GOOD.replace(old, new))
    assert words in told
    assert told.startswith(str(tmp_path))
    assert "\n" not in told


def test_a_search_of_nothing_is_refused(tmp_path: Path) -> None:
    text = "name: s\nmethod: random\nrun_cap: 3\nparameters:\n  model.latent_dim: {value: 8}\n"
    assert "method: random has nothing to search" in problem(tmp_path / "s.yaml", text)


def test_constraints_need_a_search(tmp_path: Path) -> None:
    assert "constraints needs method random or bayes" in problem(tmp_path / "s.yaml", "name: s\nconstraints: [a <= 1]")


@pytest.fixture
def good(tmp_path: Path) -> Sweep:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return load(path)


CHOICE = {
    "model.maps & training.batch_size": "[4, 8] & 64",
    "model.batch_norm": "true",
    "model.latent_dim": 9,
    "training.learning_rate": 1e-3,
}


def test_axes_as_optuna_knows_them(good: Sweep) -> None:
    assert distributions(space(good)) == {
        "model.maps & training.batch_size": CategoricalDistribution(("[8, 16] & 32", "[4, 8] & 64")),
        "model.batch_norm": CategoricalDistribution(("true", "false")),
        "model.latent_dim": IntDistribution(4, 64),
        "training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    }


def test_a_choice_is_a_run_for_each_seed(good: Sweep) -> None:
    runs = space(good).configs(CHOICE)
    assert [run.training.seed for run in runs] == [0, 1]
    for run in runs:
        assert (run.model.maps, run.training.batch_size) == ((4, 8), 64)
        assert (run.model.batch_norm, run.model.latent_dim) == (True, 9)
        assert (run.training.learning_rate, run.training.epochs) == (1e-3, 9)


@pytest.mark.parametrize(
    "change",
    [{"model.latent_dim": 65}, {"model.batch_norm": "maybe"}, {"model.latent_dim": "9"}, {"training.loss": "mse"}],
)
def test_a_choice_of_another_space_is_no_run(good: Sweep, change: dict[str, Any]) -> None:
    assert space(good).configs(CHOICE | change) == []


def test_included_cells_are_given_as_optunas_choices(good: Sweep) -> None:
    assert space(good).first_tries() == [{"model.maps & training.batch_size": "[4, 8] & 64", "model.latent_dim": 8}]


def test_numbers_of_trials_and_what_makes_a_search_the_same(good: Sweep) -> None:
    assert good.trials == 3
    same = good.model_copy(update={"run_cap": 99, "description": "?", "method": "random", "reuse": True})
    same = same.model_copy(update={"order": "shuffled", "max_failures": 2, "max_hours": 1.0})
    # That of the versions before: keys that came later change no study of a file that lacks them.
    assert space(same).digest() == space(good).digest() == "8f03ef7ed186"
    other = good.model_copy(update={"seeds": [0]})
    assert space(other).digest() != space(good).digest()


def test_studies_of_before_go_on() -> None:
    """The digest that the version gave which knew neither steps nor conditions."""
    assert space(load(Path("experiments/search.yaml"))).digest() == "dce0345c4d28"


def test_every_data_set_of_the_space_is_known_before() -> None:
    parameters = {
        "data.name": {"values": ["digits", "synthetic"]},
        "data.resolution": {"values": [32, 64]},
        "model.latent_dim": {"min": 4, "max": 8},
    }
    sweep = Sweep.model_validate({"name": "s", "method": "random", "parameters": parameters, "run_cap": 1})
    found = {(data.name, data.resolution) for data in space(sweep).data_sets()}
    assert found == {(name, size) for name in ("digits", "synthetic") for size in (32, 64)}
