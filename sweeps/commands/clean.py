"""cae clean: put in order what died, or delete a sweep for good."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sweeps.commands.options import FILE, STORAGE, clear_errors, last_storage, load


@click.command("clean")
@FILE
@STORAGE
@click.option("--host", metavar="NAME", help="Close also what runs on this machine: you know that it is dead.")
@click.option("--delete", is_flag=True, help="Delete the sweep for good: runs, artifacts, trials. Asks twice.")
@click.option("--yes", is_flag=True, help="With --delete: do not ask.")
@click.option("--even-if-adopted", is_flag=True, help="With --delete: also where other sweeps have adopted its runs.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@clear_errors
def clean_command(
    file: Path,
    storage: str | None,
    host: str | None,
    delete: bool,
    yes: bool,
    even_if_adopted: bool,
    dry_run: bool,
) -> None:
    """Close the runs of a sweep whose process died, and remove files of no use. What is running is left alone."""
    if yes and not delete:
        raise click.UsageError("--yes answers the questions of --delete; give both")
    if even_if_adopted and not delete:
        raise click.UsageError("--even-if-adopted says what --delete may delete; give both")
    sweep = load(file, ())
    storage = storage or last_storage(sweep.name)
    if delete:
        return _delete(sweep, storage, host, yes, even_if_adopted, dry_run)
    from sweeps.cleanup.clean import clean

    for line in clean(sweep.name, storage, host, dry_run):
        click.echo(line)
    return click.echo(f"{sweep.name}: nothing more to clean")


def _delete(sweep: Any, storage: str | None, host: str | None, yes: bool, even_if_adopted: bool, dry_run: bool) -> None:
    from sweeps.cleanup import delete

    delete.refuse_if_running(sweep.name, storage, host)
    found = delete.sweep_contents(sweep.name, storage)
    if not found:
        return click.echo(f"{sweep.name}: there is nothing to delete")
    if not even_if_adopted:
        delete.refuse_if_adopted(found)
    click.echo(f"{sweep.name}: {'would be' if dry_run else 'to be'} deleted for good:")
    for line in delete.summary(found, storage):
        click.echo(f"  {line}")
    if sweep.is_search and found.trials is None:
        click.echo("  no study of the search was found; if it had --storage, give that here", err=True)
    if dry_run:
        return None
    if not yes:
        _ask_twice(sweep.name)
    delete.refuse_if_running(sweep.name, storage, host)  # it may have been started while we asked
    try:
        left = delete.delete(found, storage)
    except KeyboardInterrupt:
        click.echo("interrupted; the same command finishes the deletion", err=True)
        sys.exit(130)
    for line in [f"{sweep.name}: deleted", *left]:
        click.echo(line)
    return None


def _ask_twice(name: str) -> None:
    """Exits with code 1 unless both answers are right."""
    if click.confirm("Delete all this?") and click.prompt("Type the name of the sweep") == name:
        return
    click.echo(f"{name}: nothing was deleted", err=True)
    sys.exit(1)
