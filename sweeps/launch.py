"""Run what is not finished of a grid."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from rich.console import Console

from sweeps.crew import Crew, Means, RunCell
from sweeps.definition import Sweep
from sweeps.plan import Cell


def launch(sweep: Sweep, cells: Sequence[Cell], means: Means, out: Console, description: str) -> None:
    """Runs each cell and shows how it ended. A cell that another process works on is waited for.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, when the running cells have been closed as KILLED.
    """
    waiting = deque(enumerate(cells, start=1))
    crew = Crew(sweep, means, len(cells), out, description)

    async def lane(run: RunCell) -> None:
        while waiting and not crew.stopping:
            number, cell = waiting.popleft()
            if (await run(number, cell)).state == "busy":
                waiting.append((number, cell))
                await asyncio.sleep(1)

    crew.work(lane)
