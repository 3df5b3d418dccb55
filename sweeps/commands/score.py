"""cae score: how normal an array is, or the stored latent vectors of a sweep, again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sweeps.commands.options import JSON, clear_errors, load


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--key", help="The array's name in an .npz file.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of every random choice.")
@click.option("--no-null", is_flag=True, help="Without null distributions and intervals.")
@click.option("--plots", "folder", type=click.Path(path_type=Path), help="Folder for the summary page and its plots.")
@click.option("--rescore", type=click.Path(path_type=Path), metavar="FILE.yaml", help="Measure a sweep's runs again.")
@click.option("--dry-run", is_flag=True, help="With --rescore: only say which runs are stale.")
@click.option("--all", "every", is_flag=True, help="With --rescore: current runs, too, for what is measured since.")
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
    every: bool,
    as_json: bool,
) -> None:
    """Say how normal the rows of FILE (.npy, .npz, .csv, .tsv or .parquet; n points by d components) are.

    With --rescore, measures the stored latent vectors of a sweep's finished runs again where the scores have changed
    since, without training; with --all those of every finished run, which then have what is measured besides since.
    """
    if rescore is not None:
        return _rescore(rescore, dry_run, every)
    if file is None:
        raise click.UsageError("give a file of latent vectors, for example: cae score latents.npy")
    from metrics import score
    from metrics.arrays import read_array
    from metrics.moments import as_points
    from sweeps.files import json_text
    from sweeps.terminal.runs import console
    from sweeps.terminal.scores import null_progress, rounded, show_scores

    try:
        array = read_array(file, key)
    except ValueError as error:
        click.echo(f"{error}", err=True)
        sys.exit(2)
    try:
        latents = as_points(array)
        with null_progress(console(stderr=True), latents.shape) as tell:
            scores = score(latents, seed=seed, calibrate=not no_null, tell=tell)
    except ValueError as error:
        click.echo(f"{file}: {error}", err=True)
        sys.exit(2)
    if said := rounded(latents):
        click.echo(f"{file}: {said}", err=True)
    if as_json:
        click.echo(json_text(scores.values))
    else:
        show_scores(console(), scores, latents.shape)
    if folder is not None:
        from sweeps.pipeline.plots import draw_plots

        draw_plots(latents, scores, folder, file.name)
    return None


def _rescore(file: Path, dry_run: bool, every: bool) -> None:
    from metrics import VERSION
    from sweeps.finished.rescore import finished_runs, rescore

    sweep = load(file, ())
    runs = finished_runs(sweep.name)
    for run in runs:
        state = f"stale, measured by version {run.version}" if run.stale else "current"
        click.echo(f"{run.name}: {state}")
    stale = [run for run in runs if run.stale]
    click.echo(f"{len(stale)} of {len(runs)} runs are stale; the scores are version {VERSION}")
    for run, metrics in [] if dry_run else rescore(sweep.name, runs if every else stale):
        click.echo(f"{run.name}: measured again, mnd/radius_agreement {metrics.get('mnd/radius_agreement', '-')}")
