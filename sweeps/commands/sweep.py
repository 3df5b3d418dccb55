"""cae plan, run, status: what a sweep consists of, do it, how far it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sweeps.commands.options import FILE, JSON, SET, STORAGE, clear_errors, load, load_as_last_run

if TYPE_CHECKING:
    from rich.console import Console

    from sweeps.execution.task import LaunchOptions
    from sweeps.planning.estimate import Estimate
    from sweeps.planning.plan import SweepRun
    from sweeps.spec.sweep import Sweep


@click.command("plan")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@SET
@STORAGE
@JSON
@click.option("--probe", is_flag=True, help="Train the smallest and the largest network for a few steps, to time them.")
@click.option("--from-wandb", type=click.Path(path_type=Path), help="Print a sweep file of W&B as one of ours.")
@click.option("--out", type=click.Path(path_type=Path), help="With --from-wandb: write it to this file.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of sweep files, for editors.")
@clear_errors
def plan_command(
    file: Path | None,
    overrides: tuple[str, ...],
    storage: str | None,
    as_json: bool,
    probe: bool,
    from_wandb: Path | None,
    out: Path | None,
    schema: bool,
) -> None:
    """Show the cells of a sweep file: hash, parameters, state; and about how long they will take. Trains nothing."""
    from sweeps.spec import sweep_file

    if out and not from_wandb:
        raise click.UsageError("--out belongs to --from-wandb")
    if from_wandb:
        from sweeps.commands.wandb import show_translated

        return show_translated(from_wandb, out)
    if schema:
        return click.echo(json.dumps(sweep_file.schema(), indent=2))
    if file is None:
        raise click.UsageError("give a sweep file, for example: cae plan experiments/quickstart.yaml")
    sweep = load(file, overrides)
    return _show(sweep, storage, as_json, with_metrics=False, ahead=partial(_ahead, sweep, probe))


def _ahead(sweep: Sweep, probe: bool, cells: Sequence[SweepRun] | None) -> Estimate:
    """How long and how large what is left will be. cells: all, None of a grid too large."""
    from sweeps.planning.estimate import estimate

    if not probe:
        return estimate(sweep, cells)
    from sweeps.planning.probe import timed

    return estimate(sweep, cells, timed)


def _show(
    sweep: Sweep,
    storage: str | None,
    as_json: bool,
    with_metrics: bool,
    ahead: Callable[[Sequence[SweepRun] | None], Estimate] | None = None,
) -> None:
    from sweeps import api
    from sweeps.files import json_text
    from sweeps.planning import plan
    from sweeps.spec import grid
    from sweeps.terminal import runs

    if not sweep.is_search and not as_json and grid.count(sweep) > grid.MANY:
        _show_many(sweep, storage, with_metrics)
        return _show_ahead(runs.console(), ahead and ahead(None))
    cells = api.cells(sweep, storage)
    if as_json:
        estimated = {"estimate": ahead(cells).as_json()} if ahead else {}
        return click.echo(json_text(plan.as_json(sweep, cells) | estimated))
    out = runs.console()
    if sweep.is_search:
        _show_search(out, sweep, cells)
    else:
        measured = with_metrics and any(cell.state == "finished" for cell in cells)
        runs.show_cells(out, cells, with_metrics=measured, ranked_by=sweep if measured else None)
        out.print(f"{sweep.name}: {_counted(cells)}")
    if with_metrics:
        runs.show_running(out, cells)
    _show_trash(out, sweep)
    return _show_ahead(out, ahead and ahead(cells))


def _show_ahead(out: Console, estimated: Estimate | None) -> None:
    from sweeps.terminal.estimate import told

    if estimated:
        out.print(told(estimated), markup=False)


def _show_trash(out: Console, sweep: Sweep) -> None:
    from sweeps import tracking

    if told := tracking.trash(sweep.name):
        out.print(told, style="yellow", markup=False)


# Of a grid that is too large to be read.
SHOWN = 40


def _show_many(sweep: Sweep, storage: str | None, with_metrics: bool) -> None:
    from sweeps.planning import plan
    from sweeps.spec import grid
    from sweeps.terminal import runs

    out, total = runs.console(), grid.count(sweep)
    runs.show_cells(out, plan.grid_runs(sweep, storage, SHOWN), with_metrics=with_metrics)
    states = plan.recorded_states(sweep.name, storage)
    recorded = ", ".join(f"{number:,} {state}" for state, number in states.items()) or "none"
    out.print(f"... and {total - SHOWN:,} more; --json lists all", markup=False)
    out.print(f"{sweep.name}: {total:,} cells; recorded: {recorded}", markup=False)
    _show_trash(out, sweep)


def _show_search(out: Console, sweep: Sweep, cells: Sequence[SweepRun]) -> None:
    from sweeps import api
    from sweeps.terminal import search

    search.show_space(out, sweep)
    search.show_trials(out, sweep, cells)
    missing = api.missing_data(sweep)
    if missing:
        out.print(missing, style="yellow", markup=False)


def _counted(cells: Sequence[SweepRun]) -> str:
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
@click.option("--num-gpus", type=float, help="GPUs for each run, if not the sweep file's; 0.25: four share one.")
@click.option(
    "--seeds-together", type=click.IntRange(min=1), default=1, help="Replicates trained as one program, on JAX. [1]"
)
@click.option("--system-metrics", is_flag=True, help="Record the machine's load in MLflow, every 5 s.")
@clear_errors
@click.pass_obj
def run_command(
    given: LaunchOptions | None,
    file: Path,
    overrides: tuple[str, ...],
    storage: str | None,
    limit: int | None,
    **options: Any,
) -> None:
    """Run every cell of a sweep file that is not finished, or go on with a search. Running it again is resume.

    The same command in a second terminal, or on a second machine with the same --storage, joins in.
    """
    from sweeps.execution.task import LaunchOptions
    from sweeps.terminal.runs import console

    sweep, out = load(file, overrides), console()
    launch = replace(given or LaunchOptions(), storage=storage, **options)
    if sweep.is_search:
        return _run_search(sweep, out, limit, launch)
    return _run_grid(sweep, out, limit, launch)


def _run_grid(sweep: Sweep, out: Console, limit: int | None, launch: LaunchOptions) -> None:
    from sweeps import api
    from sweeps.terminal import runs
    from sweeps.terminal.data import prepare_and_tell
    from sweeps.terminal.progress import SweepProgress
    from sweeps.terminal.time_left import size

    cells = api.cells(sweep, launch.storage)
    todo = api.unfinished(sweep, cells, limit)
    _show_trash(out, sweep)
    out.print(f"{sweep.name}: {_counted(cells)}; {_to_do(todo)}")
    if todo or sweep.metrics:  # which finished runs may lack in MLflow
        progress = SweepProgress(out, runs.seconds_taken(cells), sizes=[size(cell.config) for cell in todo])
        cells = api.run(sweep, launch, progress, todo=todo, prepare=prepare_and_tell(out))
    runs.show_cells(out, cells, with_metrics=True, ranked_by=sweep)
    runs.show_legend(out)
    _show_answer(out, sweep, cells)
    runs.show_next(out, sweep)
    sys.exit(exit_code(cells, todo))


def _to_do(todo: Sequence[SweepRun]) -> str:
    adopted = sum(cell.adoptable for cell in todo)
    told = [f"adopting {adopted}"] * bool(adopted) + [f"running {len(todo) - adopted}"] * (adopted < len(todo))
    return ", ".join(told) or "there is nothing to do"


def _show_answer(out: Console, sweep: Sweep, cells: Sequence[SweepRun]) -> None:
    """The one sentence of `cae compare`, or why there is none."""
    from sweeps.analysis.answer import answer
    from sweeps.analysis.comparison import compare
    from sweeps.errors import SweepError

    try:
        out.print(answer(compare(sweep, cells)), markup=False, style="bold")
    except SweepError as error:  # no run has finished, or none measures the metric
        out.print(f"No answer yet: {error}", markup=False, style="yellow")


def exit_code(cells: Sequence[SweepRun], tried: Sequence[SweepRun] = ()) -> int:
    """1 where a cell failed, or one that was tried is new as before; else 0."""
    hashes = {cell.config_hash for cell in tried}
    left = any(cell.state == "new" and cell.config_hash in hashes for cell in cells)
    return int(left or any(cell.state == "failed" for cell in cells))


def _run_search(sweep: Sweep, out: Console, limit: int | None, launch: LaunchOptions) -> None:
    from sweeps import api
    from sweeps.terminal import search
    from sweeps.terminal.data import prepare_and_tell
    from sweeps.terminal.progress import SweepProgress
    from sweeps.terminal.runs import show_next

    api.check_data(sweep)
    search.show_space(out, sweep)
    _show_trash(out, sweep)
    cells = api.run(sweep, launch, SweepProgress(out, most=limit), limit, prepare=prepare_and_tell(out))
    search.show_trials(out, sweep, cells)
    _show_answer(out, sweep, cells)
    show_next(out, sweep)
    sys.exit(exit_code(cells))


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
    sweep, storage = load_as_last_run(file, overrides, storage)
    _show(sweep, storage, as_json, with_metrics=True)
