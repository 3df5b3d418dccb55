"""cae plan, run, status: what a sweep consists of, do it, how far it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import FILE, JSON, SET, STORAGE, clear_errors, load


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
@clear_errors
def run_command(file: Path, overrides: tuple[str, ...], storage: str | None, limit: int | None) -> None:
    """Run every cell of a sweep file that is not finished, or go on with a search. Running it again is resume."""
    from sweeps import images, launch, plan, view
    from sweeps.sweepfile import describe

    sweep = load(file, overrides)
    out = view.console()
    if sweep.method != "grid":
        return _run_search(sweep, file, overrides, out, limit, storage)
    cells = plan.plan(sweep, file)
    missing = next((cell.note for cell in cells if cell.config_hash is None), None)
    if missing:
        click.echo(f"{file}: {missing}", err=True)
        sys.exit(2)
    todo = [cell for cell in cells if cell.state != "finished"][:limit]
    if not todo:
        out.print(f"{sweep.name}: {_counted(cells)}; there is nothing to do")
    else:
        launch.remember(sweep.name, overrides)
        out.print(f"{sweep.name}: {_counted(cells)}; running {len(todo)}")
        for line in images.prepare_all([cell.config.data for cell in todo], out):
            out.print(line, markup=False)
        launch.launch(sweep, todo, out, describe(sweep, file))
        cells = plan.plan(sweep, file)
    view.show_cells(out, cells, with_metrics=True)
    view.show_legend(out)
    out.print(f"Next: `cae ui` compares the runs in MLflow; `cae faces {file} --out faces` downloads the face grids.")
    sys.exit(1 if any(cell.state == "failed" for cell in cells) else 0)


def _run_search(
    sweep: Any, file: Path, overrides: tuple[str, ...], out: Any, limit: int | None, storage: str | None
) -> None:
    from sweeps import images, launch, plan, search, space, view_search
    from sweeps.sweepfile import describe

    missing = search.missing_data(sweep)
    if missing:
        click.echo(f"{file}: {missing}", err=True)
        sys.exit(2)
    view_search.show_space(out, sweep)
    launch.remember(sweep.name, overrides)
    for line in images.prepare_all(space.space(sweep).data_sets(), out):
        out.print(line, markup=False)
    search.search(sweep, file, out, describe(sweep, file), limit, storage)
    cells = plan.plan(sweep, file, storage)
    view_search.show_trials(out, sweep, cells)
    out.print(f"Next: `cae ui` compares the runs in MLflow; `cae faces {file} --out faces` downloads the face grids.")
    sys.exit(1 if any(cell.state == "failed" for cell in cells) else 0)


@click.command("status")
@FILE
@SET
@STORAGE
@JSON
@clear_errors
def status_command(file: Path, overrides: tuple[str, ...], storage: str | None, as_json: bool) -> None:
    """Show how far a sweep is, also while another process runs it.

    Without --set, the values given to the last `cae run` of this sweep are used.
    """
    from sweeps import launch, plan, view

    sweep = load(file, overrides)
    if not overrides and (recalled := launch.recall(sweep.name)):
        sweep = load(file, recalled)
        click.echo(f"with {' '.join(f'--set {text}' for text in recalled)}, as last run", err=True)
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
