"""cae data prepare, list: the image sets on this machine."""

from __future__ import annotations

from typing import Any

import click

from sweeps.commands.options import clear_errors


@click.group("data")
def data_group() -> None:
    """Prepare image sets and list what is prepared."""


@data_group.command("prepare")
@click.argument("names", nargs=-1, required=True)
@click.option("--path", type=click.Path(), help="Folder or archive of the images.")
@click.option("--resolution", type=int, multiple=True, default=(96,), show_default=True)
@click.option("--crop", default="center", show_default=True, help="center, tight or none.")
@click.option("--contrast", default="as_is", show_default=True, help="as_is or normalized.")
@click.option("--background", default="kept", show_default=True, help="kept or masked.")
@click.option("--blur", type=float, default=0.0, show_default=True, help="Pixels by which detail is blurred away.")
@click.option("--size", type=int, help="Number of synthetic faces.")
@clear_errors
def prepare_command(names: tuple[str, ...], resolution: tuple[int, ...], **fields: Any) -> None:
    """Build the prepared images of the sets NAMES once, for all runs."""
    from sweeps.terminal.data import named_sets, prepare_all
    from sweeps.terminal.runs import console

    given = {name: value for name, value in fields.items() if value is not None}
    for line in prepare_all(named_sets(names, resolution, given), console()):
        click.echo(line)


@data_group.command("list")
def list_command() -> None:
    """Say what is prepared, where, and how large it is."""
    from sweeps.terminal.data import show_prepared

    show_prepared()
