"""Training images per second of `cae`'s own path and of what one would write instead."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable

import numpy as np

from benchmarks.interleave import Work as Timed
from benchmarks.interleave import medians, rates
from benchmarks.peers.work import BATCH, Contender, Work
from benchmarks.table import Row

SECONDS, ROUNDS = 4.0, 7
PEERS = {"plain_keras": "plain Keras", "pytorch": "PyTorch, channels last", "pythae": "pythae, float32"}
# Least ratio to each peer, by precision; pythae has no other than float32.
GOALS = {
    "float32": {"plain_keras": 1.0, "pytorch": 1.3, "pythae": 3.0},
    "bfloat16": {"plain_keras": 1.0, "pytorch": 1.0, "pythae": 3.0},
}


def make(peer: str, work: Work) -> Contender:
    found: Contender = importlib.import_module(f"benchmarks.peers.{peer}").contender(work)
    return found


def training(peer: str, work: Work) -> Timed:
    """Trains on one batch after the other and counts the images."""
    step = make(peer, work).step
    shape = (8, BATCH, work.resolution, work.resolution, 3)
    batches = itertools.cycle(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))

    def one() -> int:
        step(next(batches))
        return BATCH

    return one


def rows() -> Iterable[Row]:
    for precision, goals in GOALS.items():
        yield from _against_peers(precision, goals)
    yield from _against_itself()


def _against_peers(precision: str, goals: dict[str, float]) -> Iterable[Row]:
    found = measure({peer: (peer, Work(precision=precision)) for peer in ("ours", *goals)})
    for peer, goal in goals.items():
        what = f"training, {precision}"
        yield Row(what, found["ours"], "images/s", PEERS[peer], found["ours"] / found[peer], goal)


def _against_itself() -> Iterable[Row]:
    """bfloat16 alone: with batch norm and at 128 pixels, against the same without and at 96."""
    kinds = {"96": Work(precision="bfloat16"), "bn": Work(96, "bfloat16", True), "128": Work(128, "bfloat16")}
    found = measure({name: ("ours", work) for name, work in kinds.items()})
    yield Row("training with batch norm, bfloat16", found["bn"], "images/s", "without", found["bn"] / found["96"], 0.8)
    yield Row("training at 128x128, bfloat16", found["128"], "images/s", "at 96x96", found["128"] / found["96"], 0.55)


def measure(kinds: dict[str, tuple[str, Work]]) -> dict[str, float]:
    """Median images per second of each (peer, work), all timed in turn."""
    makers = {name: ("benchmarks.training", "training", *kind) for name, kind in kinds.items()}
    return medians(rates(makers, SECONDS, ROUNDS))
