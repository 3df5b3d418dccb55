"""What `from sweeps import ...` offers: a function for each command, with the same results as pandas tables.

Where a sweep is asked for, `Sweep` and the name of a sweep file do alike. Bad input raises SweepError, whose message
says what to do; `cae ui` and `cae init` have no function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeps import api
from sweeps.analysis import comparison
from sweeps.analysis.joint import together
from sweeps.cleanup import clean as cleaning
from sweeps.cleanup import delete as deletion
from sweeps.compared import Compared
from sweeps.errors import SweepError
from sweeps.execution import stop as stopping
from sweeps.execution.monitor import Monitor
from sweeps.execution.task import LaunchOptions
from sweeps.finished import lookup
from sweeps.finished.sweep_of_experiment import sweep_of_experiment
from sweeps.planning.plan import SweepRun
from sweeps.spec import sweep_file
from sweeps.spec.display import varied
from sweeps.spec.sweep import Sweep
from sweeps.terminal.data import prepare_and_tell
from sweeps.terminal.progress import SweepProgress
from sweeps.terminal.runs import console, seconds_taken
from sweeps.terminal.time_left import size
from sweeps.transfer import download, restore
from sweeps.transfer import export as exporting

if TYPE_CHECKING:
    from sweeps.pipeline.sheets import Sheet

Source = Sweep | Path | str


def load(file: Path | str, fixed: dict[str, Any] | None = None) -> Sweep:
    """The checked sweep of a YAML file. fixed: {"section.field": value} for every run, as --set. Raises SweepError."""
    return sweep_file.load(Path(file), fixed)


def plan(sweep: Source, *, storage: str | None = None) -> pd.DataFrame:
    """A row for each run: hashes, state (new, running, finished, failed, pruned), attempt, run_id, note, the fields
    that vary, and of finished runs all metrics. Trains nothing.

    storage: the database that machines share. Raises SweepError, TrackingError.
    """
    return _table(api.cells(_checked(sweep), storage))


def run(
    sweep: Source,
    *,
    limit: int | None = None,
    workers: int | None = None,
    storage: str | None = None,
    ray: str | None = None,
    num_cpus: float | None = None,
    num_gpus: float | None = None,
    seeds_together: int = 1,
    system_metrics: bool = False,
    progress: bool | Monitor = True,
) -> pd.DataFrame:
    """Does what is not finished, at most `limit` runs; gives the table of `plan` as it stands then.

    The other words are those of `cae run`. progress: lines on standard output, none, or a monitor of your own. A run
    that failed is one in the table. Raises SweepError, TrackingError, and KeyboardInterrupt when open runs are closed.
    """
    asked = _checked(sweep)
    options = LaunchOptions(workers, storage, ray, num_cpus, num_gpus, seeds_together, system_metrics)
    out, todo = console(), None
    bars = SweepProgress(out, most=limit)
    if asked.is_search:
        api.check_data(asked)
    else:
        runs = api.cells(asked, storage)
        todo = api.unfinished(asked, runs, limit)
        bars = SweepProgress(out, seconds_taken(runs), sizes=[size(each.config) for each in todo])
    monitor = bars if progress is True else progress or None
    prepare = prepare_and_tell(out) if progress is True else _silently
    return _table(api.run(asked, options, monitor, limit, todo, prepare))


def _silently(sets: Iterable[Any]) -> None:
    """Sets are prepared by the runs that need them."""


def compare(
    *sweeps: Source, experiments: Sequence[str] = (), metric: str | None = None, storage: str | None = None
) -> Compared:
    """The finished runs compared: answer, cells, effects, limitations; shows itself as a table in a notebook.

    sweeps: one, or several, which are compared as one. experiments: names of MLflow experiments whose sweeps join them,
    without their files. metric: ranks by this one instead of the first sweep's. Raises SweepError where no run is
    finished.
    """
    asked = [*map(_checked, sweeps), *map(sweep_of_experiment, experiments)]
    if not asked:
        raise SweepError("compare: name a sweep, several, or experiments")
    cells = together([api.cells(sweep, storage) for sweep in asked])
    return Compared(comparison.compare(asked[0], cells, metric, asked[1:]), tuple(cells))


def faces(
    source: Source, folder: Path | str, *, where: Sequence[str] = (), top: int | None = None
) -> dict[str, list[Path]]:
    """Downloads face grids into sub-folders of `folder`, and gives the files of each.

    source: a sweep, or a run by its id or hash. where: conditions such as "model.batch_norm = true", which must all
    hold. top: only so many runs, the best by the sweep's metric. Raises SweepError, TrackingError.
    """
    if isinstance(source, Sweep):
        runs = download.of_sweep(source, where, top)
    else:
        runs = download.chosen(str(source), where, top)
    folders = [fetched.folder for fetched in download.download(runs, Path(folder))]
    return {place.name: sorted(place.rglob("*.png")) for place in folders}


def sample(
    source: Source,
    method: str = "mnd",
    *,
    best: bool = False,
    count: int = 32,
    skip: int = 0,
    components: tuple[int, int] | None = None,
    attribute: str | None = None,
    recipe: str | None = None,
    **settings: float,
) -> Sheet:
    """New faces from a finished run: a sheet with `picture`, uint8 (height, width, 3), and `points`, latent vectors.

    source: id or hash of a run, their first characters, or a sweep, with `best` its best run. method, count and so
    on: as those of `cae sample`. settings: mnd_sigma, pca_sigma, interval_factor. Raises SweepError.
    """
    from sweeps.finished.sample import drawn
    from sweeps.pipeline.sheets import Choice

    chosen = Choice(count, skip, components, attribute, recipe)
    return drawn(_run_of(source, best), method, settings, chosen)[1]


def _run_of(source: Source, best: bool) -> str:
    if not isinstance(source, Sweep):
        return lookup.best_run(str(source))[0] if best else str(source)
    return lookup.best_of(source)[0].run_id if best else lookup.only_run(source).run_id


def explore(
    *targets: Source,
    page: Path | str = "explore.html",
    points: int = 5_000,
    photographs: bool = False,
    record: bool = True,
) -> Path:
    """Writes the page of `cae explore` and gives where. targets: a sweep, runs by id or hash, or both.

    points: of each latent space. photographs: whether they may be in the page. record: whether MLflow keeps it too.
    Raises SweepError, TrackingError.
    """
    from sweeps.explorer import rows
    from sweeps.explorer.page import write_page
    from sweeps.explorer.record import record as keep

    if not targets:
        raise SweepError("explore: name a sweep or runs")
    first, *runs = targets
    sweep = first if isinstance(first, Sweep) else rows.split([str(first)])[0]
    compared = None if sweep is None else compare(sweep).comparison
    named = [str(run) for run in (targets if sweep is None else runs)]
    asked = rows.asked(compared, named)
    write_page(asked, Path(page), points, photographs)
    if record:
        keep(asked, Path(page))
    return Path(page)


def rescore(sweep: Source, *, every: bool = False) -> list[str]:
    """Measures the stored latent vectors of finished runs again where the scores have changed since, or of `every` one,
    which then has what is measured besides since; their names."""
    from sweeps.finished import rescore as rescoring

    name = _checked(sweep).name
    again = [run for run in rescoring.finished_runs(name) if every or run.stale]
    return [run.name for run, _ in rescoring.rescore(name, again)]


def clean(sweep: Source, *, storage: str | None = None, host: str | None = None, dry_run: bool = False) -> list[str]:
    """Closes the runs whose process died and removes files of no use; says in lines what was done.

    host: closes also what runs on this machine, known to be dead. Raises SweepError, TrackingError.
    """
    return list(cleaning.clean(_checked(sweep).name, storage, host, dry_run))


def stop(
    sweep: Source, cell: str | None = None, now: bool = False, *, wait: bool = False, storage: str | None = None
) -> list[str]:
    """Asks every launch of the sweep that runs now, on whichever machine, to stop after the epoch, or `now`; says in
    lines what was asked for.

    cell: only this run, by its hash or its first characters; the launch goes on with the others. wait: until it has
    happened. Raises SweepError, TrackingError.
    """
    asked = stopping.stop(_checked(sweep).name, storage, cell, now)
    if wait:
        asked.wait()
    return list(asked.lines)


def delete(
    sweep: Source, *, storage: str | None = None, host: str | None = None, even_if_adopted: bool = False
) -> list[str]:
    """Deletes a sweep for good, runs, artifacts and trials, without asking; says in lines what it could not.

    even_if_adopted: also where others have adopted runs of it, which are new there then. Raises SweepError where
    something of it runs or is adopted, TrackingError.
    """
    name = _checked(sweep).name
    deletion.refuse_if_running(name, storage, host)
    found = deletion.sweep_contents(name, storage)
    if not even_if_adopted:
        deletion.refuse_if_adopted(found)
    return deletion.delete(found, storage)


def export(sweep: Source, archive: Path | str, *, storage: str | None = None) -> Path:
    """Writes all that is recorded of a sweep, artifacts included, to a zip file. Raises SweepError, TrackingError."""
    asked = _checked(sweep)
    for _ in exporting.export(asked, exporting.content(asked.name).closed, storage, Path(archive)):
        pass
    return Path(archive)


def import_archive(archive: Path | str, *, storage: str | None = None, trust_plugins: bool = False) -> Path:
    """Brings the sweep of an archive into the record at hand, and gives its sweep file; again = go on.

    trust_plugins: a sweep that names code outside this package is refused without. Raises SweepError, TrackingError.
    """
    manifest = restore.checked(Path(archive), trust_plugins)
    for _ in restore.restore(Path(archive), manifest, storage):
        pass
    return restore.place_sweep_file(Path(archive), manifest)[0]


def _checked(source: Source) -> Sweep:
    if not isinstance(source, Sweep):
        return load(source)
    sweep_file.check_metrics(source)
    return source


def _table(runs: Sequence[SweepRun]) -> pd.DataFrame:
    """A row for each run, its varied fields and metrics as columns."""
    told = ("cell_hash", "config_hash", "state", "attempt", "run_id", "note")
    names = varied([run.config for run in runs]) if runs else []
    rows = [
        {name: getattr(run, name) for name in told} | {name: run.parameters[name] for name in names} | run.metrics
        for run in runs
    ]
    return pd.DataFrame(rows, columns=None if rows else list(told))
