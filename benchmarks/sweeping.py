"""One worker with all cores against two pinned ones with half of them each: training alone, and whole sweeps."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.interleave import Work, contender, timed, together
from benchmarks.peers.work import Work as Task
from benchmarks.table import Row
from sweeps.execution.placement import Placement, placements

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
    alone = training_alone()
    peer = "one worker, two threads"
    yield Row("training in two pinned workers", alone[2], "images/s", peer, alone[2] / alone[1])
    swept = whole_sweeps()
    yield Row("a sweep, two pinned workers", swept[2], "runs/hour", peer, swept[2] / swept[1], 1.05)


def cae(home: Path, *arguments: str) -> str:
    environment = os.environ | {"CAE_HOME": str(home)}
    command = [sys.executable, "-m", "sweeps", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout  # noqa: S603


# --- workers -----------------------------------------------------------------------------------------------------


def whole_sweeps() -> dict[int, float]:
    """Runs per hour by workers, from start to end, imports and all; images and null distribution are in the cache."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "workers.yaml"
        file.write_text(SWEEP, encoding="utf-8")
        cae(Path(scratch) / "first", "run", str(file), "--limit", "1")
        return {
            n: 3600 * CELLS / timed(partial(cae, Path(scratch) / str(n), "run", str(file), "--workers", str(n)))
            for n in (1, 2)
        }


# --- training alone ----------------------------------------------------------------------------------------------


def pinned(place: Placement) -> Work:
    """Trains in bfloat16 where a worker of `cae run` would."""
    os.environ.update(place.environment)
    if place.cores:
        os.sched_setaffinity(0, place.cores)
    from benchmarks.training import training

    return training("ours", Task(precision="bfloat16"))


def training_alone() -> dict[int, float]:
    """Images per second by workers, both kinds alive together."""
    one, two = [], []
    with ExitStack() as stack:
        alone, *pair = [
            stack.enter_context(contender("benchmarks.sweeping", "pinned", place))
            for place in [Placement(), *placements(2)]
        ]
        for _ in range(ROUNDS):
            one.append(sum(together([alone], SECONDS)))
            two.append(sum(together(pair, SECONDS)))
    return {1: statistics.median(one), 2: statistics.median(two)}
