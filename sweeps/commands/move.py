"""cae export, import: a sweep in one file, from one record of runs to another."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from sweeps.commands.options import FILE, STORAGE, clear_errors, load


@click.command("export")
@FILE
@click.option("--out", "archive", type=click.Path(path_type=Path), required=True, help="Zip file to write.")
@STORAGE
@clear_errors
def export_command(file: Path, archive: Path, storage: str | None) -> None:
    """Write all that is recorded of a sweep FILE, artifacts included, to a zip file that `cae import` reads."""
    from sweeps.spec.display import plural
    from sweeps.terminal.progress import shown
    from sweeps.terminal.runs import console
    from sweeps.transfer import export

    sweep, out = load(file, ()), console()
    found = export.content(sweep.name)
    moved = export.export(sweep, found.closed, storage, archive)
    gone = []
    for run in shown(out, "exporting", moved, len(found.closed)):
        out.print(f"{run.name}: {run.status.lower()}, {run.files} files", markup=False)
        gone += [run.name] if run.gone else []
    if found.open:
        click.echo(f"left out, as they still run: {', '.join(found.open)}")
    size = f"{archive.stat().st_size / 1e6:,.1f} MB"
    click.echo(
        f"{archive}: {plural(len(found.closed), 'run')}, {size}; elsewhere: cae import {shlex.quote(archive.name)}"
    )
    if gone:
        click.echo(f"without their artifacts, which are gone: {', '.join(gone)}", err=True)
        sys.exit(1)


@click.command("import")
@click.argument("archive", type=click.Path(path_type=Path))
@STORAGE
@click.option("--trust-plugins", is_flag=True, help="Import a sweep that names code outside this package.")
@clear_errors
def import_command(archive: Path, storage: str | None, trust_plugins: bool) -> None:
    """Bring the sweep of an ARCHIVE that `cae export` wrote into the record at hand. Again = go on.

    With the folder mlruns in its place: correct the places of its artifacts, after it was moved or copied.
    """
    if archive.is_dir():
        return _correct(archive)
    from sweeps.spec.display import plural
    from sweeps.terminal.progress import byte_bar, shown
    from sweeps.terminal.runs import console
    from sweeps.transfer import restore

    out = console()
    with byte_bar(out, "checking") as tell:
        manifest = restore.checked(archive, trust_plugins, tell)
    todo = len(restore.missing(manifest))
    for run in shown(out, "importing", restore.restore(archive, manifest, storage), todo):
        out.print(f"{run.name}: {run.status.lower()}, {run.files} files", markup=False)
    known = len(manifest.runs) - todo
    click.echo(f"{manifest.sweep}: {plural(todo, 'run')} imported" + (f", {known} were here already" if known else ""))
    file, same = restore.place_sweep_file(archive, manifest)
    if not same:
        click.echo(f"{file}: stays as it is; the archive's file of that name differs from it")
    name = shlex.quote(str(file))
    click.echo(f"Next: `cae status {name}`, `cae faces {name} --out faces`")
    return None


def _correct(folder: Path) -> None:
    from sweeps.spec.display import plural
    from sweeps.transfer.relocate import correct

    corrected = correct(folder)
    for sweep in corrected:
        click.echo(f"{sweep.sweep}: {plural(sweep.runs, 'run')}, artifacts no longer at {sweep.old}")
    if not corrected:
        click.echo(f"{folder}: nothing to correct; its artifacts are recorded where they are")
