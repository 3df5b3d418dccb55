"""Python's garbage collector, kept from what a large library leaves in memory for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_to_collect() -> Iterator[None]:
    """For a block that imports a large library: its modules and classes stay until the process ends.

    The collector would go through MLflow's 400,000 objects again and again while they are made and once more at the
    end, which takes longer than all that a short command does itself. They are set aside by the first such block of a
    process alone: what is alive in a later one may well become garbage.
    """
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            gc.freeze()
        gc.enable()
