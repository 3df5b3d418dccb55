"""What a launch may use up: it ends as after Ctrl-C once, and says why."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.errors import Stopped
from sweeps.execution.budget import Budget
from sweeps.execution.grid import launch
from sweeps.execution.pool import WorkerPool
from sweeps.execution.task import LaunchOptions, Outcome
from sweeps.spec.sweep import Sweep
from sweeps.terminal.progress import SweepProgress
from tests.sweeps.execution.test_pool import Staff, cell


def launched(staff: Staff, out: io.StringIO, **keys: Any) -> None:
    sweep = Sweep.model_validate({"name": "s", **keys})
    monitor = SweepProgress(Console(file=out, width=200))
    launch([cell(n) for n in range(9)], WorkerPool(sweep, LaunchOptions(), 9, monitor, "?", [staff] * 2))


@pytest.mark.parametrize(("fails", "begun"), [([0, 1], 3), ([0, 3], 5), ([0], 9)])
def test_so_many_failures_end_a_launch(database: Path, fails: list[int], begun: int) -> None:
    """The run beside the last failure is asked to finish its epoch; no other is begun."""
    out, staff = io.StringIO(), Staff({f"seed={n}": ["failed"] for n in fails})
    staff.seconds = 0.05
    launched(staff, out, max_failures=2)
    assert begun - 1 <= len(staff.log) <= begun
    ends = len(fails) == 2
    assert staff.asked == ["finish_epoch"] * (2 * ends)
    assert out.getvalue().count("2 runs failed, the sweep file's max_failures: finishing the epoch") == ends


def test_hours_that_are_over_are_an_interruption(database: Path) -> None:
    out, staff = io.StringIO(), Staff({}, seconds=0.8)
    with pytest.raises(Stopped, match=r"^the sweep file's max_hours, 1e-05, are over$") as stopped:
        launched(staff, out, max_hours=1e-5)
    assert isinstance(stopped.value, KeyboardInterrupt)
    assert len(staff.log) <= 2  # those that ran when they were over, on a busy machine perhaps none
    assert set(staff.asked) == {"finish_epoch"}
    assert out.getvalue().count("are over: finishing the epoch") == 1


@pytest.mark.parametrize(
    ("state", "counts"),
    [("failed", True), ("died", True), ("killed", True), ("finished", False), ("pruned", False), ("busy", False)],
)
def test_what_is_a_failure(state: Any, counts: bool) -> None:
    reason = Budget(max_failures=1, max_hours=None).ended(Outcome(state))
    assert (reason is not None) == counts
    assert reason is None or not reason.interrupts


def test_without_limits_nothing_ends() -> None:
    budget = Budget(None, None)
    assert [budget.ended(Outcome("failed")) for _ in range(100)] == [None] * 100
    assert budget.hours_over() is None
