"""Searches with a stand-in for training: known functions of the parameters, recorded in MLflow like real runs."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import socket
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from cae.config import flatten
from sweeps import tracking
from sweeps.crew import RunCell
from sweeps.definition import Sweep, SweepError
from sweeps.execute import Outcome
from sweeps.objective import judge
from sweeps.orphans import close_orphans
from sweeps.plan import Cell, as_json, plan
from sweeps.pruning import Watch
from sweeps.search import Search
from sweeps.space import key_of, space
from sweeps.study import HOST, best, hold_trial, open_storage

FILE = Path("s.yaml")
RATE, SIZE = "training.learning_rate", "training.batch_size"
SPACE = {
    "data.name": {"value": "digits"},
    "data.resolution": {"value": 32},
    RATE: {"min": 1e-4, "max": 1e-2, "distribution": "log_uniform_values"},
    SIZE: {"values": [32, 64]},
}


class Killed(BaseException):
    """kill -9, as far as a test can be killed."""


def sweep_of(**content: Any) -> Sweep:
    given = {"method": "bayes", "metric": {"name": "score"}, "parameters": SPACE, "run_cap": 4}
    return Sweep.model_validate({"name": "s", **given, **content})


def parabola(cell: Cell) -> dict[str, float]:
    """Best at a learning rate of 0.001; the error grows with the rate."""
    values = cell.parameters
    exponent = math.log10(values[RATE])
    return {"score": -((exponent + 3) ** 2) - values["training.seed"], "other": exponent, "mse": values[RATE]}


def stopped(cell: Cell, watch: Watch) -> int | None:
    """The epoch after which a training is stopped whose loss is the distance from the best rate."""
    loss = abs(math.log10(cell.parameters[RATE]) + 3)
    return next((epoch for epoch in range(1, watch.epochs + 1) if watch.poor(epoch, loss + 1 / epoch)), None)


class Trainer:
    """Records what a run would have measured. fails: tells which cells fail. dies: what happens at the nth call."""

    def __init__(self, measure: Callable[[Cell], dict[str, float]] = parabola) -> None:
        self.measure = measure
        self.finished: list[str] = []
        self.pruned: list[int] = []
        self.fails: Callable[[Cell], bool] = lambda cell: False
        self.dies: dict[int, str] = {}
        self.calls = 0

    async def __call__(self, number: int, cell: Cell, tags: dict[str, str], watch: Watch | None) -> Outcome:
        self.calls += 1
        death = self.dies.get(self.calls)
        if death == "before":
            raise Killed
        hashes = {tracking.HASH: cell.config_hash, tracking.CELL: cell.cell_hash, tracking.HOST: socket.gethostname()}
        client = tracking.client()
        run = client.create_run(tracking.experiment("s", "?"), tags={**hashes, **tags}).info.run_id
        if death == "during":
            raise Killed
        if self.fails(cell):
            tracking.close(run, "FAILED", "the loss became nan")
            return Outcome("failed")
        if watch is not None and (epoch := stopped(cell, watch)) is not None:
            self.pruned.append(epoch)
            client.set_tag(run, tracking.PRUNED, f"after epoch {epoch}")
            tracking.close(run, "KILLED", "pruned")
            return Outcome("pruned")
        for name, value in self.measure(cell).items():
            client.log_metric(run, name, value)
        client.set_terminated(run, status="FINISHED")
        self.finished.append(str(cell.config_hash))
        if death == "after":
            raise Killed
        return Outcome("finished")


def run(sweep: Sweep, trainer: RunCell, limit: int | None = None) -> None:
    asyncio.run(Search(sweep, FILE, None, limit).lane(trainer))


def killed(sweep: Sweep, trainer: Trainer) -> None:
    with pytest.raises(Killed):
        run(sweep, trainer)
    gc.collect()  # the locks of a killed process are free
    close_orphans(sweep.name)  # as every launch does first


def study_of(name: str = "s") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=open_storage(None))


def states() -> list[str]:
    return [trial.state.name for trial in study_of().trials]


def chosen(sweep: Sweep) -> list[tuple[float, int]]:
    return [(cell.parameters[RATE], cell.parameters[SIZE]) for cell in plan(sweep, FILE)]


@pytest.fixture
def fresh(database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Makes `mlruns` anew, to do the same again."""
    original = database.read_bytes()

    def renew() -> None:
        monkeypatch.setenv("CAE_HOME", str(tmp_path / f"home-{len(list(tmp_path.iterdir()))}"))
        tracking.home().mkdir(parents=True)
        (tracking.home() / "mlflow.db").write_bytes(original)

    return renew


# --- a search goes its way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_search_runs_as_many_trials_as_asked_and_again_none(database: Path, method: str) -> None:
    sweep, trainer = sweep_of(method=method), Trainer()
    run(sweep, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 4
    assert states() == ["COMPLETE"] * 4
    assert not list((tracking.home() / "work").glob("*-trial-*"))
    run(sweep, trainer)
    assert len(trainer.finished) == 4
    run(sweep_of(method=method, run_cap=6), trainer)
    assert len(trainer.finished) == 6


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


def test_limit_between_two_seeds_leaves_a_trial_to_go_on_with(database: Path) -> None:
    sweep, trainer = sweep_of(seeds=[0, 1], run_cap=4), Trainer()
    run(sweep, trainer, limit=1)
    assert states() == ["RUNNING"]
    assert [cell.state for cell in plan(sweep, FILE)] == ["finished", "new"]
    run(sweep, trainer)
    assert states() == ["COMPLETE"] * 2
    assert len(set(trainer.finished)) == len(trainer.finished) == 4


def test_values_that_move_together_and_lists_are_texts_to_optuna(database: Path) -> None:
    parameters = SPACE | {"model.maps": {"values": [[4, 8], [8, 16]]}}
    sweep = sweep_of(parameters=parameters, zip=[["model.maps", SIZE]])
    run(sweep, Trainer())
    found = {(tuple(c.parameters["model.maps"]), c.parameters[SIZE]) for c in plan(sweep, FILE)}
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
    assert {cell.parameters["data.resolution"] for cell in plan(sweep, FILE)} == {32}


def test_a_search_of_which_nothing_is_left_says_so(database: Path) -> None:
    with pytest.raises(SweepError, match="1000 choices in a row were excluded"):
        run(sweep_of(method="random", parameters=SPACE, exclude=[{"data.name": "digits"}]), Trainer())


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
    assert states() == ["COMPLETE"] * 8


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
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
    found = [cell.state for cell in plan(sweep, FILE)]
    assert found.count("pruned") == found.count("new") == len(trainer.pruned)
    calls = trainer.calls
    run(sweep, trainer)
    assert trainer.calls == calls


# --- nothing lost, nothing twice ---------------------------------------------------------------------------------


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
    assert {cell.state for cell in plan(sweep, FILE)} == {"finished"}


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
    (tracking.home() / "optuna.db").unlink()
    assert [cell.state for cell in plan(sweep, FILE)] == ["finished"] * 4
    run(sweep, trainer)
    assert len(trainer.finished) == 4
    assert {key_of(trial.params): (trial.value, trial.constraints) for trial in study_of().trials} == before


def test_an_interrupted_cell_of_a_lost_study_is_gone_on_with(database: Path) -> None:
    sweep, trainer = sweep_of(), Trainer()
    trainer.dies = {2: "during"}
    killed(sweep, trainer)
    expected = chosen(sweep)
    (tracking.home() / "optuna.db").unlink()
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
    assert plan(other, FILE) == []
    run(other, trainer)
    assert len(set(trainer.finished)) == 8
    assert len(study_of().trials) == 4


def test_a_changed_file_waits_for_a_trial_that_runs(database: Path) -> None:
    run(sweep_of(), Trainer(), limit=0)
    study = study_of()
    number = study.ask().number
    hold = hold_trial("s", number, None)
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
    assert [cell.state for cell in plan(sweep, FILE)].count("failed") == 1
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
    async def unopened(number: int, cell: Cell, **_: Any) -> Outcome:
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
    assert {cell.state for cell in plan(sweep, FILE)} == {"finished"}
    assert len(study_of().trials) == 4


# --- aims --------------------------------------------------------------------------------------------------------


def test_a_metric_that_no_run_measures_stops_the_search_at_once(database: Path) -> None:
    trainer = Trainer()
    with pytest.raises(SweepError, match=r"s.yaml: metric: no run measures scoer; did you mean score\?"):
        run(sweep_of(metric={"name": "scoer"}), trainer)
    assert trainer.calls == 1
    with pytest.raises(SweepError, match="constraints: no run measures nse"):
        run(sweep_of(constraints=["nse <= 1"]), trainer)
    run(sweep_of(), trainer)
    assert len(trainer.finished) == 4


def test_a_metric_that_one_run_lacks_fails_its_trial(database: Path) -> None:
    trainer = Trainer(lambda cell: parabola(cell) if trainer.calls != 2 else {"other": 1.0})
    run(sweep_of(), trainer)
    assert states() == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert study_of().trials[1].user_attrs["reason"] == "score was not measured"


def verdicts_of(sweep: Sweep) -> list[Any]:
    return [judge(sweep, [cell]) for cell in plan(sweep, FILE)]


def test_the_best_keeps_the_constraints(database: Path) -> None:
    sweep = sweep_of(run_cap=12, constraints=["mse <= 0.0005"])
    run(sweep, Trainer())
    (row,) = best(sweep, verdicts_of(sweep))
    rates = [rate for rate, _ in chosen(sweep)]
    assert rates[row] == max(rate for rate in rates if rate <= 0.0005)
    assert study_of().best_trial.params[RATE] == rates[row]


def test_the_pareto_front_of_known_functions(database: Path) -> None:
    """Below 0.001 both objectives grow with the rate, above it they are at odds: there lies the front."""
    goals = [{"name": "score", "goal": "maximize"}, {"name": "other", "goal": "maximize"}]
    sweep = sweep_of(method="random", metric=goals, run_cap=20)
    run(sweep, Trainer())
    rates = [rate for rate, _ in chosen(sweep)]
    front = {rates[row] for row in best(sweep, verdicts_of(sweep))}
    distance = {rate: abs(math.log10(rate) + 3) for rate in rates}
    expected = {
        rate for rate in rates if not any(other > rate and distance[other] <= distance[rate] for other in rates)
    }
    assert front == expected
    assert 1 < len(front) < 20


def test_the_plan_has_the_form_of_any_plan(database: Path) -> None:
    sweep = sweep_of()
    run(sweep, Trainer(), limit=2)
    content = json.loads(json.dumps(as_json(sweep, plan(sweep, FILE))))
    assert [cell["state"] for cell in content["cells"]] == ["finished", "finished"]
    assert set(content["cells"][0]["parameters"]) == set(flatten(space(sweep).configs(study_of().trials[0].params)[0]))


def test_planning_creates_nothing() -> None:
    assert plan(sweep_of(), FILE) == []
    assert not tracking.home().exists()


def test_optuna_never_counts_what_the_record_does_not_have(database: Path) -> None:
    run(sweep_of(), Trainer(), limit=0)
    study = study_of()
    trial = study.ask()
    trial.suggest_float(RATE, 1e-4, 1e-2, log=True)
    trial.suggest_categorical(SIZE, ["32", "64"])
    study.tell(trial, 1.0)
    assert [cell.state for cell in plan(sweep_of(), FILE)] == ["new"]
    trainer = Trainer()
    run(sweep_of(), trainer)
    assert len(trainer.finished) == 4
    assert all(trial.state == TrialState.COMPLETE for trial in study_of().trials)
