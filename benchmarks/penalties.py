"""What enforcing a distribution costs a training step: python -m benchmarks penalties

64-64-128-128 maps, 256 latent dimensions, batches of 128 at 64 px in bfloat16, in windows taken in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import numpy as np

from benchmarks.interleave import medians, rates
from benchmarks.table import Row
from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.loops.host import step
from cae.optimizer import compile_model

RESOLUTION, BATCH = 64, 128
REGULARIZERS = ("none", "kl", "gae", "mmd", "sliced", "sigreg")
SECONDS, ROUNDS = 4.0, 7


def training(regularizer: str) -> Callable[[], int]:
    """A function that trains on one batch and returns the number of its images."""
    keras.utils.set_random_seed(0)
    model = build_autoencoder(ModelConfig.model_validate({"regularizer": regularizer}), RESOLUTION, "bfloat16").model
    compile_model(model, TrainingConfig(), steps=1)
    batch = np.random.default_rng(0).integers(0, 256, (BATCH, RESOLUTION, RESOLUTION, 3), dtype=np.uint8)

    def train() -> int:
        step(model, batch)
        return BATCH

    return train


def rows() -> Iterable[Row]:
    found = medians(rates({name: ("benchmarks.penalties", "training", name) for name in REGULARIZERS}, SECONDS, ROUNDS))
    plain = f"none, {found['none']:.0f}"
    for name in REGULARIZERS[1:]:
        yield Row(f"training with {name}", found[name], "images/s", plain, found[name] / found["none"])
