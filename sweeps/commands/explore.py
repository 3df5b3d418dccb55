"""cae explore: one page to look through latent spaces and faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweeps.commands.options import SET, STORAGE, clear_errors, load_as_last_run

if TYPE_CHECKING:
    from sweeps.analysis.comparison import Comparison
    from sweeps.explorer.rows import Asked


@click.command("explore")
@click.argument("targets", nargs=-1, required=True, metavar="FILE_OR_RUN...", type=click.Path())
@SET
@STORAGE
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PAGE",
    help="[reports/SWEEP/explore.html; of runs explore.html]",
)
@click.option("--points", default=5_000, show_default=True, type=click.IntRange(min=1), help="Of each latent space.")
@click.option("--photographs", is_flag=True, help="Put photographs into the page; without, faces that were made alone.")
@click.option("--no-record", is_flag=True, help="Leave the page out of MLflow.")
@clear_errors
def explore_command(
    targets: tuple[str, ...],
    overrides: tuple[str, ...],
    storage: str | None,
    out: Path | None,
    points: int,
    photographs: bool,
    no_record: bool,
) -> None:
    """Write one self-contained page: maps of latent vectors, faces made where you point, and a gallery.

    Of a sweep FILE: faces of every cell, and the latent spaces of the best and the worst, or of the RUNs named after
    it. Of RUNs: those. The page works offline, its decoder runs in the browser.
    """
    from sweeps.explorer import rows
    from sweeps.explorer.page import write_page
    from sweeps.report.page import EXPLORE

    file, runs = rows.split(targets)
    comparison = None if file is None else _compared(file, overrides, storage)
    asked = rows.asked(comparison, runs)
    place = out or (Path("reports") / comparison.sweep.name / EXPLORE if comparison else Path(EXPLORE))
    for line in write_page(asked, place, points, photographs):
        click.echo(f"left out: {line}", err=True)
    click.echo(f"wrote {place}, {place.stat().st_size / 1e6:.1f} MB", err=True)
    if not no_record:
        _record(asked, place)


def _compared(file: Path, overrides: tuple[str, ...], storage: str | None) -> Comparison:
    from sweeps import api
    from sweeps.analysis.comparison import compare

    sweep, storage = load_as_last_run(file, overrides, storage)
    return compare(sweep, api.cells(sweep, storage))


def _record(asked: Asked, page: Path) -> None:
    from sweeps.errors import TrackingError
    from sweeps.explorer.record import record

    try:
        click.echo(f"recorded in MLflow with {record(asked, page)}", err=True)
    except TrackingError as error:  # the page itself is whole
        click.echo(f"the page is not in the record: {error}", err=True)
