"""cae compare: which cell is best, what each parameter does, and what these runs cannot tell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import FILE, JSON, SET, STORAGE, clear_errors, load_as_last_run


@click.command("compare")
@FILE
@SET
@STORAGE
@click.option("--metric", metavar="NAME", help="Rank by this metric instead of the sweep's, and show effects on it.")
@JSON
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), metavar="PATH", help="Also write CSV tables.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="For the report.  [reports/SWEEP]")
@click.option("--no-report", is_flag=True, help="Show the tables alone; --json does so too, unless given --out.")
@clear_errors
def compare_command(
    file: Path,
    overrides: tuple[str, ...],
    storage: str | None,
    metric: str | None,
    as_json: bool,
    csv_path: Path | None,
    out: Path | None,
    no_report: bool,
) -> None:
    """Compare the finished runs of a sweep: cells, what each parameter does, and what cannot be told.

    Also writes a report to mail, report.html, and a contact sheet of faces, and records both in MLflow.
    Without --set and --storage, what was given to the last `cae run` of this sweep is used.
    """
    from sweeps import api
    from sweeps.analysis.comparison import compare
    from sweeps.analysis.export import comparison_json
    from sweeps.files import json_text
    from sweeps.terminal.comparison import show_comparison
    from sweeps.terminal.runs import console

    if no_report and out is not None:
        raise click.UsageError(f"--out {out} and --no-report contradict each other; give one of them")
    sweep, storage = load_as_last_run(file, overrides, storage)
    cells = api.cells(sweep, storage)
    comparison = compare(sweep, cells, metric)
    if as_json:
        click.echo(json_text(comparison_json(comparison, cells)))
    else:
        show_comparison(console(), comparison)
    if csv_path is not None:
        _write(comparison, csv_path)
    if out is not None or not (no_report or as_json):
        _report(comparison, cells, out or Path("reports") / sweep.name)


def _write(comparison: Any, path: Path) -> None:
    from sweeps.analysis import export

    try:
        for place in export.write_csv(comparison, path):
            click.echo(f"wrote {place}", err=True)
    except OSError as error:
        click.echo(f"--csv {path}: cannot be written: {error}", err=True)
        sys.exit(2)


def _report(comparison: Any, cells: Sequence[Any], folder: Path) -> None:
    from sweeps.errors import TrackingError
    from sweeps.report import page, publish

    page.write_report(comparison, cells, folder)
    for name in (page.REPORT, page.SHEET):
        click.echo(f"wrote {folder / name}", err=True)
    try:
        publish.log_comparison(comparison, cells, folder)
    except TrackingError as error:  # the report itself is whole
        click.echo(f"the report is not in the record: {error}", err=True)
