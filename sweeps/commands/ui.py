"""cae ui: MLflow's pages."""

from __future__ import annotations

import sys

import click

from sweeps.commands.options import clear_errors


@click.command("ui")
@click.option("--port", default=5000, show_default=True)
@clear_errors
def ui_command(port: int) -> None:
    """Open MLflow's UI on 127.0.0.1 with the right paths."""
    from sweeps.ui import serve

    sys.exit(serve(port))
