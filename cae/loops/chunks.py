"""How many steps a program does before it tells."""

from __future__ import annotations

import time
from collections.abc import Iterator

# Seconds between two looks at the loss: often enough to be watched and stopped, too seldom to cost anything.
TELL_SECONDS = 0.5
FIRST_STEPS = 8


def chunks(count: int, seconds: float = TELL_SECONDS) -> Iterator[tuple[int, int]]:
    """Ranges (start, end) of the steps 0 ... count - 1, each of about so many `seconds` by the speed of the one before.

    Speed is that of whoever takes them one after the other. The first two have FIRST_STEPS: the first may wait for a
    compiler, so that nothing follows from its time.
    """
    start, steps, first = 0, FIRST_STEPS, True
    while start < count:
        end, began = min(start + steps, count), time.perf_counter()
        yield start, end
        if not first:
            steps = max(1, round((end - start) * seconds / max(time.perf_counter() - began, 1e-6)))
        start, first = end, False
