"""What this backend makes of given weights: python -m tests.end_to_end.same_weights WEIGHTS.npz OUT.npz

First a network with each regularizer is built and seeded. Then twenty steps of a small one with batch norm from these
weights, and latent vectors. Without weights there, its own are written first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.latent_layers import reseed
from cae.latents import encode
from cae.loops.host import step
from cae.optimizer import compile_model


def main(weights: Path, out: Path) -> None:
    for regularizer in ("kl", "gae", "mmd", "sliced", "sigreg"):
        config = ModelConfig(maps=(8, 16), latent_dim=8, dropout=0.1, regularizer=regularizer)
        reseed(build_autoencoder(config, 32).model, 1, 2)
    keras.utils.set_random_seed(0)
    made = build_autoencoder(ModelConfig(maps=(8, 16), latent_dim=8, batch_norm=True), 32)
    compile_model(made.model, TrainingConfig(schedule="cosine", weight_decay=1e-4), steps=20)
    if not weights.exists():
        np.savez(weights, *made.model.get_weights())
    with np.load(weights, allow_pickle=False) as found:
        made.model.set_weights([found[name] for name in found.files])
    images = np.random.default_rng(0).integers(0, 256, (320, 32, 32, 3)).astype(np.uint8)
    before = encode(made.encoder, images, np.arange(len(images)))
    losses = [step(made.model, images[16 * k : 16 * (k + 1)]) for k in range(20)]
    after = encode(made.encoder, images, np.arange(len(images)))
    np.savez(out, before=before, after=after, losses=np.array(losses))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
