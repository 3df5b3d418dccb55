"""Run what is not finished of a grid."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from sweeps.execution.pool import RunCell, WorkerPool
from sweeps.planning.plan import SweepRun


def launch(runs: Sequence[SweepRun], pool: WorkerPool) -> None:
    """Does each run. One that another process works on is waited for.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, when the open runs have been closed as KILLED.
    """
    waiting = deque(enumerate(runs, start=1))

    async def lane(run: RunCell) -> None:
        while waiting and not pool.stopping:
            number, todo = waiting.popleft()
            if (await run(number, todo)).state == "busy":
                waiting.append((number, todo))
                await asyncio.sleep(1)

    pool.work(lane)
