"""A sweep from Python as from the command line: see its runs, do them.

The only place that asks whether a sweep is a grid or a search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cae.config import DataConfig
from cae.datasets import DataError, data_digest
from sweeps import workspace
from sweeps.errors import SweepError
from sweeps.execution.monitor import Monitor, Silent
from sweeps.execution.task import LaunchOptions
from sweeps.planning.order import in_order
from sweeps.planning.plan import SweepRun, grid_runs
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import overrides


def cells(sweep: Sweep, storage: str | None = None) -> list[SweepRun]:
    """Every run of a sweep with what is recorded of it: of a grid in file order, of a search those tried so far.

    storage: the database of Optuna's studies and of leases, if not the one in `mlruns`.
    Raises SweepError, TrackingError.
    """
    if sweep.is_search:
        from sweeps.search.search import tried_runs

        return tried_runs(sweep, storage)
    return grid_runs(sweep, storage)


def data_sets(sweep: Sweep, planned: Sequence[SweepRun]) -> list[DataConfig]:
    """The image sets that a launch needs. planned: the runs to be done, for a grid."""
    return space(sweep).data_sets() if sweep.is_search else [run.config.data for run in planned if not run.adoptable]


def missing_data(sweep: Sweep) -> str | None:
    """Why a data set that the search may come to cannot be read; None where all can."""
    for data in space(sweep).data_sets() if sweep.is_search else ():
        try:
            data_digest(data)
        except DataError as error:
            return str(error)
    return None


def check_data(sweep: Sweep) -> None:
    """Raises SweepError where a data set that a search may come to, or weights that it names, cannot be read."""
    if missing := missing_data(sweep):
        raise SweepError(f"{sweep.file}: {missing}")
    named = sweep.parameters.get("analysis.inception_weights")
    _check_weights(named.choices if named else (), sweep.file)


def _check_weights(named: Iterable[str | None], file: Path) -> None:
    """Said before the first run is trained, not after it."""
    for text in dict.fromkeys(named):
        try:
            if text is not None:
                from cae.inception_weights import weights_file

                weights_file(text)
        except ValueError as error:
            raise SweepError(f"{file}: {error}") from None


def unfinished(sweep: Sweep, planned: Sequence[SweepRun], limit: int | None = None) -> list[SweepRun]:
    """Of a grid's `cells`, those that a launch would do: first all that it adopts, then at most `limit` others in the
    order that the file asks for; what only waits to be uploaded is first among these.

    Raises SweepError where their images, or weights that they name, cannot be found.
    """
    missing = next((run.note for run in planned if run.config_hash is None), None)
    if missing:
        raise SweepError(f"{sweep.file}: {missing}")
    adopted = [run for run in planned if run.adoptable]
    todo = [run for run in in_order(sweep, planned) if run.state != "finished" and not run.adoptable]
    _check_weights((run.config.analysis.inception_weights for run in todo), sweep.file)
    return adopted + sorted(todo, key=lambda run: not workspace.is_computed(run.config_hash or ""))[:limit]


def run(
    sweep: Sweep,
    options: LaunchOptions = LaunchOptions(),
    monitor: Monitor | None = None,
    limit: int | None = None,
    todo: Sequence[SweepRun] | None = None,
    prepare: Callable[[Iterable[DataConfig]], object] = lambda sets: None,
) -> list[SweepRun]:
    """Does what is not finished, at most `limit` runs; returns all runs of the sweep as they stand then.

    todo: what `unfinished` gave, if it was asked before. prepare: called with the image sets before the first run,
    which else are prepared by the first run that needs them. Raises SweepError, TrackingError, and KeyboardInterrupt
    after Ctrl-C or SIGTERM, when the open runs have been closed as KILLED.
    """
    from sweeps.execution import last_run
    from sweeps.execution.grid import launch
    from sweeps.execution.pool import WorkerPool
    from sweeps.tracking import views

    if sweep.metrics:
        from sweeps.tracking.recording import log_formulas

        log_formulas(sweep)
    if todo is None:
        todo = [] if sweep.is_search else unfinished(sweep, cells(sweep, options.storage), limit)
    if todo or sweep.is_search:
        last_run.remember(sweep.name, overrides(sweep), options.storage)
        prepare(data_sets(sweep, todo))
        views.publish(sweep)
        total = (sweep.run_cap or 0) if sweep.is_search else len(todo)
        pool = WorkerPool(sweep, options, total, monitor or Silent(), views.describe(sweep))
        if sweep.is_search:
            from sweeps.search.search import search

            search(sweep, pool, options.storage, limit)
        else:
            launch(todo, pool)
    return cells(sweep, options.storage)
