"""How much each job does: enough to fill an accelerator, or so little that a CPU is done in a minute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """images: of a timed epoch; all, epochs: of the whole training; seconds: of timed epochs at least."""

    images: int = 25_600
    all: int = 170_000
    epochs: int = 24
    resolution: int = 96
    maps: tuple[int, ...] = (64, 64, 128, 128)
    seconds: float = 4.0
    matrix: int = 8_192


SMALL = Size(images=256, all=384, epochs=2, resolution=32, maps=(4, 8), seconds=0.1, matrix=256)
