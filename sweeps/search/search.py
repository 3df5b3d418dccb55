"""Random and Bayesian search: Optuna chooses cells, each is trained with all its seeds and told from the record."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable

from optuna.exceptions import StorageInternalError

from sweeps import tracking
from sweeps.errors import SweepError
from sweeps.execution.pool import RunCell, WorkerPool
from sweeps.locks.database import address, unusable
from sweeps.planning.plan import Digests, SweepRun, cells_of
from sweeps.search.early_stopping import EarlyStopping
from sweeps.search.known import chosen, known
from sweeps.search.queue import Claim, TrialQueue
from sweeps.search.study import tried
from sweeps.search.trial_result import TrialResult, trial_result
from sweeps.spec.fields import nearest
from sweeps.spec.space import Params, Space, key_of, space
from sweeps.spec.sweep import Sweep


def tried_runs(sweep: Sweep, storage: str | None) -> list[SweepRun]:
    """Every run of the cells that the search has tried or begun, in that order, with what is recorded of it."""
    searched, records = space(sweep), tracking.with_all_metrics(tracking.records(sweep.name), sweep.metrics)
    asked_for = {key_of(params): params for params in tried(searched, storage)}
    cells: list[SweepRun] = []
    digests: Digests = {}
    for key, params in (asked_for | {key_of(params): params for params in recorded(records)}).items():
        runs = cells_of(sweep, searched.configs(params), searched.fields, records, digests, storage)
        # The record may also hold cells of an earlier version of the file: the same choices, other fixed values.
        if key in asked_for or any(cell.run_id for cell in runs):
            cells += runs
    return list({cell.config_hash or repr(cell.config): cell for cell in cells}.values())


def recorded(records: dict[str, tracking.Record]) -> list[Params]:
    """What Optuna chose for the recorded runs, each choice once."""
    found = filter(None, map(chosen, records.values()))
    return list({key_of(params): params for params in found}.values())


def search(sweep: Sweep, pool: WorkerPool, storage: str | None, limit: int | None = None) -> None:
    """Tries as many cells as the sweep file says, less those tried before; at most `limit` runs.

    Failed ones are run again first. Raises SweepError, and KeyboardInterrupt as `execution.grid.launch` does.
    """
    try:
        pool.work(Search(sweep, storage, limit, lambda: pool.stopping).lane)
    except StorageInternalError as error:
        raise unusable(address(storage), error.__cause__ or error) from None


class Search:
    """One process's part in a search. Each of its workers goes a lane of it."""

    def __init__(
        self,
        sweep: Sweep,
        storage: str | None,
        limit: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sweep, self._storage = sweep, storage
        self._limit, self._stopping = limit, stopping
        self._space: Space = space(sweep)
        self._digests: Digests = {}
        self._queue = TrialQueue(self._space, storage, self._assess)
        self._done = sum(cell.state in ("finished", "pruned") for cell in tried_runs(sweep, storage))
        self._ran = 0
        self._learn()
        self._known = deque(known(self._space) if sweep.reuse else ())
        self._unfinished = deque(self._queue.unfinished())

    def _cells(self, params: Params) -> list[SweepRun]:
        records = tracking.records(self._sweep.name)
        return cells_of(
            self._sweep, self._space.configs(params), self._space.fields, records, self._digests, self._storage
        )

    def _assess(self, params: Params) -> TrialResult:
        return trial_result(self._sweep, self._cells(params))

    async def lane(self, run: RunCell) -> None:
        """What other sweeps have finished and what failed before, then one trial after the other, as long as there are
        any."""
        while self._known and not self._enough():
            await self._run_all(run, self._known.popleft())
        while self._unfinished and not self._enough():
            await self._run_all(run, self._unfinished.popleft())
        self._learn()
        while not self._enough():
            claim = self._queue.take()
            if claim is not None:
                await self._try(run, claim)
            elif self._queue.others_run():
                await asyncio.sleep(1)  # should they die, their trials are taken over
            else:
                return

    def _learn(self) -> None:
        records = tracking.records(self._sweep.name)
        self._check_measured(records.values())
        self._queue.learn(recorded(records))

    def _enough(self) -> bool:
        return self._stopping() or (self._limit is not None and self._ran >= self._limit)

    async def _try(self, run: RunCell, claim: Claim) -> None:
        """Runs what is not finished of a trial's cell and tells Optuna. An interruption leaves the trial to be taken
        over: its lock is free, and the record has what was done."""
        try:
            await self._run_all(run, claim.params, claim)
            self._check_measured(tracking.records(self._sweep.name).values())
            verdict = self._assess(claim.params)
            if verdict.state != "new" or not self._enough():  # or else --limit ended it between two seeds
                self._queue.tell(claim, verdict)
        finally:
            claim.release()

    async def _run_all(self, run: RunCell, params: Params, claim: Claim | None = None) -> None:
        tags = {tracking.TRIAL: json.dumps(params)}
        for seed, cell in enumerate(self._cells(params)):
            if cell.config_hash is None:
                raise SweepError(f"{self._sweep.file}: {cell.note}")
            if cell.state in ("finished", "pruned") or self._enough():
                continue
            self._ran += 1
            number = self._done + self._ran
            # The first seed's training decides for all: losses of several under one trial could not be told apart.
            rule = self._stop_rule(claim, cell) if claim is not None and seed == 0 else None
            while (outcome := await run(number, cell, tags=tags, stop_rule=rule)).state == "busy":
                await asyncio.sleep(1)
            self._ran -= outcome.adopted
            if outcome.state != "finished":
                return  # a mean over the other seeds would be another question

    def _stop_rule(self, claim: Claim, cell: SweepRun) -> EarlyStopping | None:
        rule, metric = self._sweep.early_terminate, self._sweep.metric[0]
        if rule is None:
            return None
        return EarlyStopping(
            storage=self._storage,
            study=self._sweep.name,
            trial_id=claim.trial._trial_id,
            settings=rule,
            maximize=metric.goal == "maximize",
            epochs=cell.config.training.epochs,
        )

    def _check_measured(self, records: Iterable[tracking.Record]) -> None:
        """The first finished run shows a metric's name to be wrong, not the whole search."""
        finished = {record.run_id: record for record in records if record.status == "FINISHED"}
        known = {name for record in finished.values() for name in record.metrics}
        if not known.issuperset(self._sweep.asked):  # MLflow was not given it, where the file asked for another then
            whole = tracking.with_all_metrics(finished, self._sweep.metrics)
            known = {name for record in whole.values() for name in record.metrics}
        wrong = next((name for name in self._sweep.asked if known and name not in known), None)
        if wrong is not None:
            key = "metric" if wrong in [metric.name for metric in self._sweep.metric] else "constraints"
            raise SweepError(f"{self._sweep.file}: {key}: no run measures {wrong}{nearest(wrong, known)}")
