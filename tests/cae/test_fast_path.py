"""What makes training fast must not change what is learned: 20 steps beside plain Keras from the same weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from benchmarks.peers import plain_keras
from benchmarks.peers.work import LEARNING_RATE, Work
from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.datasets.imageset import ImageSet
from cae.loops.host import step
from cae.optimizer import compile_model

MAPS, LATENT_DIM = (8, 16), 8


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
# Adam divides by a gradient's own size and so makes rounding errors of small gradients large, more so in bfloat16,
# which keeps 8 bits.
@pytest.mark.parametrize(("precision", "tolerance", "share"), [("float32", 2e-6, 0.001), ("bfloat16", 2e-4, 0.01)])
def test_twenty_steps_are_those_of_plain_keras(
    blobs: ImageSet, precision: str, tolerance: float, share: float, batch_norm: bool
) -> None:
    keras.utils.set_random_seed(0)
    work = Work(blobs.images.shape[1], precision, batch_norm)
    slow = plain_keras.network(work, MAPS, LATENT_DIM)
    config = ModelConfig(maps=MAPS, latent_dim=LATENT_DIM, batch_norm=batch_norm)
    fast = build_autoencoder(config, work.resolution, precision).model
    compile_model(fast, TrainingConfig(learning_rate=LEARNING_RATE), steps=20)
    fast.set_weights(slow.get_weights())
    before = [weights.copy() for weights in slow.get_weights()]
    batches = np.random.default_rng(0).permuted(np.resize(blobs.images, (20, 32, *blobs.images.shape[1:])), axis=1)
    losses = [[step(model, batch) for batch in batches] for model in (slow, fast)]
    assert losses[1] == pytest.approx(losses[0], abs=tolerance)
    ours, theirs, first = (flat(weights) for weights in (fast.get_weights(), slow.get_weights(), before))
    assert np.linalg.norm(ours - theirs) <= share * np.linalg.norm(theirs - first)


def flat(weights: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([values.ravel() for values in weights])
