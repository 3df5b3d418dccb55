"""Launches that end before all is done, by `cae stop` of another process or by themselves, and go on afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import tracking, workspace
from tests.end_to_end.pretended import STANDIN, pretended
from tests.end_to_end.test_sweep import here, pretend, read_until, start, statuses, steps

pytestmark = [pytest.mark.thorough, pytest.mark.slow(seconds=20), pytest.mark.usefixtures("_pretended")]


@pytest.fixture
def file(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "stopped.yaml"
    path.write_text(pretended("stopped", 5, seeds=[0, 1, 2]))
    return path


def test_a_cell_and_then_the_launch_are_stopped_and_the_same_command_goes_on(file: Path, hold: Path) -> None:
    process = start("run", str(file), "--workers", "2", module=STANDIN)
    for _ in range(2):
        read_until(process, "epoch 3")
    key = min(tracking.records("stopped"))
    assert f"({key}), RUNNING on" in here("stop", str(file), "--cell", key[:6], "--now", "--wait").output
    read_until(process, "epoch 3")  # of the third cell, by the worker that is free now
    assert sorted(statuses("stopped")) == ["KILLED", "RUNNING", "RUNNING"]
    asked, stopped = here("stop", str(file), "--now", "--wait").output.splitlines()
    assert asked.startswith("stopped: the launch on ")
    assert (asked.endswith(" is asked to stop now"), stopped) == (True, "stopped: stopped")
    assert statuses("stopped") == ["KILLED"] * 3
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "stopped by cae stop on " in said.splitlines()[-1]
    assert here("stop", str(file)).output == "stopped: no launch of it is running\n"
    hold.unlink()
    again = pretend("run", str(file))
    assert again.returncode == 0, again.stdout + again.stderr
    assert statuses("stopped") == ["FINISHED"] * 3
    assert all(steps(record, "training/loss") == [1, 2, 3, 4, 5] for record in tracking.records("stopped").values())
    assert not tracking.sweep_tags("stopped", "sweep.launch") | tracking.sweep_tags("stopped", "sweep.stop")
    assert not list((workspace.home() / "work").iterdir())


@pytest.mark.soak
def test_a_launch_whose_hours_are_over_goes_on_another_time(file: Path) -> None:
    file.write_text(pretended("stopped", 300, max_hours=0.001))
    done = pretend("run", str(file))
    assert done.returncode == 130, done.stdout + done.stderr
    assert "max_hours, 0.001, are over: finishing the epoch" in done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert line == "the sweep file's max_hours, 0.001, are over; the same command goes on from the last finished epoch"
    (record,) = tracking.records("stopped").values()
    assert record.status == "KILLED"
    assert 1 <= len(steps(record, "training/loss")) < 300
