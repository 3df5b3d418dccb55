"""cae compare: which cell is best, what each parameter does, and what these runs cannot tell."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import JSON, SET, STORAGE, as_last_run, clear_errors, load_as_last_run


@click.command("compare")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    metavar="NAME",
    help="The sweep of this MLflow experiment, without its file; also beside files, and again for another.",
)
@SET
@STORAGE
@click.option("--metric", metavar="NAME", help="Rank by this metric instead of the sweep's, and show effects on it.")
@JSON
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), metavar="PATH", help="Also write CSV tables.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="For the report.  [reports/SWEEP]")
@click.option("--no-report", is_flag=True, help="Show the tables alone; --json does so too, unless given --out.")
@clear_errors
def compare_command(
    files: tuple[Path, ...],
    experiments: tuple[str, ...],
    overrides: tuple[str, ...],
    storage: str | None,
    metric: str | None,
    as_json: bool,
    csv_path: Path | None,
    out: Path | None,
    no_report: bool,
) -> None:
    """Compare the finished runs of a sweep, or of several as one: cells, what each parameter does, and what cannot be
    told.

    Also writes a report to mail, report.html, and a contact sheet of faces, and records both in MLflow. Of several
    sweeps, what differs between the files is a parameter as well; the first one's metric ranks. Without --set and
    --storage, what was given to the last `cae run` of a sweep is used.
    """
    from sweeps import api
    from sweeps.analysis.comparison import compare
    from sweeps.analysis.export import comparison_json
    from sweeps.analysis.joint import together
    from sweeps.files import json_text
    from sweeps.terminal.comparison import show_comparison
    from sweeps.terminal.runs import console

    if no_report and out is not None:
        raise click.UsageError(f"--out {out} and --no-report contradict each other; give one of them")
    if not files and not experiments:
        raise click.UsageError("give a sweep file, several, or --experiment NAME")
    asked = list(_asked(files, experiments, overrides, storage))
    cells = together([api.cells(sweep, place) for sweep, place in asked])
    first, *others = (sweep for sweep, _ in asked)
    comparison = compare(first, cells, metric, others)
    if as_json:
        click.echo(json_text(comparison_json(comparison, cells)))
    else:
        show_comparison(console(), comparison)
    if csv_path is not None:
        _write(comparison, csv_path)
    if out is not None or not (no_report or as_json):
        _report(comparison, cells, out or Path("reports") / comparison.name)


def _asked(
    files: Sequence[Path], experiments: Sequence[str], overrides: tuple[str, ...], storage: str | None
) -> Iterator[tuple[Any, str | None]]:
    """Each sweep, with the database of its leases."""
    yield from (load_as_last_run(file, overrides, storage) for file in files)
    yield from (as_last_run(partial(_of_experiment, name), overrides, storage) for name in experiments)


def _of_experiment(name: str, overrides: tuple[str, ...]) -> Any:
    from sweeps.finished.sweep_of_experiment import sweep_of_experiment
    from sweeps.spec.sweep_file import override, parse_override

    return override(sweep_of_experiment(name), dict(map(parse_override, overrides)))


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
    if comparison.others:
        return  # each sweep's record has a place for the report on itself
    try:
        publish.log_comparison(comparison, cells, folder)
    except TrackingError as error:  # the report itself is whole
        click.echo(f"the report is not in the record: {error}", err=True)
