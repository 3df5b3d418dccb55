"""What other sweeps have finished is known to a search before its first trial, and costs it no run."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps import tracking
from sweeps.api import cells
from sweeps.execution.execute import _adopted
from sweeps.execution.pool import _task
from sweeps.execution.task import LaunchOptions, Outcome
from sweeps.planning.plan import SweepRun
from sweeps.search.early_stopping import EarlyStopping
from sweeps.search.known import known
from sweeps.search.study import delete_study
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.terminal import search as terminal
from tests.sweeps.fakes import record_run, record_runs
from tests.sweeps.searching import RATE, SIZE, SPACE, Trainer, parabola, run, states, study_of, sweep_of

RATES = [0.0012, 0.003]


def grid(**content: Any) -> Sweep:
    """Four cells of the space of SPACE, of another sweep."""
    parameters = SPACE | {RATE: {"values": RATES}} | content.pop("parameters", {})
    return Sweep.model_validate({"name": "grid", "parameters": parameters} | content)


class Adopting(Trainer):
    """Adopts as `execute` does, else records what a run would have measured."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__()
        self.sweep = sweep

    async def __call__(
        self, number: int, cell: SweepRun, tags: dict[str, str], stop_rule: EarlyStopping | None
    ) -> Outcome:
        task = _task(self.sweep, tracking.experiment(self.sweep.name, "?"), cell, LaunchOptions())
        adopted = _adopted(replace(task, tags=tags), None) if self.sweep.reuse else None
        return adopted or await super().__call__(number, cell, tags, stop_rule)


def searched(sweep: Sweep, limit: int | None = None) -> list[str]:
    """The hashes of what a launch of the search trains."""
    trainer = Adopting(sweep)
    run(sweep, trainer, limit)
    return trainer.finished


def said(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> str:
    out = Console(width=200)
    terminal.show_space(out, sweep)
    terminal.show_trials(out, sweep, cells(sweep))
    return capsys.readouterr().out


def test_finished_cells_are_known_trials_that_run_cap_does_not_count(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others, sweep = grid(), sweep_of(reuse=True)
    record_runs(others, parabola)
    assert "beside these, 4 cells of other sweeps will be adopted" in said(sweep, capsys)
    trained = searched(sweep)
    assert len(set(trained)) == 4
    assert not set(trained) & {cell.config_hash for cell in cells(others)}
    trials = study_of().trials
    assert [(trial.params[RATE], trial.params[SIZE]) for trial in trials[:4]] == [
        (cell.parameters[RATE], str(cell.parameters[SIZE])) for cell in cells(others)
    ]
    assert [trial.value for trial in trials[:4]] == [pytest.approx(parabola(cell)["score"]) for cell in cells(others)]
    assert states() == ["COMPLETE"] * 8
    told = said(sweep, capsys)
    assert "trial 1, 2, 3, 4: adopted from grid" in told
    assert "s: 4 trials: 4 finished; 4 adopted, which run_cap does not count" in told
    assert "will be adopted" not in told
    assert searched(sweep) == []
    delete_study("s", None)  # made anew from the record, it counts as before
    assert len(searched(sweep_of(reuse=True, run_cap=5))) == 1


def test_limit_counts_what_is_trained(database: Path) -> None:
    record_runs(grid(), parabola)
    assert len(searched(sweep_of(reuse=True), limit=1)) == 1
    assert len(cells(sweep_of(reuse=True))) == 5


def test_a_space_of_listed_choices_ends_when_all_are_known(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = sweep_of(reuse=True, parameters=SPACE | {RATE: {"values": [0.0012, 0.003, 0.005]}})
    record_runs(grid(), parabola)
    assert len(searched(sweep)) == 2
    assert "2 trials: 2 finished; every choice of the space is tried; 4 adopted" in said(sweep, capsys)


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ({}, 0),
        ({"seeds": [0]}, 0),
        ({"seeds": [0, 1]}, 4),
        ({"seeds": [0, 1, 2]}, 4),
        ({"seeds": [0, 1], "parameters": {SIZE: {"values": [64, 128]}}}, 2),
        ({"seeds": [0, 1], "parameters": {RATE: {"values": [0.01, 0.02]}}}, 2),
        ({"seeds": [0, 1], "parameters": {"training.epochs": {"value": 3}}}, 0),
        ({"seeds": [0, 1], "parameters": {"data.resolution": {"value": 16}, "model.maps": {"value": [4]}}}, 0),
        ({"seeds": [0, 1], "parameters": {"data.contrast": {"value": "normalized"}}}, 0),
        ({"seeds": [0, 1], "parameters": {"model.negative_slope": {"value": 0.3}}}, 4),
    ],
)
def test_known_is_what_lies_in_the_space_with_all_its_seeds(database: Path, others: dict[str, Any], count: int) -> None:
    record_runs(grid(**others), parabola)
    assert len(known(space(sweep_of(seeds=[0, 1])))) == count


def test_what_another_search_drew_is_known_to_the_last_digit(database: Path) -> None:
    """MLflow shows six digits of a value."""
    rate = math.pi / 1000
    drawn = grid(parameters={RATE: {"values": [rate]}})
    for cell in cells(drawn):
        record_run(drawn, cell, parabola(cell))
    assert known(space(sweep_of())) == []
    for record in tracking.records("grid").values():
        tracking.client().set_tag(record.run_id, tracking.TRIAL, f'{{"{RATE}": {rate!r}, "{SIZE}": "32"}}')
    assert {params[RATE] for params in known(space(sweep_of()))} == {rate}


def test_half_a_cell_is_adopted_and_the_trial_counts(database: Path) -> None:
    record_runs(grid(), parabola)
    sweep = sweep_of(reuse=True, seeds=[0, 1], run_cap=4, include=[{RATE: 0.003, SIZE: 64}])
    assert len(searched(sweep)) == 3
    assert [cell.link is None for cell in cells(sweep)] == [False, True, True, True]
