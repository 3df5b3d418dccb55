"""Proof that the contenders of `benchmarks.training` do the same work: parameters, operations, and what is learned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.interleave import once
from benchmarks.peers.work import Work
from benchmarks.table import Row
from benchmarks.training import PEERS, make

STEPS, BATCH, LAST = 300, 32, 20


def rows() -> Iterable[Row]:
    for peer, name in {"ours": "cae", **PEERS}.items():
        parameters, operations, loss = once("benchmarks.equal_work", "proof", peer)
        yield Row(f"{name}: parameters", parameters, "")
        yield Row(f"{name}: operations of an image's way through", operations / 1e6, "million")
        unit = "squared error" if peer == "pythae" else "cross-entropy"
        yield Row(f"{name}: loss after {STEPS} steps", loss, unit)


def proof(peer: str) -> tuple[int, int, float]:
    """Parameters, operations, and the mean loss of the LAST of STEPS steps on the same synthetic faces, in float32."""
    from cae.config import DataConfig
    from cae.datasets import load

    contender = make(peer, Work())
    images = load(DataConfig(size=2_000)).images
    order = np.random.default_rng(0).integers(0, len(images), (STEPS, BATCH))
    losses = [contender.step(images[rows]) for rows in order]
    return contender.parameters, contender.operations(), float(np.mean(losses[-LAST:]))
