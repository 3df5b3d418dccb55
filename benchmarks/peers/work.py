"""What every contender trains: the network of the project's defaults on square images, Adam, cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAPS, LATENT_DIM, SLOPE, KERNEL = (64, 64, 128, 128), 256, 0.3, 3
BATCH, LEARNING_RATE, MOMENTUM = 128, 5e-4, 0.9


@dataclass(frozen=True)
class Work:
    """precision: float32 or bfloat16."""

    resolution: int = 96
    precision: str = "float32"
    batch_norm: bool = False


@dataclass(frozen=True)
class Contender:
    """A network ready to be trained.

    step: trains on one batch, uint8 (n, h, w, 3), and returns its loss, a mean per color value. parameters: how many
    the network has. operations: additions and multiplications of one image's way through it, as its library counts.
    """

    step: Callable[[np.ndarray], float]
    parameters: int
    operations: Callable[[], int]
