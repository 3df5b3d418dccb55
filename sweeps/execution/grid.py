"""Run what is not finished of a grid."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from sweeps.execution.pool import RunCell, WorkerPool
from sweeps.planning.plan import SweepRun


def launch(runs: Sequence[SweepRun], pool: WorkerPool) -> None:
    """Does each run, replicates of a cell together where the pool is to do so. One that another works on is waited for.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, when the open runs have been closed as KILLED.
    """
    waiting = deque(enumerate(runs, start=1))

    async def lane(run: RunCell) -> None:
        while waiting and not pool.stopping:
            group = _take(waiting, pool.seeds_together)
            # Trained with the first, the others have only their analysis left.
            replicates = tuple((todo.config, todo.config_hash) for _, todo in group[1:])
            for number, todo in group:
                if pool.stopping:
                    return
                if (await run(number, todo, replicates=replicates)).state == "busy":
                    waiting.append((number, todo))
                    await asyncio.sleep(1)
                replicates = ()

    pool.work(lane)


def _take(waiting: deque[tuple[int, SweepRun]], count: int) -> list[tuple[int, SweepRun]]:
    """The next run, and up to `count` - 1 others of its cell. One that is adopted trains nothing and stays alone."""
    first = waiting.popleft()
    # Stops at the last one it needs: a grid may have many runs.
    alike = list(islice((each for each in waiting if _trains_with(each[1], first[1])), count - 1))
    for each in alike:
        waiting.remove(each)
    return [first, *alike]


def _trains_with(run: SweepRun, first: SweepRun) -> bool:
    return run.cell_hash == first.cell_hash and not (run.adoptable or first.adoptable)
