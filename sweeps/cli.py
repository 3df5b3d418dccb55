"""The command line: each command parses, calls one function and prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

FILE = click.argument("file", type=click.Path(path_type=Path))
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Fix a field in every run.")
STORAGE = click.option(
    "--storage", metavar="URL", help="Optuna's database for random and bayes, if not the file in mlruns."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print plain JSON.")


def clear_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Bad input ends with its message and exit code 2, an interruption with 130; neither shows a traceback."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        from cae.datasets.imageset import DataError
        from sweeps.definition import SweepError
        from sweeps.tracking import TrackingError

        try:
            return command(*args, **kwargs)
        except (SweepError, DataError, TrackingError) as error:
            click.echo(f"{error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on from the last finished epoch", err=True)
            sys.exit(130)

    return guarded


@contextmanager
def native_stderr_closed() -> Iterator[None]:
    """While TensorFlow starts: it writes lines for its developers whatever it is told to leave out."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cae-mnd")
def main() -> None:
    """Which convolutional autoencoders fill their latent space with a normal distribution that nobody enforced?"""


def _load(file: Path, overrides: tuple[str, ...]) -> Any:
    from sweeps.sweepfile import load, parse_override

    return load(file, dict(parse_override(text) for text in overrides))


@main.command("plan")
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
    sweep = _load(file, overrides)
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


@main.command("run")
@FILE
@SET
@STORAGE
@click.option("--limit", type=click.IntRange(min=1), help="Run at most this many of the cells that are not finished.")
@clear_errors
def run_command(file: Path, overrides: tuple[str, ...], storage: str | None, limit: int | None) -> None:
    """Run every cell of a sweep file that is not finished, or go on with a search. Running it again is resume."""
    from sweeps import images, launch, plan, view
    from sweeps.sweepfile import describe

    sweep = _load(file, overrides)
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


@main.command("status")
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

    sweep = _load(file, overrides)
    if not overrides and (recalled := launch.recall(sweep.name)):
        sweep = _load(file, recalled)
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


@main.command("faces")
@click.argument("file_or_run")
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the pictures.")
@clear_errors
def faces_command(file_or_run: str, folder: Path) -> None:
    """Download the face grids of every finished run of a sweep file, or of one run, under readable names."""
    from sweeps.download import download_faces

    for name, count in download_faces(file_or_run, folder).items():
        click.echo(f"{folder / name}: {count} pictures")


@main.command("sample")
@click.argument("run")
@click.option(
    "--method", default="mnd", show_default=True, metavar="NAME", help="See docs/faces.md; a wrong one lists all."
)
@click.option("--count", default=32, show_default=True, type=click.IntRange(min=1), help="Of faces, or of maps.")
@click.option("--skip", default=0, show_default=True, type=click.IntRange(min=0), help="Other people: pass draws over.")
@click.option("--sigma", type=float, help="mnd: scale of the distribution. pca: where scores are clipped.")
@click.option("--factor", type=float, help="interval: in half-widths at half-maximum.")
@click.option("--components", type=int, nargs=2, help="path: the plane of these two components.")
@click.option("--attribute", metavar="NAME", help="attribute: which one.")
@click.option("--recipe", metavar="TEXT", help="arithmetic: 'Male & Smiling - Male + !Male = !Male & Smiling', say.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("faces.png"), show_default=True)
@click.option("--points", type=click.Path(path_type=Path), help="Also write the latent vectors, as .npy.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Also draw where they lie among those of the run, as .png."
)
@clear_errors
def sample_command(
    run: str,
    method: str,
    sigma: float | None,
    factor: float | None,
    out: Path,
    points: Path | None,
    plot: Path | None,
    **chosen: Any,
) -> None:
    """Make new faces from a finished RUN: its id, the hash that `cae status` shows, or a sweep file with one run."""
    with native_stderr_closed():
        import keras

        from sweeps import sample

        # The first tensor makes TensorFlow look for a GPU and say that there is none.
        keras.ops.zeros(1)

    values = {"mnd_sigma": sigma, "pca_sigma": sigma, "interval_factor": factor}
    settings = {name: value for name, value in values.items() if value is not None}
    for line in sample.sample(run, method, settings, chosen, out, points, plot):
        click.echo(line)


@main.command("score")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--key", help="The array's name in an .npz file.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of every random choice.")
@click.option("--no-null", is_flag=True, help="Without null distributions and intervals.")
@click.option("--plots", "folder", type=click.Path(path_type=Path), help="Folder for the summary page and its plots.")
@click.option("--rescore", type=click.Path(path_type=Path), metavar="FILE.yaml", help="Measure a sweep's runs again.")
@click.option("--dry-run", is_flag=True, help="With --rescore: only say which runs are stale.")
@JSON
@clear_errors
def score_command(
    file: Path | None,
    key: str | None,
    seed: int,
    no_null: bool,
    folder: Path | None,
    rescore: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say how normal the rows of FILE (.npy or .npz, n points by d components) are.

    With --rescore, measures the stored latent vectors of a sweep's finished runs again where the scores have changed
    since, without training.
    """
    if rescore is not None:
        return _rescore(rescore, dry_run)
    if file is None:
        raise click.UsageError("give a file of latent vectors, for example: cae score latents.npy")
    from metrics import score
    from metrics.moments import as_points
    from sweeps import view
    from sweeps.arrays import read_array
    from sweeps.view_scores import null_progress, show_scores

    try:
        latents = as_points(read_array(file, key))
        with null_progress(view.console(stderr=True), latents.shape) as tell:
            scores = score(latents, seed=seed, calibrate=not no_null, tell=tell)
    except ValueError as error:
        click.echo(f"{file}: {error}", err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps(scores.values))
    else:
        show_scores(view.console(), scores, latents.shape)
    if folder is not None:
        from sweeps.plots import draw_plots

        draw_plots(latents, scores, folder, file.name)
    return None


def _rescore(file: Path, dry_run: bool) -> None:
    from metrics import VERSION
    from sweeps.rescore import finished_runs, rescore

    sweep = _load(file, ())
    runs = finished_runs(sweep.name)
    for run in runs:
        state = f"stale, measured by version {run.version}" if run.stale else "current"
        click.echo(f"{run.name}: {state}")
    stale = [run for run in runs if run.stale]
    click.echo(f"{len(stale)} of {len(runs)} runs are stale; the scores are version {VERSION}")
    for run, metrics in [] if dry_run else rescore(sweep.name, stale):
        click.echo(f"{run.name}: measured again, mnd/radius_agreement {metrics.get('mnd/radius_agreement', '-')}")


@main.group("data")
def data_group() -> None:
    """Prepare image sets and list what is prepared."""


@data_group.command("prepare")
@click.argument("names", nargs=-1, required=True)
@click.option("--path", help="Folder or archive of the images.")
@click.option("--resolution", type=int, multiple=True, default=(96,), show_default=True)
@click.option("--crop", default="center", show_default=True, help="center, tight or none.")
@click.option("--contrast", default="as_is", show_default=True, help="as_is or normalized.")
@click.option("--size", type=int, help="Number of synthetic faces.")
@clear_errors
def prepare_command(names: tuple[str, ...], resolution: tuple[int, ...], **fields: Any) -> None:
    """Build the prepared images of the sets NAMES once, for all runs."""
    from sweeps.images import named_sets, prepare_all
    from sweeps.view import console

    given = {name: value for name, value in fields.items() if value is not None}
    for line in prepare_all(named_sets(names, resolution, given), console()):
        click.echo(line)


@data_group.command("list")
def list_command() -> None:
    """Say what is prepared, where, and how large it is."""
    from sweeps.images import show_prepared

    show_prepared()


@main.command("ui")
@click.option("--port", default=5000, show_default=True)
@clear_errors
def ui_command(port: int) -> None:
    """Open MLflow's UI on 127.0.0.1 with the right paths."""
    from sweeps.ui import serve

    sys.exit(serve(port))
