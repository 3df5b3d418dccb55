"""What no factor says: the cut of clothes, hat, frames, the kind of background, and where the random textures start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Details:
    """Choices drawn from a face's own `noise_seed`; numbers named after a hue or a place lie in [0, 1)."""

    offset: float
    parting: float
    sweep: float
    tuck: float
    hat: int
    frame: int
    clothes: int
    background: int
    hue: float
    place: float
    scene: np.ndarray


def details(noise_seed: int) -> Details:
    """The same choices for the same seed, whatever the resolution."""
    draw = np.random.default_rng(noise_seed)
    offset, parting, sweep, tuck, hue, place = draw.random(6).tolist()
    hat, frame = (int(kind) for kind in draw.integers(0, [3, 4]))
    clothes = int(draw.choice(4, p=(0.38, 0.32, 0.18, 0.12)))
    background = int(draw.choice(6, p=(0.18, 0.18, 0.20, 0.22, 0.12, 0.10)))
    scene = draw.random((3, 6, 6), dtype=np.float32)
    return Details(60 * offset, parting, sweep, tuck, hat, frame, clothes, background, hue, place, scene)
