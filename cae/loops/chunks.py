"""How many steps a program does before it tells."""

from __future__ import annotations

import time
from collections.abc import Iterator

# Seconds between two looks at the loss: often enough to be watched and stopped, too seldom to cost anything.
TELL_SECONDS = 0.5
FIRST_STEPS = 8


class Pace:
    """Ranges of steps from 0 to `count`, each of about `TELL_SECONDS` by the speed of the one before it.

    The first is short, as its speed is not known and it may wait for a compiler; the second goes by no time either,
    for the first one's may be that compiler's.
    """

    def __init__(self, count: int, seconds: float = TELL_SECONDS) -> None:
        self._count, self._seconds = count, seconds

    def __iter__(self) -> Iterator[tuple[int, int]]:
        start, steps = 0, FIRST_STEPS
        for number in range(self._count):
            if start >= self._count:
                return
            end, began = min(start + steps, self._count), time.perf_counter()
            yield start, end
            if number:
                steps = max(1, round((end - start) * self._seconds / max(time.perf_counter() - began, 1e-6)))
            start = end
