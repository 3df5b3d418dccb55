from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from cae.config import RunConfig
from sweeps.execution.callbacks import Interrupted, stop_after_epoch
from sweeps.execution.placement import Placement
from sweeps.execution.task import Outcome, Task
from sweeps.execution.worker import Worker

LEAK: list[bytearray] = []


def task(label: str) -> Task:
    return Task("s", "0", label, RunConfig(), "cafe", "cafe", "d")


def perform(given: Task) -> Outcome:
    """A stand-in for a run, told by its label what to do. It runs in the worker's process."""
    if given.label == "pid":
        return Outcome("finished", str(os.getpid()))
    if given.label == "leak":
        LEAK.append(bytearray(os.urandom(1 << 20)) * 64)
        return Outcome("finished", str(os.getpid()))
    if given.label == "asked":
        return Outcome("finished", str(stop_after_epoch.is_set()))
    if given.label == "place":
        return Outcome("finished", f"{os.sched_getaffinity(0)} {os.environ['OMP_NUM_THREADS']}")
    if given.label == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if given.label == "exit":
        sys.exit(3)
    try:
        time.sleep(60)
    except Interrupted:
        return Outcome("killed")
    return Outcome("failed", "slept to the end")


def run(worker: Worker, label: str) -> Outcome:
    return asyncio.run(worker.run(task(label)))


@pytest.fixture
def worker():
    made = Worker(run=perform, leak_limit=32 << 20)
    yield made
    made.stop()


def test_a_worker_is_kept_from_cell_to_cell(worker: Worker) -> None:
    pids = {run(worker, "pid").message for _ in range(3)}
    assert pids == {str(worker.pid)}
    assert worker.pid != os.getpid()


def test_a_leak_dies_with_its_worker(worker: Worker) -> None:
    first = run(worker, "pid").message
    assert run(worker, "leak").message == first
    assert run(worker, "pid").message != first


@pytest.mark.parametrize(("label", "words"), [("die", "SIGKILL"), ("exit", "exit code 3")])
def test_a_dead_worker_is_a_failed_cell_and_is_replaced(worker: Worker, label: str, words: str) -> None:
    outcome = run(worker, label)
    assert outcome.state == "died"
    assert words in outcome.message
    assert run(worker, "pid").state == "finished"


def test_an_interruption_ends_what_runs(worker: Worker) -> None:
    run(worker, "pid")

    async def interrupted() -> Outcome:
        running = asyncio.create_task(worker.run(task("sleep")))
        await asyncio.sleep(0.5)
        worker.interrupt()
        return await running

    assert asyncio.run(interrupted()).state == "killed"


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.3])
def test_an_interruption_of_a_process_that_is_just_starting(worker: Worker, moment: float) -> None:
    async def interrupted() -> Outcome:
        running = asyncio.create_task(worker.run(task("sleep")))
        await asyncio.sleep(moment)
        worker.interrupt()
        return await running

    assert asyncio.run(interrupted()).state == "killed"


def test_ctrl_c_once_is_left_to_the_run(worker: Worker) -> None:
    assert run(worker, "asked").message == "False"
    worker.finish_epoch()
    time.sleep(0.2)
    assert run(worker, "asked").message == "True"


def test_a_worker_stays_on_its_cores_and_has_its_environment() -> None:
    core = min(os.sched_getaffinity(0))
    worker = Worker(Placement([core], {"OMP_NUM_THREADS": "1"}), run=perform)
    try:
        assert run(worker, "place").message == f"{{{core}}} 1"
        assert "OMP_NUM_THREADS" not in os.environ
    finally:
        worker.stop()


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom tests.sweeps.execution.test_worker import perform, run\n"
        "from sweeps.execution.worker import Worker\n"
        "if __name__ == '__main__':\n"
        "    worker = Worker(run=perform)\n    print(run(worker, 'pid').message, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    process = psutil.Popen([sys.executable, str(script)], stdout=-1, env={**os.environ, "PYTHONPATH": os.getcwd()})
    pid = int(process.stdout.readline())
    process.wait(120)
    deadline = time.monotonic() + 120
    while not is_gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
