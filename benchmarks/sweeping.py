"""One worker with all cores against two pinned ones with half of them each: training alone, and whole sweeps."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.interleave import Work, contender, together
from benchmarks.peers.work import Work as Task
from benchmarks.table import Row
from sweeps.resources import places
from sweeps.workers import Place

CELLS = 4
SWEEP = """
name: workers
parameters:
  data.size: {value: 2000}
  data.resolution: {value: 96}
  training.epochs: {value: 4}
  training.precision: {value: bfloat16}
  model.activation: {values: [leaky_relu, relu, elu, tanh]}
  analysis.face_detector: {value: false}
  analysis.judged_faces: {value: 8}
  analysis.images_per_grid: {value: 8}
"""
SECONDS, ROUNDS = 4.0, 5
REPOSITORY = Path(__file__).parents[1]


def rows() -> Iterable[Row]:
    yield from _training_alone()
    yield from _whole_sweeps()


def cae(home: Path, *arguments: str) -> str:
    environment = os.environ | {"CAE_HOME": str(home)}
    command = [sys.executable, "-m", "sweeps", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout  # noqa: S603


# --- workers -----------------------------------------------------------------------------------------------------


def _whole_sweeps() -> Iterable[Row]:
    """From start to end, imports and all; images and null distribution are in the cache."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "workers.yaml"
        file.write_text(SWEEP, encoding="utf-8")
        cae(Path(scratch) / "first", "run", str(file), "--limit", "1")
        seconds = {}
        for workers in ("1", "2"):
            start = time.perf_counter()
            cae(Path(scratch) / workers, "run", str(file), "--workers", workers)
            seconds[workers] = time.perf_counter() - start
    one, two = (3600 * CELLS / taken for taken in seconds.values())
    yield Row("a sweep, two pinned workers", two, "runs/hour", "one worker, two threads", two / one, 1.05)


# --- training alone ----------------------------------------------------------------------------------------------


def pinned(place: Place) -> Work:
    """Trains in bfloat16 where a worker of `cae run` would."""
    os.environ.update(place.environment)
    if place.cores:
        os.sched_setaffinity(0, place.cores)
    from benchmarks.training import training

    return training("ours", Task(precision="bfloat16"))


def _training_alone() -> Iterable[Row]:
    one, two = [], []
    with ExitStack() as stack:
        alone, *pair = [
            stack.enter_context(contender("benchmarks.sweeping", "pinned", place)) for place in [Place(), *places(2)]
        ]
        for _ in range(ROUNDS):
            one.append(sum(together([alone], SECONDS)))
            two.append(sum(together(pair, SECONDS)))
    rate, peer = statistics.median(two), statistics.median(one)
    yield Row("training in two pinned workers", rate, "images/s", "one worker, two threads", rate / peer)
