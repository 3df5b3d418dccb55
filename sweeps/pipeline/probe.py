"""A few steps of a training, to know how long it takes."""

from __future__ import annotations

import time

import numpy as np

from cae.config import RunConfig
from cae.loops import fastest
from cae.loops.order import in_batches
from cae.optimizer import compile_model
from cae.training import least_batch
from sweeps.pipeline.compute import untrained

STEPS = 3


def seconds_per_image(config: RunConfig) -> float:
    """Of a network's training as it is done on this machine, on pictures of noise; its first steps do not count."""
    network, training, side = untrained(config).model, config.training, config.data.resolution
    pictures = np.random.default_rng(0).integers(0, 256, (STEPS * training.batch_size, side, side, 3), dtype=np.uint8)
    compile_model(network, training, steps=2 * STEPS)
    loop = fastest(network, pictures)
    order = in_batches(np.arange(len(pictures)), training.batch_size, least_batch(network))
    for _ in range(2):
        began = time.perf_counter()
        for _ in loop.train(order):
            pass
        seconds = time.perf_counter() - began
    return seconds / len(pictures)
