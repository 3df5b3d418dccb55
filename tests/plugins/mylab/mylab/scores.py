"""How far the farthest point lies, in units of the root mean square distance from the center."""

from __future__ import annotations

import numpy as np

from metrics import Measure


def farthest(points: np.ndarray) -> float:
    distances = np.linalg.norm(points - points.mean(axis=0, dtype=np.float64), axis=1)
    return float(distances.max() / np.sqrt((distances**2).mean()))


FARTHEST = Measure(
    "farthest",
    farthest,
    range="1 and up",
    direction="near its null = normal",
    words="the farthest point's distance from the center over the root mean square one",
)
