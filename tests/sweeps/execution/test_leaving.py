"""A launch that leaves one of its cells, as `cae stop --cell` asks, and goes on with the others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sweeps.errors import Stopped
from sweeps.execution import launches
from sweeps.execution.grid import launch
from sweeps.execution.launches import Request, alive, ask
from sweeps.execution.monitor import Silent
from sweeps.execution.pool import WorkerPool
from sweeps.execution.task import LaunchOptions, Outcome, Task
from sweeps.spec.sweep import Sweep
from tests.sweeps.execution.test_pool import Staff, cell


class Leaving(Staff):
    """Whose first cell goes on until it is asked to end. ends: how it does."""

    def __init__(self, request: Request, ends: str = "killed") -> None:
        super().__init__({})
        self.request, self.ends = request, ends

    async def run(self, task: Task) -> Outcome:
        if task.label == "seed=0":
            ask("s", alive("s")[0], self.request)
            while not self.asked:
                await asyncio.sleep(0.01)
        await super().run(task)
        return Outcome(self.ends if task.label == "seed=0" else "finished")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _quick(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launches, "LISTEN_SECONDS", 0.02)


def play(staff: Staff, workers: int = 1, **keys: Any) -> None:
    sweep = Sweep.model_validate({"name": "s", **keys})
    launch([cell(n) for n in range(3)], WorkerPool(sweep, LaunchOptions(), 3, Silent(), "?", [staff] * workers))


@pytest.mark.parametrize(("now", "how"), [(False, "finish_epoch"), (True, "interrupt")])
@pytest.mark.parametrize("ends", ["killed", "finished", "died"])
def test_one_cell_is_left_and_the_others_are_done(now: bool, how: str, ends: str) -> None:
    """It is not tried again, is no failure, and its process, which was told to end, begins nothing more."""
    staff = Leaving(Request("hash0", now, "far"), ends)
    play(staff, max_failures=1)
    assert [label for label, _ in staff.log] == ["seed=0", "seed=1", "seed=2"]
    assert staff.asked == [how]
    assert staff.stopped == 2  # after that cell, and at the end


def test_a_cell_that_waits_is_not_begun() -> None:
    staff = Leaving(Request("hash2", False, "far"))
    pool = WorkerPool(Sweep(name="s"), LaunchOptions(), 3, Silent(), "?", [staff])

    async def first(task: Task) -> Outcome:
        if task.label == "seed=0":
            ask("s", alive("s")[0], staff.request)
            while staff.request.cell not in pool._left:  # until the launch has heard it
                await asyncio.sleep(0.01)
        return await Staff.run(staff, task)

    staff.run = first  # type: ignore[method-assign]
    launch([cell(n) for n in range(3)], pool)
    assert [label for label, _ in staff.log] == ["seed=0", "seed=1"]


@pytest.mark.parametrize(("now", "asked"), [(False, ["finish_epoch"]), (True, ["finish_epoch", "interrupt"])])
def test_a_launch_that_is_asked_to_stop_says_who_asked(now: bool, asked: list[str]) -> None:
    staff = Leaving(Request(None, now, "far"))
    with pytest.raises(Stopped, match=r"^stopped by cae stop on far$"):
        play(staff)
    assert [label for label, _ in staff.log] == ["seed=0"]
    assert staff.asked == asked
