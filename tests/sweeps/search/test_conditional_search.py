"""Searches whose axes hang on each other, and whose choices are not what Optuna draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from rich.console import Console

from cae.config import RunConfig
from sweeps import tracking, workspace
from sweeps.api import cells
from sweeps.search.distributions import chosen
from sweeps.spec.space import key_of, space
from sweeps.spec.sweep import Sweep
from sweeps.terminal import search as terminal
from tests.sweeps.searching import RATE, SIZE, SPACE, Trainer, killed, run, run_at_once, states, study_of, sweep_of

ACTIVATION, SLOPE, DROPOUT = "model.activation", "model.negative_slope", "model.dropout"
CONDITIONAL: dict[str, Any] = {
    DROPOUT: {"distribution": "normal", "mu": 0.3, "sigma": 0.05, "when": {SLOPE: "< 0.25"}},
    SLOPE: {"min": 0, "max": 0.5, "step": 0.1, "when": {ACTIVATION: "leaky_relu"}},
    **SPACE,
    RATE: {"distribution": "log_normal", "mu": -7, "sigma": 1},
    ACTIVATION: {"values": ["leaky_relu", "tanh"], "probabilities": [0.6, 0.4]},
}
TRIALS = 8


def conditional(**content: Any) -> Sweep:
    return sweep_of(**{"parameters": CONDITIONAL, "run_cap": TRIALS, **content})


def found(sweep: Sweep) -> list[tuple[Any, ...]]:
    return [tuple(c.parameters[name] for name in (ACTIVATION, SLOPE, SIZE, DROPOUT, RATE)) for c in cells(sweep)]


def check_conditions(rows: list[tuple[Any, ...]]) -> None:
    default = RunConfig().model
    for activation, slope, _, dropout, _ in rows:
        assert (slope == default.negative_slope) or activation == "leaky_relu"
        assert (dropout == default.dropout) == (slope >= 0.25)
    assert len({(row[0], row[3] > 0) for row in rows}) == 3


@pytest.fixture
def uninterrupted(database: Path, fresh: Callable[[], None]) -> list[tuple[Any, ...]]:
    """What such a search tries when nobody disturbs it."""
    if not UNINTERRUPTED:
        run(conditional(), Trainer())
        UNINTERRUPTED.extend(found(conditional()))
        fresh()
    return UNINTERRUPTED


UNINTERRUPTED: list[tuple[Any, ...]] = []


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_an_axis_is_suggested_where_its_condition_holds(database: Path, method: str) -> None:
    sweep = conditional(method=method, run_cap=14)
    run(sweep, Trainer())
    check_conditions(found(sweep))
    for trial in study_of().get_trials(states=(TrialState.COMPLETE,)):
        params = chosen(space(sweep), trial)
        assert (SLOPE in params) == (params[ACTIVATION] == "leaky_relu")
        assert (DROPOUT in params) == (params.get(SLOPE, 1) < 0.25)
    assert len(found(sweep)) == 14


def test_the_record_has_the_real_values(database: Path) -> None:
    sweep = conditional(include=[{RATE: 0.002, ACTIVATION: "leaky_relu", SLOPE: 0.2, SIZE: 64, DROPOUT: 0.31}])
    run(sweep, Trainer(), limit=1)
    assert found(sweep) == [("leaky_relu", 0.2, 64, 0.31, 0.002)]
    (record,) = tracking.records("s").values()
    told = {RATE: 0.002, ACTIVATION: "leaky_relu", SLOPE: 0.2, SIZE: "64", DROPOUT: 0.31}
    assert json.loads(record.tags["sweep.trial"]) == told


@pytest.mark.thorough
@pytest.mark.parametrize(("call", "death"), [(2, "before"), (3, "during"), (5, "after"), (7, "during")])
def test_a_killed_search_tries_the_same_cells(uninterrupted: list[tuple[Any, ...]], call: int, death: str) -> None:
    sweep, trainer = conditional(), Trainer()
    trainer.dies = {call: death}
    killed(sweep, trainer)
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == TRIALS
    assert found(sweep) == uninterrupted
    assert states() == ["COMPLETE"] * TRIALS


def test_a_lost_study_is_made_anew_with_axes_absent(database: Path) -> None:
    sweep, trainer = conditional(), Trainer()
    run(sweep, trainer)
    before = {key_of(chosen(space(sweep), trial)): trial.value for trial in study_of().trials}
    tried = set(found(sweep))
    (workspace.home() / "optuna.db").unlink()
    run(sweep, trainer)
    assert len(trainer.finished) == TRIALS
    assert {key_of(chosen(space(sweep), trial)): trial.value for trial in study_of().trials} == before
    assert set(found(sweep)) == tried


@pytest.mark.thorough
def test_another_distribution_keeps_what_is_known(database: Path) -> None:
    """The study is made anew from real values, whatever share they are of the distribution now."""
    trainer = Trainer()
    run(conditional(), trainer)
    wider = CONDITIONAL | {RATE: {"distribution": "log_normal", "mu": -6.5, "sigma": 2}}
    sweep = conditional(parameters=wider, run_cap=TRIALS + 1)
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == TRIALS + 1
    assert states() == ["COMPLETE"] * (TRIALS + 1)


def test_two_conditional_searches_at_once_share_the_trials(database: Path) -> None:
    sweep, trainers = conditional(), (Trainer(), Trainer())

    finished = run_at_once(sweep, trainers)
    assert len(set(finished)) == len(finished) == TRIALS
    assert all(trainer.finished for trainer in trainers)
    check_conditions(found(sweep))


def test_a_small_conditional_space_is_tried_to_its_end(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parameters = {name: value for name, value in SPACE.items() if name.startswith("data.")}
    parameters |= {
        RATE: {"value": 0.001},
        SLOPE: {"values": [0.1, 0.2], "when": {ACTIVATION: "leaky_relu"}},
        ACTIVATION: {"values": ["leaky_relu", "tanh", "elu"]},
    }
    sweep, trainer = sweep_of(method="random", parameters=parameters, run_cap=20), Trainer()
    assert space(sweep).trials == 4
    run(sweep, trainer)
    assert sorted((row[0], row[1]) for row in found(sweep)) == [
        ("elu", 0.3),
        ("leaky_relu", 0.1),
        ("leaky_relu", 0.2),
        ("tanh", 0.3),
    ]
    terminal.show_space(Console(width=200), sweep)
    told = capsys.readouterr().out
    assert "0.1, 0.2 when model.activation is leaky_relu" in told
    assert "4 trials, all that there are (run_cap asks for 20)" in told


def test_the_images_of_a_conditional_space_are_known_before() -> None:
    parameters = {
        "model.latent_dim": {"min": 4, "max": 8},
        "data.contrast": {"value": "normalized", "when": {"data.name": "digits", "model.latent_dim": "> 6"}},
        "data.name": {"values": ["digits", "synthetic"]},
        "data.resolution": {"value": 32},
        "model.dropout": {"values": [0.1, 0.2], "when": {"data.name": "digits"}},
    }
    sweep = sweep_of(method="random", parameters=parameters)
    sets = {(data.name, data.contrast) for data in space(sweep).data_sets()}
    assert sets == {("digits", "as_is"), ("digits", "normalized"), ("synthetic", "as_is")}
    assert len(space(sweep).data_sets()) == 3
