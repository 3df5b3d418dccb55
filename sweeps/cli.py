"""The command line `cae`."""

from __future__ import annotations

import io
import sys

import click

from sweeps.commands.clean import clean_command
from sweeps.commands.compare import compare_command
from sweeps.commands.data import data_group
from sweeps.commands.explore import explore_command
from sweeps.commands.faces import faces_command, sample_command
from sweeps.commands.init import init_command
from sweeps.commands.move import export_command, import_command
from sweeps.commands.score import score_command
from sweeps.commands.stop import stop_command
from sweeps.commands.sweep import plan_command, run_command, status_command
from sweeps.commands.ui import ui_command
from sweeps.commands.version import show_version


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the versions of this program, Keras, its backend and Python.",
)
def main() -> None:
    """Which convolutional autoencoders fill their latent space with a normal distribution that nobody enforced?"""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a letter that the terminal lacks stops nothing


for command in (
    init_command,
    plan_command,
    run_command,
    status_command,
    stop_command,
    compare_command,
    explore_command,
    faces_command,
    sample_command,
    export_command,
    import_command,
    score_command,
    data_group,
    clean_command,
    ui_command,
):
    main.add_command(command)
