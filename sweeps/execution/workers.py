"""The workers of a launch, here or on a Ray cluster, as they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cae.backend import BackendError, backend, check_backend
from sweeps.errors import SweepError
from sweeps.execution.placement import placements
from sweeps.execution.ray_workers import make_ray_workers
from sweeps.execution.task import LaunchOptions, Outcome, Task
from sweeps.execution.worker import Worker
from sweeps.spec.sweep import Sweep


class AnyWorker(Protocol):
    """A process for cells, here or on another machine."""

    async def run(self, task: Task) -> Outcome: ...

    def finish_epoch(self) -> None: ...

    def interrupt(self) -> None: ...

    def stop(self) -> None: ...


def make_workers(sweep: Sweep, options: LaunchOptions) -> Sequence[AnyWorker]:
    """The workers that were asked for, none started yet. Raises SweepError."""
    try:
        check_backend()
    except BackendError as error:
        raise SweepError(str(error)) from None
    if options.seeds_together > 1:
        _check_together(sweep, f"--seeds-together {options.seeds_together}")
    cpus = options.num_cpus if options.num_cpus is not None else sweep.num_cpus
    gpus = options.num_gpus if options.num_gpus is not None else sweep.num_gpus
    if options.ray is None:
        return [Worker(place) for place in placements(options.workers, gpus)]
    return make_ray_workers(options.ray, options.workers, cpus, gpus)


def _check_together(sweep: Sweep, given: str) -> None:
    if sweep.is_search:
        raise SweepError(f"{given}: a search tries one seed after the other; leave it out")
    if sweep.order == "seeds_last":
        raise SweepError(f"{given}: order: seeds_last trains a cell's seeds apart; leave one of the two out")
    if backend() != "jax":
        raise SweepError(f"{given}: one program for several seeds needs JAX; set KERAS_BACKEND=jax")
