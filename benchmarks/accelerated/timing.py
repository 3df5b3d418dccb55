"""Epochs by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np


def timed(epoch: Callable[[int], float], images: int, seconds: float) -> dict[str, Any]:
    """Images per second after a first epoch, which waits for compilers. epoch: trains once, and returns its loss."""
    start = time.perf_counter()
    epoch(0)
    first, loss = time.perf_counter() - start, 0.0
    times: list[float] = []
    while sum(times) < seconds or len(times) < 2:
        start = time.perf_counter()
        loss = epoch(len(times) + 1)
        times.append(time.perf_counter() - start)
    rate = images / float(np.median(times))
    return {"images_per_second": rate, "first_epoch_seconds": first, "epochs": len(times) + 1, "loss": loss}
