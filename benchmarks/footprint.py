"""A worker's memory on a large set, and how long commands take to start."""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.interleave import once
from benchmarks.peers.work import BATCH, Work
from benchmarks.sweeping import REPOSITORY, cae
from benchmarks.table import Row

LARGE = 200_000
STARTS = 15


def rows() -> Iterable[Row]:
    own, mapped = once("benchmarks.footprint", "memory_of_a_training")
    what = f"memory of a training, 128x128, batch norm, {LARGE:,} images"
    yield Row(what, own / 1e9, "GB", goal=2.5, less=True)
    yield Row(f"{what}: pages of files beside it", mapped / 1e9, "GB")
    yield from _starts()


# --- memory ------------------------------------------------------------------------------------------------------


def memory_of_a_training(steps: int = 40) -> tuple[int, int]:
    """Bytes that a process which trains on a mapped set has for itself, and bytes of the set that are in memory."""
    from benchmarks.peers import ours
    from cae.loops.order import batches, in_batches

    images = mapped_images(LARGE, 128)
    step = ours.contender(Work(128, "bfloat16", batch_norm=True)).step
    order = np.random.default_rng(0).permutation(LARGE)[: steps * BATCH]
    for batch in batches(images, in_batches(order, BATCH)):
        step(batch)
    return _resident("RssAnon"), _resident("RssFile")


def mapped_images(count: int, resolution: int) -> np.ndarray:
    """A set of black images on disk, mapped as a prepared set is; the file is sparse and goes when nobody maps it."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "images.npy"
        np.lib.format.open_memmap(file, "w+", np.uint8, (count, resolution, resolution, 3))
        return np.load(file, mmap_mode="r")


def _resident(kind: str) -> int:
    """Bytes of this process in memory of one kind, as Linux counts them."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(kind))


# --- starting ----------------------------------------------------------------------------------------------------


def _starts() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        home, file = Path(scratch), REPOSITORY / "experiments" / "quickstart.yaml"
        once("benchmarks.footprint", "record_runs", str(home), str(file))
        yield Row("cae --help", _start(home, "--help"), "s", goal=0.4, less=True)
        for command in ("plan", "status"):
            yield Row(f"cae {command}, with finished runs", _start(home, command, str(file)), "s", goal=0.7, less=True)


def _start(home: Path, *arguments: str) -> float:
    """Seconds of processor time: what one waits for on an idle core, and hardly more on a busy one."""
    return statistics.median(processor_seconds(partial(cae, home, *arguments)) for _ in range(STARTS))


def processor_seconds(call: Callable[[], object]) -> float:
    """What the processes that `call` starts and waits for take of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def record_runs(home: str, file: str) -> None:
    """Runs of a sweep that were never trained, in MLflow's record."""
    os.environ["CAE_HOME"] = home
    from metrics.catalog import HEADLINES
    from sweeps.planning.plan import SweepRun
    from sweeps.spec.goals import MSE
    from sweeps.spec.sweep_file import load
    from tests.sweeps import fakes

    def pretended(cell: SweepRun) -> dict[str, float]:
        rng = np.random.default_rng(int(cell.config_hash or "0", 16))
        return {name: float(rng.normal(0.9, 0.01)) for name in [*(f"mnd/{name}" for name in HEADLINES), MSE]}

    fakes.record_runs(load(Path(file)), pretended)
