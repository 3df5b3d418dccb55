"""cae faces, sample: pictures of finished runs, and new ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import clear_errors


@click.command("faces")
@click.argument("file_or_run", type=click.Path())
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Folder for the pictures.")
@click.option("--zip", "archive", type=click.Path(path_type=Path), help="Zip file for the pictures.")
@click.option(
    "--where", multiple=True, metavar="CONDITION", help="Such as 'model.batch_norm = true'; several must all hold."
)
@click.option("--top", type=click.IntRange(min=1), help="Only so many runs, the best by the sweep file's metric.")
@clear_errors
def faces_command(
    file_or_run: str, folder: Path | None, archive: Path | None, where: tuple[str, ...], top: int | None
) -> None:
    """Download the face grids of the finished runs of a sweep file, or of one run, under readable names."""
    if folder is None and archive is None:
        raise click.UsageError("say where to: --out FOLDER, --zip FILE.zip, or both")
    from sweeps.terminal.progress import shown
    from sweeps.terminal.runs import console
    from sweeps.transfer import download

    out, runs = console(), download.chosen(file_or_run, where, top)
    fetched = download.download_zip(runs, folder, archive) if archive else download.download(runs, folder or Path())
    gone = 0
    for run in shown(out, "face grids", fetched, len(runs)):
        out.print(f"{run.folder.name}: {run.pictures} pictures, {run.new} of them new", markup=False)
        gone += run.pictures == 0
    places = " and ".join(str(place) for place in (folder, archive) if place)
    click.echo(f"{len(runs) - gone} run{'s' * (len(runs) - gone != 1)} in {places}")
    if gone:
        click.echo(
            f"{gone} of {len(runs)} finished runs have no face grids: their artifacts are gone; bring them back, or "
            "delete these runs in MLflow, and cae run trains them again",
            err=True,
        )
        sys.exit(1)


@click.command("sample")
@click.argument("run", type=click.Path())
@click.option("--best", is_flag=True, help="Of a sweep FILE, the finished run that is best by its metric.")
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
    best: bool,
    method: str,
    sigma: float | None,
    factor: float | None,
    out: Path,
    points: Path | None,
    plot: Path | None,
    **chosen: Any,
) -> None:
    """Make new faces from a finished RUN: its id or the hash that `cae status` shows (the first 4 characters or more of
    either), a sweep file with one run, or one of many with --best."""
    from sweeps.finished import lookup

    if best:
        run, told = lookup.best_run(run)
        click.echo(told)
    with native_stderr_closed():
        import keras

        from sweeps.finished import sample
        from sweeps.pipeline.sheets import Choice

        # The first tensor makes TensorFlow look for a GPU and say that there is none.
        keras.ops.zeros(1)

    values = {"mnd_sigma": sigma, "pca_sigma": sigma, "interval_factor": factor}
    settings = {name: value for name, value in values.items() if value is not None}
    for line in sample.sample(run, method, settings, Choice(**chosen), out, points, plot):
        click.echo(line)


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
