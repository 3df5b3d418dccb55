"""A sweep that is killed, put in order, deleted and run again, through the command line."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from mlflow.entities import ViewType

from sweeps import tracking, workspace
from tests.end_to_end.pretended import STANDIN
from tests.end_to_end.test_sweep import LONG, here, pretend, read_until, start, statuses

pytestmark = pytest.mark.thorough


@pytest.mark.slow(seconds=30)
@pytest.mark.usefixtures("_pretended")
def test_what_kill_9_leaves_is_closed_then_deleted_and_run_again(database: Path, tiny_sweep: Path) -> None:
    process = start("run", str(tiny_sweep), *LONG, module=STANDIN)
    read_until(process, "epoch ")
    refused = here("clean", str(tiny_sweep), "--delete", "--yes")
    assert refused.exit_code == 2
    assert "tiny: still running: s0 (" in refused.stderr
    assert "a process works on it" in here("clean", str(tiny_sweep)).stdout
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert statuses("tiny") == ["RUNNING"]

    # The kernel closes a killed process's files one after the other: its pipe can end before its lock does.
    told = next(said for _ in range(20) if "left alone" not in (said := here("clean", str(tiny_sweep)).stdout))
    assert "closed: s0 (" in told
    assert statuses("tiny") == ["KILLED"]
    (folder,) = (path for path in (workspace.home() / "work").iterdir() if path.is_dir())
    assert list((folder / "checkpoints").iterdir()), "the next run goes on from here"

    done = here("clean", str(tiny_sweep), "--delete", "--yes")
    assert done.exit_code == 0, done.output
    assert "1 run (1 KILLED)" in done.stdout
    assert [found.name for found in tracking.client().search_experiments(ViewType.ALL)] == ["Default"]
    left = {path.name for path in workspace.home().rglob("*") if path.is_file()}
    assert left == {".create.lock", "mlflow.db"}

    again = pretend("run", str(tiny_sweep), "--limit", "1")
    assert again.returncode == 0, again.stdout
    assert statuses("tiny") == ["FINISHED"]
