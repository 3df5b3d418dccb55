from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from cae.config import RunConfig
from sweeps.execute import Interrupted, Outcome, Task
from sweeps.workers import Worker

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
    if given.label == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if given.label == "exit":
        sys.exit(3)
    try:
        time.sleep(60)
    except Interrupted:
        return Outcome("killed")
    return Outcome("failed", "slept to the end")


@pytest.fixture
def worker():
    made = Worker(perform, leak_limit=32 << 20)
    yield made
    made.stop()


def test_a_worker_is_kept_from_cell_to_cell(worker: Worker) -> None:
    pids = {worker.run(task("pid")).message for _ in range(3)}
    assert pids == {str(worker.pid)}
    assert worker.pid != os.getpid()


def test_a_leak_dies_with_its_worker(worker: Worker) -> None:
    first = worker.run(task("pid")).message
    assert worker.run(task("leak")).message == first
    assert worker.run(task("pid")).message != first


@pytest.mark.parametrize(("label", "words"), [("die", "SIGKILL"), ("exit", "exit code 3")])
def test_a_dead_worker_is_a_failed_cell_and_is_replaced(worker: Worker, label: str, words: str) -> None:
    outcome = worker.run(task(label))
    assert outcome.state == "died"
    assert words in outcome.message
    assert worker.run(task("pid")).state == "finished"


def test_stop_interrupts_the_run(worker: Worker) -> None:
    worker.run(task("pid"))
    pid, outcomes = worker.pid, []
    thread = threading.Thread(target=lambda: outcomes.append(worker.run(task("sleep"))))
    thread.start()
    time.sleep(1)
    os.kill(pid, signal.SIGTERM)
    thread.join(20)
    assert [outcome.state for outcome in outcomes] == ["killed"]


def test_ctrl_c_in_the_terminal_is_left_to_the_parent(worker: Worker) -> None:
    worker.run(task("pid"))
    os.kill(worker.pid, signal.SIGINT)
    assert worker.run(task("pid")).message == str(worker.pid)


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom tests.sweeps.test_workers import perform, task\nfrom sweeps.workers import Worker\n"
        "if __name__ == '__main__':\n"
        "    worker = Worker(perform)\n    print(worker.run(task('pid')).message, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    process = psutil.Popen([sys.executable, str(script)], stdout=-1, env={**os.environ, "PYTHONPATH": os.getcwd()})
    pid = int(process.stdout.readline())
    process.wait(20)
    deadline = time.monotonic() + 20
    while (
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline
    ):
        time.sleep(0.1)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
