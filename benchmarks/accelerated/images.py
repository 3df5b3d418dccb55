"""Synthetic faces that come along, as many and as large as a measurement needs: python -m benchmarks.accelerated.images

That command draws them anew and writes them, with the defaults of network and training, into `faces.npz`, for machines
that have none of the packages which drawing and configurations need.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("faces.npz")
FACES, RESOLUTION, SHIFT = 64, 96, 2


def defaults() -> tuple[Any, Any]:
    """The defaults of ModelConfig and TrainingConfig, as plain fields: pydantic may be missing."""
    with np.load(FILE, allow_pickle=False) as found:
        texts = [str(found[name]) for name in ("model", "training")]
    model, training = (SimpleNamespace(**json.loads(text)) for text in texts)
    model.enforced = ("none", 0.0)
    return model, training


def pixels(count: int, resolution: int = RESOLUTION) -> np.ndarray:
    """uint8 (count, resolution, resolution, 3): the faces mirrored and shifted by up to two pixels, in random order.

    resolution: 96, or a part of it.
    """
    with np.load(FILE, allow_pickle=False) as found:
        faces = found["images"][:, :: RESOLUTION // resolution, :: RESOLUTION // resolution]
    faces = np.concatenate([faces, faces[:, :, ::-1]])
    shifts = [(y, x) for y in range(-SHIFT, SHIFT + 1) for x in range(-SHIFT, SHIFT + 1)]
    faces = np.concatenate([np.roll(faces, shift, axis=(1, 2)) for shift in shifts])
    return faces[np.random.default_rng(0).integers(0, len(faces), count)]


def draw() -> None:
    from cae.config import DataConfig, ModelConfig, TrainingConfig
    from cae.datasets import load

    images = load(DataConfig(name="synthetic", resolution=RESOLUTION, size=FACES)).images
    model, training = (np.array(part().model_dump_json()) for part in (ModelConfig, TrainingConfig))
    np.savez_compressed(FILE, images=images, model=model, training=training)


if __name__ == "__main__":
    draw()
