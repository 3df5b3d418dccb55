"""cae ui: MLflow's pages."""

from __future__ import annotations

from pathlib import Path

import click

from sweeps.commands.options import clear_errors, load


@click.command("ui")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, metavar="[FILE]...")
@click.option("--port", default=5000, show_default=True)
@clear_errors
def ui_command(files: tuple[Path, ...], port: int) -> None:
    """Open MLflow's UI on 127.0.0.1 with the right paths. With sweep FILEs, say where their pages are."""
    from sweeps.tracking.server import serve

    serve(port, [load(file, ()) for file in files])
