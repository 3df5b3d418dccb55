"""Launches with stand-ins for workers: what a crew makes of every way in which a cell can end."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cae.config import from_flat
from sweeps import errors, tracking
from sweeps.commands.sweep import exit_code
from sweeps.execution.grid import launch
from sweeps.execution.monitor import Silent
from sweeps.execution.pool import Patience, WorkerPool, _run
from sweeps.execution.task import LaunchOptions, Outcome, Task
from sweeps.execution.workers import make_workers
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from sweeps.terminal.progress import SweepProgress

SWEEP = Sweep.model_validate({"name": "s", "max_attempts": 3})


def cell(number: int, group: str = "group") -> SweepRun:
    return SweepRun(from_flat({"training.seed": number}), f"seed={number}", f"hash{number}", group, "digest")


class Staff:
    """Workers that act a play: for each cell, how its attempts end one after the other; then it is finished."""

    def __init__(self, play: dict[str, list[str]], seconds: float = 0.01) -> None:
        self.play, self.seconds = play, seconds
        self.log: list[tuple[str, str]] = []
        self.running = self.most = 0
        self.asked: list[str] = []
        self.stopped = 0
        self.at: dict[int, Callable[[], None]] = {}  # what happens during the nth attempt of all

    async def run(self, task: Task) -> Outcome:
        self.running += 1
        self.most = max(self.most, self.running)
        happens = self.at.get(len(self.log) + 1, lambda: None)
        state = (self.play.get(task.label) or ["finished"]).pop(0)
        self.log.append((task.label, state))
        happens()
        await asyncio.sleep(self.seconds)
        self.running -= 1
        return Outcome("killed" if self.asked else state, "why")  # type: ignore[arg-type]

    def finish_epoch(self) -> None:
        self.asked.append("finish_epoch")

    def interrupt(self) -> None:
        self.asked.append("interrupt")

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def act(database: Path) -> Callable[..., str]:
    def play(staff: Staff, cells: int = 2, workers: int = 1, patience: Patience = Patience()) -> str:
        out = io.StringIO()
        monitor = SweepProgress(Console(file=out, width=200))
        pool = WorkerPool(SWEEP, LaunchOptions(), cells, monitor, "?", [staff] * workers, patience)
        try:
            launch([cell(n) for n in range(cells)], pool)
        finally:
            play.said = out.getvalue()
        return out.getvalue()

    return play


def test_workers_take_cell_after_cell(act: Any) -> None:
    staff = Staff({})
    said = act(staff, cells=7, workers=3)
    assert [label for label, _ in staff.log] == [f"seed={n}" for n in range(7)]
    assert staff.most == staff.stopped == 3
    assert said.count("finished after") == 7


@pytest.mark.parametrize("end", ["died", "killed"])  # killed: somebody asked the worker to end, not this launch
@pytest.mark.parametrize(("deaths", "attempts"), [(1, 2), (2, 3), (9, 3)])
def test_a_run_that_dies_is_tried_again_so_often_and_no_more(act: Any, end: str, deaths: int, attempts: int) -> None:
    staff = Staff({"seed=0": [end] * deaths})
    act(staff)
    assert [label for label, _ in staff.log] == ["seed=0"] * attempts + ["seed=1"]


def test_each_death_is_a_failed_attempt_of_the_record(act: Any) -> None:
    client, staff = tracking.client(), Staff({"seed=0": ["died"]})

    def begin() -> None:
        tags = {tracking.HASH: "hash0", tracking.HOST: "far"}
        client.create_run(tracking.experiment("s", "?"), tags=tags)

    staff.at = {1: begin}
    act(staff, cells=1)
    record = tracking.records("s")["hash0"]
    assert (record.status, record.tags[tracking.ERROR]) == ("FAILED", "why")


def test_a_failed_run_is_left_to_the_next_launch(act: Any) -> None:
    staff = Staff({"seed=0": ["failed"]})
    act(staff)
    assert [label for label, _ in staff.log] == ["seed=0", "seed=1"]


def test_a_lost_node_is_no_attempt(act: Any) -> None:
    staff = Staff({"seed=0": ["lost"] * 5})
    act(staff, cells=1)
    assert len(staff.log) == 6


def test_what_another_process_works_on_comes_last(act: Any) -> None:
    staff = Staff({"seed=0": ["busy"]})
    act(staff)
    assert staff.log == [("seed=0", "busy"), ("seed=1", "finished"), ("seed=0", "finished")]


def test_a_store_that_is_down_is_waited_for(act: Any) -> None:
    answers = iter([False, False, True, True, True])
    staff = Staff({"seed=0": ["waiting"]})
    said = act(staff, patience=Patience(0.01, answers=lambda storage: next(answers)))
    assert [state for _, state in staff.log] == ["waiting", "finished", "finished"]
    assert said.count("cannot be used now; 0 results wait in") == 1


def test_a_store_that_stays_down_ends_the_launch(act: Any) -> None:
    down = Patience(ask_again=0.01, give_up=0.05, answers=lambda storage: False)
    with pytest.raises(errors.TrackingError, match="the same command goes on when it is back"):
        act(Staff({"seed=0": ["waiting"]}), workers=2, cells=20, patience=down)


def test_a_full_disk_ends_the_launch(act: Any) -> None:
    staff = Staff({"seed=0": ["full"]})
    act(staff, cells=5)
    assert staff.log == [("seed=0", "full")]
    assert staff.asked == ["finish_epoch"]


@pytest.mark.parametrize(
    ("signals", "asked"),
    [([signal.SIGINT], ["finish_epoch"]), ([signal.SIGINT] * 2, ["finish_epoch", "interrupt"])],
)
def test_ctrl_c_once_and_twice(act: Any, signals: list[int], asked: list[str]) -> None:
    staff = Staff({}, seconds=0.3)
    staff.at = {1: lambda: [os.kill(os.getpid(), number) for number in signals]}
    with pytest.raises(KeyboardInterrupt):
        act(staff, cells=5)
    assert (len(staff.log), staff.asked) == (1, asked)
    assert "Ctrl-C again stops now" in act.said


def test_sigterm_stops_now(act: Any) -> None:
    staff = Staff({}, seconds=0.3)
    staff.at = {1: lambda: os.kill(os.getpid(), signal.SIGTERM)}
    with pytest.raises(KeyboardInterrupt):
        act(staff, cells=5, workers=2)
    assert staff.asked == ["interrupt", "interrupt"]
    assert len(staff.log) == 2


def test_an_error_in_one_lane_ends_the_others(database: Path) -> None:
    staff = Staff({}, seconds=0.2)
    made = WorkerPool(SWEEP, LaunchOptions(), 2, Silent(), "?", [staff] * 2)
    begun: list[int] = []

    async def lane(run: Any) -> None:
        begun.append(len(begun))
        if len(begun) == 2:
            raise ValueError("no such metric")
        while not made.stopping:
            await run(1, cell(0))

    with pytest.raises(ValueError, match="no such metric"):
        made.work(lane)
    assert staff.stopped == 2
    assert staff.asked == ["interrupt", "interrupt"]


@pytest.mark.parametrize(
    ("state", "tried", "code"), [("new", [0], 1), ("new", [], 0), ("finished", [0], 0), ("failed", [], 1)]
)
def test_a_cell_that_was_left_is_no_success(state: Any, tried: list[int], code: int) -> None:
    cells = [replace(cell(n), state=state) for n in range(2)]
    assert exit_code(cells, [cells[n] for n in tried]) == code


class Trainers(Staff):
    """Also writes down which replicates come along."""

    def __init__(self) -> None:
        super().__init__({})
        self.tasks: list[Task] = []

    async def run(self, task: Task) -> Outcome:
        self.tasks.append(task)
        return await super().run(task)


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        (1, {0: [], 1: [], 2: [], 3: [], 4: []}),
        (2, {0: [2], 2: [], 1: [3], 3: [], 4: []}),
        (8, {0: [2, 4], 2: [], 4: [], 1: [3], 3: []}),
    ],
)
def test_replicates_of_a_cell_come_along(database: Path, together: int, expected: dict[int, list[int]]) -> None:
    """Then each is run itself, and finds its training done."""
    staff = Trainers()
    pool = WorkerPool(SWEEP, LaunchOptions(seeds_together=together), 5, Silent(), "?", [staff])
    launch([cell(n, "even" if n % 2 == 0 else "odd") for n in range(5)], pool)
    seen = {task.config.training.seed: [config.training.seed for config, _ in task.replicates] for task in staff.tasks}
    assert seen == expected
    assert list(seen) == list(expected)
    assert staff.tasks[0].replicates == tuple((cell(n).config, f"hash{n}") for n in expected[0])


@pytest.mark.parametrize(
    ("keys", "backend", "remedy"),
    [
        ({"method": "grid"}, "tensorflow", "set KERAS_BACKEND=jax"),
        ({"method": "random"}, "jax", "leave it out"),
        ({"order": "seeds_last"}, "jax", "leave one of the two out"),
    ],
)
def test_seeds_together_that_cannot_be_are_refused(
    monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], backend: str, remedy: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    searched = {"training.learning_rate": {"values": [1e-4, 1e-3]}}
    sweep = Sweep.model_validate({"name": "s", "run_cap": 2, "parameters": searched, **keys})
    with pytest.raises(errors.SweepError, match=f"--seeds-together 4: .*; {remedy}"):
        make_workers(sweep, LaunchOptions(seeds_together=4))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_where_a_loop_runs_already_what_ends_the_work_ends_the_launch(error: type[BaseException]) -> None:
    told: list[str] = []

    async def work() -> None:
        raise error

    async def cell_of_a_notebook() -> None:
        _run(work(), lambda: told.append("interrupted"))

    with pytest.raises(error):
        asyncio.run(cell_of_a_notebook())
    assert told == []
