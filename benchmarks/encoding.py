"""Images to latent vectors: `cae.latents.encode` against Keras' predict."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.interleave import Work as Timed
from benchmarks.interleave import medians, rates
from benchmarks.peers.work import Work
from benchmarks.table import Row

COUNT, SECONDS, ROUNDS = 4_096, 3.0, 5
GOALS = {"float32": 3_000.0, "bfloat16": 6_000.0}


def encoding(kind: str, precision: str) -> Timed:
    from benchmarks.peers import ours
    from cae.latents import BATCH, encode

    encoder = ours.autoencoder(Work(precision=precision)).encoder
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 96, 96, 3), dtype=np.uint8)

    def one() -> int:
        if kind == "ours":
            encode(encoder, images, np.arange(COUNT))
        else:
            encoder.predict(images, batch_size=BATCH, verbose=0)
        return COUNT

    return one


def rows() -> Iterable[Row]:
    for precision, goal in GOALS.items():
        makers = {kind: ("benchmarks.encoding", "encoding", kind, precision) for kind in ("ours", "predict")}
        found = medians(rates(makers, SECONDS, ROUNDS))
        yield Row(f"encoding, {precision}", found["ours"], "images/s", goal=goal)
        yield Row(
            f"encoding, {precision}", found["ours"], "images/s", "Keras' predict", found["ours"] / found["predict"]
        )
