"""Nothing of a search is lost and nothing done twice, wherever its process dies and whatever changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeps import tracking, workspace
from sweeps.api import cells
from sweeps.errors import SweepError
from sweeps.execution.task import Outcome
from sweeps.planning.plan import SweepRun
from sweeps.search.study import HOST, lock_trial
from sweeps.spec.space import key_of
from sweeps.spec.sweep import Sweep
from tests.faults import Killed
from tests.sweeps.searching import (
    SIZE,
    SPACE,
    Trainer,
    chosen,
    killed,
    run,
    states,
    study_of,
    sweep_of,
)

pytestmark = pytest.mark.thorough


def break_off(owner: type, name: str, when: str, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Lets the process die before or after the given call of a method of Optuna's."""
    original, calls = getattr(owner, name), [0]

    def broken(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and when == "before":
            raise Killed
        result = original(*args, **kwargs)
        if calls[0] == call and when == "after":
            raise Killed
        return result

    monkeypatch.setattr(owner, name, broken)


POINTS = [
    (optuna.Study, "ask", "after"),
    (optuna.Trial, "set_user_attr", "before"),
    (optuna.Trial, "set_user_attr", "after"),
    (optuna.Trial, "suggest_float", "after"),
    (optuna.Trial, "suggest_categorical", "after"),
    (optuna.Trial, "set_constraint", "after"),
    (optuna.Study, "tell", "before"),
    (optuna.Study, "tell", "after"),
]


UNINTERRUPTED: dict[str, list[tuple[float, int]]] = {}


@pytest.fixture
def uninterrupted(database: Path, fresh: Callable[[], None]) -> tuple[Sweep, list[tuple[float, int]]]:
    """A search of three trials, and what it tries when nobody disturbs it."""
    sweep = sweep_of(seeds=[0, 1], run_cap=6, constraints=["mse <= 0.005"])
    if not UNINTERRUPTED:
        run(sweep, Trainer())
        UNINTERRUPTED["cells"] = chosen(sweep)
        fresh()
    return sweep, UNINTERRUPTED["cells"]


def check_complete(sweep: Sweep, trainer: Trainer, expected: list[tuple[float, int]]) -> None:
    assert len(set(trainer.finished)) == len(trainer.finished) == 6
    assert chosen(sweep) == expected
    trials = study_of().trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 3
    assert all(list(trial.constraints) == ["mse <= 0.005"] for trial in trials)
    assert {cell.state for cell in cells(sweep)} == {"finished"}


@pytest.mark.parametrize(("owner", "name", "when"), POINTS)
def test_killed_at_any_point_of_a_trial(
    uninterrupted: Any, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, when: str
) -> None:
    sweep, expected = uninterrupted
    trainer = Trainer()
    with monkeypatch.context() as patch:
        break_off(owner, name, when, patch, call=2)
        killed(sweep, trainer)
    run(sweep, trainer)
    check_complete(sweep, trainer, expected)


@pytest.mark.parametrize("death", ["before", "during", "after"])
@pytest.mark.parametrize("call", [3, 4])
def test_killed_at_any_point_of_a_run(uninterrupted: Any, death: str, call: int) -> None:
    sweep, expected = uninterrupted
    trainer = Trainer()
    trainer.dies = {call: death}
    killed(sweep, trainer)
    run(sweep, trainer)
    check_complete(sweep, trainer, expected)


def test_a_lost_study_is_made_anew_from_the_record(database: Path) -> None:
    sweep, trainer = sweep_of(constraints=["mse <= 0.005"]), Trainer()
    run(sweep, trainer)
    before = {key_of(trial.params): (trial.value, trial.constraints) for trial in study_of().trials}
    (workspace.home() / "optuna.db").unlink()
    assert [cell.state for cell in cells(sweep)] == ["finished"] * 4
    run(sweep, trainer)
    assert len(trainer.finished) == 4
    assert {key_of(trial.params): (trial.value, trial.constraints) for trial in study_of().trials} == before


def test_an_interrupted_cell_of_a_lost_study_is_gone_on_with(database: Path) -> None:
    sweep, trainer = sweep_of(), Trainer()
    trainer.dies = {2: "during"}
    killed(sweep, trainer)
    expected = chosen(sweep)
    (workspace.home() / "optuna.db").unlink()
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 4
    assert set(expected) <= set(chosen(sweep))


def test_a_value_added_to_the_file_keeps_what_is_known(database: Path) -> None:
    trainer = Trainer()
    run(sweep_of(), trainer)
    wider = sweep_of(parameters=SPACE | {SIZE: {"values": [32, 64, 128]}}, run_cap=6)
    run(wider, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 6
    assert states() == ["COMPLETE"] * 6


def test_other_fixed_values_are_another_search(database: Path) -> None:
    trainer = Trainer()
    run(sweep_of(), trainer)
    other = sweep_of(parameters=SPACE | {"training.epochs": {"value": 3}})
    assert cells(other) == []
    run(other, trainer)
    assert len(set(trainer.finished)) == 8
    assert len(study_of().trials) == 4


def test_a_changed_file_waits_for_a_trial_that_runs(database: Path) -> None:
    run(sweep_of(), Trainer(), limit=0)
    study = study_of()
    number = study.ask().number
    hold = lock_trial("s", number, None)
    with pytest.raises(SweepError, match=r"the sweep file has changed while trial 0 of it runs"):
        run(sweep_of(metric={"name": "other"}), Trainer())
    hold.release()


def test_a_trial_of_another_machine_is_left_to_it(database: Path) -> None:
    run(sweep_of(), Trainer(), limit=0)
    study = study_of()
    study.ask().set_user_attr(HOST, "another-machine")
    trainer = Trainer()
    run(sweep_of(), trainer)
    assert len(trainer.finished) == 3
    assert states() == ["RUNNING"] + ["COMPLETE"] * 3


def test_failed_cells_are_tried_again_by_the_next_run(database: Path) -> None:
    sweep, trainer = sweep_of(), Trainer()
    trainer.fails = lambda cell: trainer.calls == 2
    run(sweep, trainer)
    assert states() == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert [cell.state for cell in cells(sweep)].count("failed") == 1
    trainer.fails = lambda cell: False
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 4
    assert states() == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    run(sweep, trainer)
    assert len(trainer.finished) == 4


def test_cells_that_all_fail_end_the_search(database: Path) -> None:
    trainer = Trainer()
    trainer.fails = lambda cell: True
    run(sweep_of(method="random"), trainer)
    assert trainer.calls == 4


def test_runs_that_could_not_even_be_opened_end_the_search_and_are_tried_again(database: Path) -> None:
    async def unopened(number: int, cell: SweepRun, **_: Any) -> Outcome:
        return Outcome("failed", "the tracking store does not answer")

    run(sweep_of(), unopened)
    assert states() == ["FAIL"] * 4
    trainer = Trainer()
    run(sweep_of(), trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 4


def test_a_run_deleted_from_the_record_is_made_again(database: Path) -> None:
    sweep, trainer = sweep_of(), Trainer()
    run(sweep, trainer)
    gone = next(iter(tracking.records("s").values()))
    tracking.client().delete_run(gone.run_id)
    run(sweep, trainer)
    assert trainer.finished.count(gone.config_hash) == 2
    assert {cell.state for cell in cells(sweep)} == {"finished"}
    assert len(study_of().trials) == 4
