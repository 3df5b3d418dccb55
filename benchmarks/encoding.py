"""Images to latent vectors: `cae.latents.encode` against Keras' predict, and against the processor's arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.interleave import Work as Timed
from benchmarks.interleave import medians, once, rates
from benchmarks.peers.work import Work
from benchmarks.table import Row

COUNT, SECONDS, ROUNDS = 4_096, 3.0, 5
SIDE = 4_096
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


def matrix_product(precision: str) -> Timed:
    """The product of two large matrices, which is as near to the processor's peak as TensorFlow comes."""
    import tensorflow as tf

    a, b = (tf.cast(tf.random.normal((SIDE, SIDE)), precision) for _ in range(2))
    product = tf.function(tf.matmul)

    def one() -> int:
        product(a, b).numpy()
        return 2 * SIDE**3

    return one


def operations() -> int:
    """What the encoder computes for one image, multiplications and additions."""
    from benchmarks.peers import counting, ours

    return counting.operations(ours.autoencoder(Work()).encoder)


def rows() -> Iterable[Row]:
    each = once("benchmarks.encoding", "operations")
    for precision, goal in GOALS.items():
        makers = {kind: ("benchmarks.encoding", "encoding", kind, precision) for kind in ("ours", "predict")}
        product = {"product": ("benchmarks.encoding", "matrix_product", precision)}
        found = medians(rates(makers | product, SECONDS, ROUNDS))
        ours, what = found["ours"], f"encoding, {precision}"
        yield Row(what, ours, "images/s", goal=goal)
        yield Row(what, ours, "images/s", "Keras' predict", ours / found["predict"])
        peak = f"a matrix product, {found['product'] / 1e9:,.0f} GFLOP/s"
        yield Row(f"{what}: arithmetic", ours * each / 1e9, "GFLOP/s", peak, ours * each / found["product"])
