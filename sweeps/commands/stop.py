"""cae stop: end a launch, or one of its runs, from any terminal or machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sweeps.commands.options import FILE, STORAGE, clear_errors, last_storage, load


@click.command("stop")
@FILE
@STORAGE
@click.option("--cell", metavar="HASH", help="Only this run, by its hash or the first of its characters.")
@click.option("--now", is_flag=True, help="Now, not after the epoch, which is repeated next time then.")
@click.option("--wait", is_flag=True, help="Return when it has happened.")
@clear_errors
def stop_command(file: Path, storage: str | None, cell: str | None, now: bool, wait: bool) -> None:
    """Ask the running launches of a sweep to stop, on whichever machine; the next `cae run` goes on.

    With --cell one run stops, and its launch goes on with the others.
    """
    from sweeps.execution.stop import stop

    name = load(file, ()).name
    asked = stop(name, storage or last_storage(name), cell, now)
    for line in asked.lines:
        click.echo(line)
    if not wait or not asked.launches:
        return
    try:
        asked.wait()
    except KeyboardInterrupt:
        click.echo("no longer waited for; what was asked for stands", err=True)
        sys.exit(130)
    click.echo(f"{name}: stopped")
