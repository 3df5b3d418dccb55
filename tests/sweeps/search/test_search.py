"""Searches go their way: what is tried, in which order, and what counts."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps import workspace
from sweeps.api import cells
from sweeps.errors import SweepError
from sweeps.execution.task import Outcome
from sweeps.planning.plan import SweepRun
from sweeps.search.queue import TrialQueue
from sweeps.search.search import Search
from sweeps.search.trial_result import TrialResult
from sweeps.spec.space import space
from sweeps.terminal import search as terminal
from tests.sweeps.searching import (
    RATE,
    SIZE,
    SPACE,
    Trainer,
    chosen,
    run,
    run_at_once,
    states,
    study_of,
    sweep_of,
)


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_search_runs_as_many_trials_as_asked_and_again_none(database: Path, method: str) -> None:
    sweep, trainer = sweep_of(method=method), Trainer()
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 4
    assert states() == ["COMPLETE"] * 4
    assert not list((workspace.home() / "work").glob("*-trial-*"))
    run(sweep, trainer)
    assert len(trainer.finished) == 4
    run(sweep_of(method=method, run_cap=6), trainer)
    assert len(trainer.finished) == 6


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["random", "bayes"])
def test_the_first_seed_decides_what_is_sampled(fresh: Callable[[], None], method: str) -> None:
    found = []
    for seed in (0, 0, 1):
        fresh()
        sweep = sweep_of(method=method, seeds=[seed], run_cap=12 if method == "bayes" else 4)
        run(sweep, Trainer())
        found.append(chosen(sweep))
    assert found[0] == found[1]
    assert not set(found[0]) & set(found[2])


@pytest.mark.thorough
def test_a_search_that_stops_and_goes_on_asks_for_the_same_cells(fresh: Callable[[], None]) -> None:
    found = []
    for limits in ([None], [5, 1, None]):
        fresh()
        for limit in limits:
            run(sweep_of(run_cap=14), Trainer(), limit)
        found.append(chosen(sweep_of(run_cap=14)))
    assert found[0] == found[1]
    assert len(set(found[0])) == 14


def test_seeds_are_averaged_inside_a_trial(database: Path) -> None:
    sweep, trainer = sweep_of(seeds=[0, 2], run_cap=5), Trainer()
    run(sweep, trainer)
    assert len(trainer.finished) == 4
    trials = study_of().trials
    assert len(trials) == sweep.trials == 2
    for trial in trials:
        assert trial.value == pytest.approx(-((math.log10(trial.params[RATE]) + 3) ** 2) - 1)


@pytest.mark.thorough
def test_limit_between_two_seeds_leaves_a_trial_to_go_on_with(database: Path) -> None:
    sweep, trainer = sweep_of(seeds=[0, 1], run_cap=4), Trainer()
    run(sweep, trainer, limit=1)
    assert states() == ["RUNNING"]
    assert [cell.state for cell in cells(sweep)] == ["finished", "new"]
    run(sweep, trainer)
    assert states() == ["COMPLETE"] * 2
    assert len(set(trainer.finished)) == len(trainer.finished) == 4


def test_values_that_move_together_and_lists_are_texts_to_optuna(database: Path) -> None:
    parameters = SPACE | {"model.maps": {"values": [[4, 8], [8, 16]]}}
    sweep = sweep_of(parameters=parameters, zip=[["model.maps", SIZE]])
    run(sweep, Trainer())
    found = {(tuple(c.parameters["model.maps"]), c.parameters[SIZE]) for c in cells(sweep)}
    assert found <= {((4, 8), 32), ((8, 16), 64)}
    assert {t.params[f"model.maps & {SIZE}"] for t in study_of().trials} <= {
        "[4, 8] & 32",
        "[8, 16] & 64",
    }


def test_excluded_choices_are_passed_over_and_do_not_count(database: Path) -> None:
    sweep = sweep_of(exclude=[{SIZE: 32}])
    run(sweep, Trainer())
    assert [size for _, size in chosen(sweep)] == [64] * 4
    assert states().count("COMPLETE") == 4


def test_choices_that_are_no_valid_run_are_passed_over(database: Path) -> None:
    parameters = SPACE | {"data.resolution": {"values": [32, 40]}, "model.maps": {"value": [2, 2, 2, 2]}}
    sweep = sweep_of(parameters=parameters)
    run(sweep, Trainer())
    assert {cell.parameters["data.resolution"] for cell in cells(sweep)} == {32}


def test_a_search_of_which_nothing_is_left_says_so(database: Path) -> None:
    nothing = space(sweep_of(method="random", parameters=SPACE, exclude=[{"data.name": "digits"}]))
    queue = TrialQueue(nothing, None, lambda params: TrialResult("new"), patience=30)
    with pytest.raises(SweepError, match="30 choices in a row were tried before, are excluded"):
        queue.take()


def test_included_cells_come_first(database: Path) -> None:
    sweep = sweep_of(include=[{RATE: 0.002, SIZE: 64}, {SIZE: 32}])
    run(sweep, Trainer())
    assert chosen(sweep)[0] == (0.002, 64)
    assert chosen(sweep)[1][1] == 32
    assert len(chosen(sweep)) == 4


def test_a_cell_that_comes_up_again_is_not_run_again(database: Path) -> None:
    parameters = {name: value for name, value in SPACE.items() if name != RATE}
    sweep, trainer = sweep_of(method="random", parameters=parameters, run_cap=8), Trainer()
    run(sweep, trainer)
    assert len(trainer.finished) == 2
    assert states().count("COMPLETE") == 2


@pytest.mark.parametrize("method", ["random", "bayes"])
@pytest.mark.parametrize("count", [5, 9])
def test_repeats_do_not_count_and_a_small_space_is_tried_to_its_end(
    database: Path, capsys: pytest.CaptureFixture[str], method: str, count: int
) -> None:
    values = {"model.latent_dim": {"values": [4, 8, 16, 32, 64]}, RATE: {"value": 0.001}}
    parameters = {"data.name": {"value": "digits"}, "data.resolution": {"value": 32}, **values}
    sweep, trainer = sweep_of(method=method, parameters=parameters, run_cap=count), Trainer()
    run(sweep, trainer)
    assert sorted(cell.parameters["model.latent_dim"] for cell in cells(sweep)) == [4, 8, 16, 32, 64]
    assert states().count("COMPLETE") == 5
    terminal.show_trials(Console(width=200), sweep, cells(sweep))
    told = capsys.readouterr().out
    assert "5 trials: 5 finished" in told
    assert ("every choice of the space is tried" in told) == (count > 5)
    calls = trainer.calls
    run(sweep, trainer)
    assert trainer.calls == calls


def test_a_range_of_whole_numbers_is_tried_to_its_end(database: Path) -> None:
    parameters = SPACE | {RATE: {"value": 0.001}, SIZE: {"min": 30, "max": 37}}
    sweep = sweep_of(method="random", parameters=parameters, run_cap=30)
    run(sweep, Trainer())
    assert sorted(cell.parameters[SIZE] for cell in cells(sweep)) == list(range(30, 38))


@pytest.mark.thorough
@pytest.mark.parametrize("goal", ["maximize", pytest.param("minimize", marks=pytest.mark.soak)])
def test_hyperband_stops_what_is_poor_and_only_that(database: Path, goal: str) -> None:
    """Whatever the goal of the search's own metric, a small loss is good."""
    parameters = SPACE | {"training.epochs": {"value": 18}}
    content = {"early_terminate": {"type": "hyperband", "min_iter": 2}, "seeds": [0, 1], "run_cap": 40}
    sweep = sweep_of(method="random", parameters=parameters, metric={"name": "other", "goal": goal}, **content)
    trainer = Trainer()
    run(sweep, trainer)
    assert set(trainer.pruned) <= {2, 6}
    by_state: dict[str, list[float]] = {"COMPLETE": [], "PRUNED": []}
    for trial in study_of().trials:
        by_state[trial.state.name].append(abs(math.log10(trial.params[RATE]) + 3))
    assert len(by_state["PRUNED"]) == len(trainer.pruned) >= 5
    assert statistics.mean(by_state["COMPLETE"]) < 0.7 * statistics.mean(by_state["PRUNED"])
    found = [cell.state for cell in cells(sweep)]
    assert found.count("pruned") == found.count("new") == len(trainer.pruned)
    calls = trainer.calls
    run(sweep, trainer)
    assert trainer.calls == calls


@pytest.mark.thorough
@pytest.mark.parametrize("rule", [{"type": "median"}, {"type": "percentile", "percentile": 30}])
def test_the_worse_part_is_stopped(database: Path, rule: dict[str, Any]) -> None:
    parameters = SPACE | {"training.epochs": {"value": 6}}
    rule = {"min_iter": 2, "startup": 4, **rule}
    sweep = sweep_of(method="random", parameters=parameters, early_terminate=rule, run_cap=20)
    trainer = Trainer()
    run(sweep, trainer)
    found = [(abs(math.log10(trial.params[RATE]) + 3), trial.state.name) for trial in study_of().trials]
    assert [state for _, state in found[:4]] == ["COMPLETE"] * 4
    assert set(trainer.pruned) <= {2, 3, 4, 5}
    assert len(trainer.pruned) == states().count("PRUNED") >= 5
    far = {state: statistics.mean(d for d, s in found if s == state) for state in ("COMPLETE", "PRUNED")}
    assert far["COMPLETE"] < far["PRUNED"]


def test_another_sampler_goes_on_with_the_same_search(database: Path) -> None:
    trainer = Trainer()
    run(sweep_of(run_cap=4), trainer)
    before = study_of().user_attrs, [trial.datetime_start for trial in study_of().trials]
    run(sweep_of(run_cap=6, sampler={"name": "tpe", "startup": 2, "group": True}), trainer)
    run(sweep_of(run_cap=8, sampler={"name": "qmc"}, method="random"), trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 8
    assert states() == ["COMPLETE"] * 8
    assert (study_of().user_attrs, [trial.datetime_start for trial in study_of().trials[:4]]) == before


def test_workers_side_by_side_try_each_cell_once(database: Path) -> None:
    sweep, trainer = sweep_of(seeds=[0, 1], run_cap=12), Trainer()

    async def patient(number: int, cell: SweepRun, **more: Any) -> Outcome:
        await asyncio.sleep(0.01 * (number % 3))
        return await trainer(number, cell, **more)

    async def together() -> None:
        search = Search(sweep, None)
        await asyncio.gather(*(search.lane(patient) for _ in range(3)))

    asyncio.run(together())
    assert len(set(trainer.finished)) == len(trainer.finished) == 12
    assert states() == ["COMPLETE"] * 6


def test_two_searches_at_once_share_the_trials(database: Path) -> None:
    """As two processes do, each with a queue of its own on the same study."""
    sweep, trainers = sweep_of(run_cap=10), (Trainer(), Trainer())

    finished = run_at_once(sweep, trainers)
    assert len(set(finished)) == len(finished) == 10
    assert all(trainer.finished for trainer in trainers)
    assert states() == ["COMPLETE"] * 10
