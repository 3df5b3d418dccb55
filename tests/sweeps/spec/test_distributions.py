"""Distributions of a search, by W&B's names: what is drawn, and that what is recorded is found again."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution, IntDistribution

from sweeps.search.distributions import distribution
from sweeps.spec.axes import TAIL, Axis, Normal
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from tests.sweeps.spec.test_conditions import problem

RATE, DIM, DROPOUT, ACTIVATION = "training.learning_rate", "model.latent_dim", "model.dropout", "model.activation"
SEARCH = {"method": "random", "run_cap": 3}


def axis_of(name: str, **parameter: Any) -> Axis:
    (axis,) = space(Sweep.model_validate({"name": "s", "parameters": {name: parameter}, **SEARCH})).axes
    return axis


def drawn(axis: Axis, count: int = 4000) -> list[Any]:
    """Choices from evenly spread draws."""
    found = distribution(axis)
    assert isinstance(found, FloatDistribution)
    low, high = (math.log(found.low), math.log(found.high)) if found.log else (found.low, found.high)
    draws = np.linspace(low, high, count)
    return [axis.chosen(float(np.exp(draw) if found.log else draw)) for draw in draws]


@pytest.mark.parametrize(
    ("name", "parameter", "expected", "told"),
    [
        (RATE, {"min": 0.1, "max": 1, "distribution": "uniform"}, FloatDistribution(0.1, 1), "0.1 to 1"),
        (
            RATE,
            {"min": 0.1, "max": 1, "distribution": "inv_log_uniform_values"},
            FloatDistribution(0.1, 1, log=True),
            "0.1 to 1, log",
        ),
        (
            DROPOUT,
            {"min": 0.02, "max": 0.5, "distribution": "q_uniform", "q": 0.05},
            FloatDistribution(0.05, 0.5, step=0.05),
            "0.05 to 0.5, in steps of 0.05",
        ),
        (
            DIM,
            {"min": 5, "max": 30, "distribution": "q_uniform", "q": 8},
            IntDistribution(8, 24, step=8),
            "8 to 24, whole numbers, in steps of 8",
        ),
        (
            DIM,
            {"min": 5, "max": 30, "distribution": "q_log_uniform_values", "q": 8},
            FloatDistribution(8, 24, log=True),
            "8 to 24, whole numbers, log, in steps of 8",
        ),
        (
            RATE,
            {"distribution": "log_normal", "mu": -7, "sigma": 1},
            FloatDistribution(TAIL, 1 - TAIL),
            "log-normal, mu -7, sigma 1",
        ),
        (
            DIM,
            {"distribution": "q_normal", "mu": 64, "sigma": 16, "q": 8},
            FloatDistribution(TAIL, 1 - TAIL),
            "normal, mu 64, sigma 16, multiples of 8",
        ),
        (
            ACTIVATION,
            {"values": ["relu", "tanh"], "probabilities": [0.7, 0.3]},
            FloatDistribution(0, 1),
            "relu (0.7), tanh (0.3)",
        ),
    ],
)
def test_distributions_as_optuna_knows_them(name: str, parameter: dict[str, Any], expected: Any, told: str) -> None:
    axis = axis_of(name, **parameter)
    assert distribution(axis) == expected
    assert axis.told() == told


def test_normal_choices_have_their_mean_and_spread() -> None:
    normal = drawn(axis_of(DROPOUT, distribution="normal", mu=0.2, sigma=0.04))
    assert statistics.mean(normal) == pytest.approx(0.2, abs=1e-3)
    assert statistics.stdev(normal) == pytest.approx(0.04, rel=0.02)
    logs = [math.log(value) for value in drawn(axis_of(RATE, distribution="log_normal", mu=-7, sigma=1))]
    assert (statistics.mean(logs), statistics.stdev(logs)) == pytest.approx((-7, 1), rel=0.02)


def test_multiples_are_drawn_where_the_distribution_has_them() -> None:
    whole = drawn(axis_of(DIM, distribution="q_normal", mu=64, sigma=16, q=8))
    assert {type(value) for value in whole} == {int}
    assert {value % 8 for value in whole} == {0}
    assert statistics.mean(whole) == pytest.approx(64, abs=0.5)
    assert set(drawn(axis_of(DROPOUT, distribution="q_log_normal", mu=-2, sigma=0.3, q=0.1))) >= {0.1, 0.2, 0.3}
    assert set(drawn(axis_of(DIM, distribution="q_log_uniform_values", min=5, max=30, q=8))) == {8, 16, 24}


def test_values_are_drawn_as_often_as_their_probabilities_say() -> None:
    axis = axis_of(ACTIVATION, values=["relu", "tanh", "elu"], probabilities=[0.5, 0.3, 0.2])
    shares = {text: number / 4000 for text, number in Counter(drawn(axis)).items()}
    assert shares == pytest.approx({"relu": 0.5, "tanh": 0.3, "elu": 0.2}, abs=1e-3)
    assert [axis.chosen(axis.drawn(text)) for text in ("relu", "tanh", "elu")] == ["relu", "tanh", "elu"]


@pytest.mark.parametrize(
    ("parameter", "options"),
    [
        ({"values": [4, 8], "probabilities": [0.5, 0.5]}, ["4", "8"]),
        ({"min": 5, "max": 30, "distribution": "q_log_uniform_values", "q": 8}, [8, 16, 24]),
        ({"distribution": "q_normal", "mu": 10, "sigma": 0.5}, [8, 9, 10, 11, 12]),
        ({"distribution": "q_normal", "mu": 8, "sigma": 0.1, "q": 8}, [8]),
        ({"distribution": "q_normal", "mu": 10, "sigma": 500}, None),
    ],
)
def test_choices_are_counted_where_there_are_few(parameter: dict[str, Any], options: Any) -> None:
    assert axis_of(DIM, **parameter).options() == options


@given(
    st.floats(-20, 20),
    st.floats(1e-6, 50),
    st.booleans(),
    st.sampled_from([None, 0.001, 0.25, 3.0]),
    st.floats(TAIL, 1 - TAIL),
)
def test_a_recorded_number_is_found_again(mu: float, sigma: float, log: bool, step: float | None, draw: float) -> None:
    """A study that is made anew from the record has to know its cells by the same hashes."""
    axis = Normal("x", mu / 10 if log else mu, min(sigma, 2.0) if log else sigma, log, False, step)
    choice = axis.chosen(draw)
    assert axis.chosen(axis.drawn(choice)) == choice
    assert axis.holds(choice)


def test_included_cells_of_a_distribution_are_those_that_it_can_draw(tmp_path: Path) -> None:
    parameters = {RATE: {"distribution": "log_normal", "mu": -7, "sigma": 1}, DIM: {"min": 8, "max": 32, "step": 8}}
    sweep = Sweep.model_validate({"name": "s", "parameters": parameters, "include": [{RATE: 0.001, DIM: 16}], **SEARCH})
    (first,) = space(sweep).first_tries()
    assert first == {RATE: 0.001, DIM: 16}
    assert space(sweep).configs(first)[0].training.learning_rate == 0.001
    for cell, words in (({RATE: 5.0}, "training.learning_rate cannot be 5.0"), ({DIM: 12}, "latent_dim cannot be 12")):
        assert words in problem(tmp_path, parameters=parameters, include=[cell], **SEARCH)


NORMAL = {"distribution": "normal", "mu": 0.2, "sigma": 0.1}


@pytest.mark.parametrize(
    ("name", "parameter", "words"),
    [
        (DROPOUT, {"mu": 0.2, "sigma": 0.1}, "mu and sigma need distribution normal, log_normal, q_normal or q_log_"),
        (DROPOUT, {"mu": 0.2, "distribution": "normal"}, "normal needs both mu and sigma"),
        (DROPOUT, {"distribution": "normal"}, "give exactly one of value, values, or min with max (mu with sigma"),
        (DROPOUT, NORMAL | {"min": 0}, "give exactly one of value, values, or min with max (mu with sigma"),
        (DROPOUT, NORMAL | {"sigma": 0}, "sigma: input should be greater than 0, not 0"),
        (DROPOUT, NORMAL | {"mu": 1.5}, "model.dropout: 1.5 does not fit"),
        (DROPOUT, NORMAL | {"q": 0.1}, "q belongs to distributions whose name begins with q_"),
        (DROPOUT, NORMAL | {"step": 0.1}, "step belongs to min and max"),
        (DROPOUT, {"min": 0, "max": 0.5, "q": 0.1}, "q belongs to distributions whose name begins with q_"),
        (DROPOUT, {"min": 0, "max": 0.5, "distribution": "q_uniform"}, "q 1 leaves no two numbers between min 0 and"),
        (DROPOUT, {"min": 0, "max": 0.5, "distribution": "q_log_uniform_values"}, "min 0 must be above 0 for q_log_"),
        (DIM, NORMAL, "model.latent_dim: the field takes whole numbers; use q_normal, whose q is 1 by itself"),
        (
            DIM,
            {"distribution": "q_normal", "mu": 9, "sigma": 1, "q": 0.5},
            "the field takes whole numbers; q 0.5 gives",
        ),
        (ACTIVATION, NORMAL, "model.activation: 0.2 does not fit"),
        (
            ACTIVATION,
            {"values": ["relu", "elu"], "probabilities": [1.0]},
            "probabilities has 1 for 2 values; give each",
        ),
        (
            ACTIVATION,
            {"values": ["relu", "elu"], "probabilities": [0.5, 0.6]},
            "probabilities sum to 1.1; they must sum",
        ),
        (
            ACTIVATION,
            {"values": ["relu", "elu"], "probabilities": [0, 1]},
            "probabilities.0: input should be greater th",
        ),
        (ACTIVATION, {"value": "relu", "probabilities": [1.0]}, "probabilities belongs to values"),
    ],
)
def test_a_distribution_without_meaning_is_one_clear_line(
    tmp_path: Path, name: str, parameter: dict[str, Any], words: str
) -> None:
    told = problem(tmp_path, parameters={name: parameter}, **SEARCH)
    assert words in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("name", "parameter", "words"),
    [
        (DROPOUT, NORMAL, "mu and sigma need method random or bayes; a grid takes values, or min and max with count"),
        (
            ACTIVATION,
            {"values": ["elu"], "probabilities": [1]},
            "probabilities need method random or bayes; a grid has",
        ),
    ],
)
def test_a_grid_draws_nothing(tmp_path: Path, name: str, parameter: dict[str, Any], words: str) -> None:
    assert words in problem(tmp_path, parameters={name: parameter})


def test_values_that_move_together_have_one_probability_each(tmp_path: Path) -> None:
    two = {"values": [4, 8], "probabilities": [0.25, 0.75]}
    parameters = {DIM: two, "training.batch_size": {"values": [32, 64]}}
    searched = {"zip": [[DIM, "training.batch_size"]], **SEARCH}
    (axis,) = space(Sweep.model_validate({"name": "s", "parameters": parameters, **searched})).axes
    assert axis.told() == "4 & 32 (0.25), 8 & 64 (0.75)"
    parameters["training.batch_size"]["probabilities"] = [0.5, 0.5]
    assert "so one of them has the probabilities" in problem(tmp_path, parameters=parameters, **searched)
