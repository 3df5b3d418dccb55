"""What no factor says: the cut of clothes, hat, frames, the kind of background, and where the random textures start."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# Cumulated shares of all kinds but the last.
CLOTHES = (0.38, 0.70, 0.88)
BACKGROUNDS = (0.18, 0.36, 0.56, 0.78, 0.90)


@dataclass(frozen=True)
class Details:
    """Choices drawn from each face's own `noise_seed`; numbers named after a hue or a place lie in [0, 1).

    Measures; kinds, int64 (n, 1, 1); the scene, float32 (3, n, 6, 6).
    """

    offset: np.ndarray
    parting: np.ndarray
    sweep: np.ndarray
    tuck: np.ndarray
    hat: np.ndarray
    frame: np.ndarray
    clothes: np.ndarray
    background: np.ndarray
    hue: np.ndarray
    place: np.ndarray
    scene: np.ndarray


def _drawn(noise_seed: int) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Six numbers in [0, 1), four kinds and a scene for one face."""
    draw = np.random.default_rng(noise_seed)
    numbers, kinds = draw.random(6), draw.integers(0, [3, 4]).tolist()
    kinds += [bisect_right(shares, draw.random()) for shares in (CLOTHES, BACKGROUNDS)]
    return numbers, kinds, draw.random((3, 6, 6), dtype=np.float32)


def details(noise_seeds: Iterable[int]) -> Details:
    """The same choices for the same seed, whatever the resolution."""
    numbers, kinds, scenes = (np.array(drawn) for drawn in zip(*map(_drawn, noise_seeds), strict=True))
    offset, parting, sweep, tuck, hue, place = numbers.T[:, :, None, None].astype(np.float32)
    hat, frame, clothes, background = kinds.T[:, :, None, None]
    scene = scenes.swapaxes(0, 1)
    return Details(60 * offset, parting, sweep, tuck, hat, frame, clothes, background, hue, place, scene)
