"""cae plan, run, status: what a sweep consists of, do it, how far it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import FILE, JSON, SET, STORAGE, clear_errors, load, load_as_last_run


@click.command("plan")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@SET
@STORAGE
@JSON
@click.option("--schema", is_flag=True, help="Print the JSON schema of sweep files, for editors.")
@clear_errors
def plan_command(
    file: Path | None, overrides: tuple[str, ...], storage: str | None, as_json: bool, schema: bool
) -> None:
    """Show the cells of a sweep file: hash, parameters, state. Trains nothing."""
    from sweeps import plan, sweepfile, view

    if schema:
        return click.echo(json.dumps(sweepfile.schema(), indent=2))
    if file is None:
        raise click.UsageError("give a sweep file, for example: cae plan experiments/quickstart.yaml")
    sweep = load(file, overrides)
    cells = plan.plan(sweep, file, storage)
    if as_json:
        return click.echo(json.dumps(plan.as_json(sweep, cells)))
    out = view.console()
    if sweep.method != "grid":
        return _show_search(out, sweep, cells)
    view.show_cells(out, cells)
    out.print(f"{sweep.name}: {_counted(cells)}")
    return None


def _show_search(out: Any, sweep: Any, cells: list[Any]) -> None:
    from sweeps import search, view_search

    view_search.show_space(out, sweep)
    view_search.show_trials(out, sweep, cells)
    missing = search.missing_data(sweep)
    if missing:
        out.print(missing, style="yellow", markup=False)


def _counted(cells: list[Any]) -> str:
    states = [cell.state for cell in cells]
    told = [
        f"{states.count(state)} {state}"
        for state in ("finished", "running", "pruned", "failed", "new")
        if state in states
    ]
    return f"{len(cells)} cell{'s' if len(cells) != 1 else ''}: {', '.join(told)}"


@click.command("run")
@FILE
@SET
@STORAGE
@click.option("--limit", type=click.IntRange(min=1), help="Run at most this many of the cells that are not finished.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes side by side, which share cores and GPUs. [1]")
@click.option("--ray", metavar="ADDRESS", help="Run on a Ray cluster: auto, local, or its address.")
@click.option("--num-cpus", type=float, help="CPUs of the Ray cluster for each run, if not the sweep file's.")
@click.option("--num-gpus", type=float, help="GPUs of the Ray cluster for each run, if not the sweep file's.")
@clear_errors
def run_command(
    file: Path, overrides: tuple[str, ...], storage: str | None, limit: int | None, workers: int | None, **ray: Any
) -> None:
    """Run every cell of a sweep file that is not finished, or go on with a search. Running it again is resume.

    The same command in a second terminal, or on a second machine with the same --storage, joins in.
    """
    from sweeps import images, lastrun, launch, pages, plan, tracking, view
    from sweeps.crew import Means

    sweep = load(file, overrides)
    out, means = view.console(), Means(workers, storage, **ray)
    if sweep.method != "grid":
        return _run_search(sweep, file, overrides, out, limit, means)
    cells = plan.plan(sweep, file, storage)
    missing = next((cell.note for cell in cells if cell.config_hash is None), None)
    if missing:
        click.echo(f"{file}: {missing}", err=True)
        sys.exit(2)
    todo = [cell for cell in cells if cell.state != "finished"]
    todo.sort(
        key=lambda cell: not tracking.is_computed(cell.config_hash or "")
    )  # what only waits to be uploaded comes first
    todo = todo[:limit]
    if not todo:
        out.print(f"{sweep.name}: {_counted(cells)}; there is nothing to do")
    else:
        lastrun.remember(sweep.name, overrides, storage)
        out.print(f"{sweep.name}: {_counted(cells)}; running {len(todo)}")
        for line in images.prepare_all([cell.config.data for cell in todo], out):
            out.print(line, markup=False)
        pages.publish(sweep, file)
        launch.launch(sweep, todo, means, out, pages.describe(sweep, file))
        cells = plan.plan(sweep, file, storage)
    view.show_cells(out, cells, with_metrics=True)
    view.show_legend(out)
    view.show_next(out, file)
    tried = {cell.config_hash for cell in todo}
    left = [cell for cell in cells if cell.state == "new" and cell.config_hash in tried]
    sys.exit(1 if left or any(cell.state == "failed" for cell in cells) else 0)


def _run_search(sweep: Any, file: Path, overrides: tuple[str, ...], out: Any, limit: int | None, means: Any) -> None:
    from sweeps import images, lastrun, pages, plan, search, space, view, view_search

    missing = search.missing_data(sweep)
    if missing:
        click.echo(f"{file}: {missing}", err=True)
        sys.exit(2)
    view_search.show_space(out, sweep)
    lastrun.remember(sweep.name, overrides, means.storage)
    for line in images.prepare_all(space.space(sweep).data_sets(), out):
        out.print(line, markup=False)
    pages.publish(sweep, file)
    search.search(sweep, file, means, out, pages.describe(sweep, file), limit)
    cells = plan.plan(sweep, file, means.storage)
    view_search.show_trials(out, sweep, cells)
    view.show_next(out, file)
    sys.exit(1 if any(cell.state == "failed" for cell in cells) else 0)


@click.command("status")
@FILE
@SET
@STORAGE
@JSON
@clear_errors
def status_command(file: Path, overrides: tuple[str, ...], storage: str | None, as_json: bool) -> None:
    """Show how far a sweep is, also while another process runs it.

    Without --set and --storage, what was given to the last `cae run` of this sweep is used.
    """
    from sweeps import plan, view

    sweep, storage = load_as_last_run(file, overrides, storage)
    cells = plan.plan(sweep, file, storage)
    if as_json:
        return click.echo(json.dumps(plan.as_json(sweep, cells)))
    out = view.console()
    if sweep.method != "grid":
        _show_search(out, sweep, cells)
    else:
        view.show_cells(out, cells, with_metrics=any(cell.metrics for cell in cells))
        out.print(f"{sweep.name}: {_counted(cells)}")
    for cell in cells:
        if cell.state == "running":
            view.show_running(out, cell)
    return None
