"""A stand-in for training in tests of searches: known functions of the parameters, recorded like real runs."""

from __future__ import annotations

import asyncio
import gc
import math
import socket
from collections.abc import Callable, Sequence
from typing import Any

import optuna
import pytest

from sweeps import tracking
from sweeps.api import cells
from sweeps.execution.orphans import close_orphans
from sweeps.execution.pool import RunCell
from sweeps.execution.task import Outcome
from sweeps.planning.plan import SweepRun
from sweeps.search.early_stopping import EarlyStopping
from sweeps.search.search import Search
from sweeps.search.study import open_storage
from sweeps.spec.sweep import Sweep
from tests.faults import Killed

RATE, SIZE = "training.learning_rate", "training.batch_size"
SPACE = {
    "data.name": {"value": "digits"},
    "data.resolution": {"value": 32},
    RATE: {"min": 1e-4, "max": 1e-2, "distribution": "log_uniform_values"},
    SIZE: {"values": [32, 64]},
}


def sweep_of(**content: Any) -> Sweep:
    given = {"method": "bayes", "metric": {"name": "score"}, "parameters": SPACE, "run_cap": 4}
    return Sweep.model_validate({"name": "s", **given, **content})


def parabola(cell: SweepRun) -> dict[str, float]:
    """Best at a learning rate of 0.001; the error grows with the rate."""
    values = cell.parameters
    exponent = math.log10(values[RATE])
    return {"score": -((exponent + 3) ** 2) - values["training.seed"], "other": exponent, "mse": values[RATE]}


def stopped(cell: SweepRun, stop_rule: EarlyStopping) -> int | None:
    """The epoch after which a training is stopped whose loss is the distance from the best rate."""
    loss = abs(math.log10(cell.parameters[RATE]) + 3)
    return next((epoch for epoch in range(1, stop_rule.epochs + 1) if stop_rule.poor(epoch, loss + 1 / epoch)), None)


class Trainer:
    """Records what a run would have measured. fails: tells which cells fail. dies: what happens at the nth call."""

    def __init__(self, measure: Callable[[SweepRun], dict[str, float]] = parabola) -> None:
        self.measure = measure
        self.finished: list[str] = []
        self.pruned: list[int] = []
        self.fails: Callable[[SweepRun], bool] = lambda cell: False
        self.dies: dict[int, str] = {}
        self.calls = 0

    async def __call__(
        self, number: int, cell: SweepRun, tags: dict[str, str], stop_rule: EarlyStopping | None
    ) -> Outcome:
        self.calls += 1
        death = self.dies.get(self.calls)
        if death == "before":
            raise Killed
        hashes = {tracking.HASH: cell.config_hash, tracking.CELL: cell.cell_hash, tracking.HOST: socket.gethostname()}
        client = tracking.client()
        run = client.create_run(tracking.experiment("s", "?"), tags={**hashes, **tags}).info.run_id
        if death == "during":
            raise Killed
        if self.fails(cell):
            tracking.close(run, "FAILED", "the loss became nan")
            return Outcome("failed")
        if stop_rule is not None and (epoch := stopped(cell, stop_rule)) is not None:
            self.pruned.append(epoch)
            client.set_tag(run, tracking.PRUNED, f"after epoch {epoch}")
            tracking.close(run, "KILLED", "pruned")
            return Outcome("pruned")
        for name, value in self.measure(cell).items():
            client.log_metric(run, name, value)
        client.set_terminated(run, status="FINISHED")
        self.finished.append(str(cell.config_hash))
        if death == "after":
            raise Killed
        return Outcome("finished")


def run(sweep: Sweep, trainer: RunCell, limit: int | None = None) -> None:
    asyncio.run(Search(sweep, None, limit).lane(trainer))


def killed(sweep: Sweep, trainer: Trainer) -> None:
    with pytest.raises(Killed):
        run(sweep, trainer)
    gc.collect()  # the locks of a killed process are free
    close_orphans(sweep.name)  # as every launch does first


def study_of(name: str = "s") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=open_storage(None))


def states() -> list[str]:
    return [trial.state.name for trial in study_of().trials]


def chosen(sweep: Sweep) -> list[tuple[float, int]]:
    return [(cell.parameters[RATE], cell.parameters[SIZE]) for cell in cells(sweep)]


def run_at_once(sweep: Sweep, trainers: Sequence[Trainer]) -> list[str]:
    """The hashes of what these trainers finished, each in a search of its own on the same study, as processes are."""

    async def lane(trainer: Trainer) -> None:
        async def patient(number: int, cell: SweepRun, **more: Any) -> Outcome:
            await asyncio.sleep(0.01)
            return await trainer(number, cell, **more)

        await Search(sweep, None).lane(patient)

    async def together() -> None:
        await asyncio.gather(*map(lane, trainers))

    asyncio.run(together())
    return [config_hash for trainer in trainers for config_hash in trainer.finished]
