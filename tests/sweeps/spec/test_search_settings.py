"""What a search file says of its sampler and of early stopping; what may change without starting anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from optuna.pruners import BasePruner, HyperbandPruner, PercentilePruner, SuccessiveHalvingPruner

from sweeps.search.early_stopping import pruner_of
from sweeps.spec.search_settings import METHODS, PRUNERS, SAMPLERS, EarlyTerminate, Sampler
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from tests.sweeps.spec.test_conditions import problem

RATE = "training.learning_rate"
SEARCH: dict[str, Any] = {
    "method": "bayes",
    "metric": {"name": "mnd/radius_agreement"},
    "run_cap": 9,
    "parameters": {RATE: {"min": 0.001, "max": 0.1}, "training.epochs": {"value": 20}},
}


def searched(**content: Any) -> Sweep:
    return Sweep.model_validate({"name": "s", **SEARCH, **content})


def test_every_option_belongs_to_a_sampler_or_pruner_and_every_sampler_to_a_method() -> None:
    assert {option for options in SAMPLERS.values() for option in options} == set(Sampler.model_fields) - {"name"}
    options = {option for options in PRUNERS.values() for option in options}
    assert options == set(EarlyTerminate.model_fields) - {"type", "metric", "min_iter"}
    assert sorted(name for names in METHODS.values() for name in names) == sorted(SAMPLERS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"sampler": {"name": "tpee"}}, "sampler.name: input should be 'tpe'"),
        ({"sampler": {}}, "sampler.name: Field required"),
        ({"sampler": "tpe"}, "sampler: a mapping is needed ({...}), not 'tpe'"),
        ({"sampler": {"name": "tpe", "popsize": 8}}, "sampler: tpe has no option popsize; it has startup, n_ei_cand"),
        ({"sampler": {"name": "gp", "n_startup_trials": 8}}, "gp has no option n_startup_trials; it has startup, det"),
        ({"sampler": {"name": "tpe", "startup": -1}}, "sampler.startup: input should be greater than or equal to 0"),
        ({"sampler": {"name": "cmaes", "popsize": 2}}, "sampler.popsize: input should be greater than or equal to 3"),
        (
            {"sampler": {"name": "nsgaii", "crossover_prob": 2}},
            "crossover_prob: input should be less than or equal to 1",
        ),
        (
            {"sampler": {"name": "tpe", "group": True, "multivariate": False}},
            "group needs multivariate, which is false",
        ),
        ({"sampler": {"name": "cmaes", "lr_adapt": True, "with_margin": True}}, "lr_adapt goes with neither use_separ"),
        ({"sampler": {"name": "qmc"}}, "sampler: qmc belongs to method random; bayes has tpe, gp, cmaes, nsgaii"),
        (
            {"sampler": {"name": "tpe"}, "method": "random"},
            "sampler: tpe belongs to method bayes; random has random, qmc",
        ),
        (
            {"sampler": {"name": "random", "startup": 1}, "method": "random"},
            "random has no option startup; it has none",
        ),
        (
            {"sampler": {"name": "cmaes"}, "parameters": {"model.activation": {"values": ["relu", "elu"]}}},
            "sampler: cmaes searches numbers from min to max alone; model.activation lists its values",
        ),
        (
            {
                "sampler": {"name": "cmaes"},
                "metric": [{"name": "mnd/radius_agreement"}, {"name": "reconstruction/mse"}],
            },
            "sampler: cmaes has one objective, not 2; use tpe, gp or nsgaii",
        ),
        ({"early_terminate": {"type": "medan"}}, "early_terminate.type: input should be 'hyperband'"),
        (
            {"early_terminate": {"type": "median", "eta": 3}},
            "median has no option eta; it has metric, min_iter, startup",
        ),
        (
            {"early_terminate": {"type": "hyperband", "startup": 3}},
            "hyperband has no option startup; it has metric, min",
        ),
        ({"early_terminate": {"type": "percentile"}}, "percentile says how many go on, 25 for the best quarter"),
        ({"early_terminate": {"type": "median", "min_iter": 20}}, "min_iter 20 stops nothing in 20 epochs"),
    ],
)
def test_a_setting_without_meaning_is_one_clear_line(tmp_path: Path, content: dict[str, Any], words: str) -> None:
    told = problem(tmp_path, **SEARCH | content)
    assert words in told
    assert "\n" not in told


def test_a_grid_chooses_nothing(tmp_path: Path) -> None:
    assert "sampler needs method random or bayes, not grid" in problem(tmp_path, sampler={"name": "tpe"})


@pytest.mark.parametrize(
    "change",
    [
        {"sampler": {"name": "tpe", "startup": 3}},
        {"sampler": {"name": "nsgaii"}},
        {"sampler": {"name": "random"}, "method": "random"},
        {"early_terminate": {"type": "median"}},
        {"run_cap": 20},
        {"include": [{RATE: 0.01}]},
        {"description": "?"},
    ],
)
def test_settings_may_change_and_the_search_goes_on(change: dict[str, Any]) -> None:
    assert space(searched(**change)).digest() == space(searched()).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": SEARCH["parameters"] | {RATE: {"min": 0.001, "max": 0.2}}},
        {"parameters": SEARCH["parameters"] | {RATE: {"min": 0.001, "max": 0.1, "step": 0.001}}},
        {"parameters": SEARCH["parameters"] | {"model.dropout": {"value": 0.1, "when": {RATE: "> 0.01"}}}},
        {"constraints": ["reconstruction/mse <= 0.1"]},
        {"metric": {"name": "mnd/contour_agreement"}},
        {"seeds": [0, 1]},
    ],
)
def test_another_space_or_aim_starts_anew(change: dict[str, Any]) -> None:
    assert space(searched(**change)).digest() != space(searched()).digest()


@pytest.mark.parametrize(
    ("settings", "kind", "inside"),
    [
        ({"type": "hyperband", "min_iter": 4, "eta": 2}, HyperbandPruner, {"_min_resource": 4, "_reduction_factor": 2}),
        (
            {"type": "successive_halving", "min_iter": 4},
            SuccessiveHalvingPruner,
            {"_min_resource": 4, "_reduction_factor": 3},
        ),
        ({"type": "median", "startup": 2}, PercentilePruner, {"_percentile": 50.0, "_n_warmup_steps": 5}),
        (
            {"type": "percentile", "percentile": 25, "interval_steps": 2, "n_min_trials": 3},
            PercentilePruner,
            {"_percentile": 25.0, "_n_startup_trials": 5, "_interval_steps": 2, "_n_min_trials": 3},
        ),
    ],
)
def test_pruners_are_optunas(settings: dict[str, Any], kind: type[BasePruner], inside: dict[str, Any]) -> None:
    made = pruner_of(EarlyTerminate.model_validate(settings), 20)
    assert type(made) is kind
    assert {name: getattr(made, name) for name in inside} == inside
