"""cae init: a folder to work in."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sweeps.commands.options import clear_errors

if TYPE_CHECKING:
    from sweeps.transfer.starter import Started


@click.command("init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
@click.option("--force", is_flag=True, help="Write over files that differ.")
@clear_errors
def init_command(folder: Path, force: bool) -> None:
    """Write the sweep files of the experiments and one of your own, sweep.yaml, into DIR. [current folder]

    Files that are there and differ are kept and named.
    """
    from sweeps.transfer.starter import start

    for line in _told(folder, start(folder, force)):
        click.echo(line)


def _told(folder: Path, done: Sequence[Started]) -> list[str]:
    """What was written, what was not, and what to do next."""
    from sweeps.spec.display import plural

    count = {state: sum(file.state == state for file in done) for state in ("written", "replaced", "there")}
    told = [f"{plural(number, 'file')} {state}" for state, number in count.items() if number]
    lines = [f"{folder}: {', '.join(told) or 'nothing written'}"]
    lines += [f"kept as it is: {file.path} differs; --force writes over it" for file in done if file.state == "kept"]
    steps = [
        ("cae run experiments/quickstart.yaml", "the demo: minutes on two cores, nothing to download"),
        ("cae plan sweep.yaml", "a sweep of your own: every key is explained in the file"),
        ("cae run sweep.yaml", "trains it; again = resume"),
    ]
    enter = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    width = max(len(command) for command, _ in steps)
    named = [f"{command:{width}}  # {does}" for command, does in steps]
    return [*lines, "Next:", *(f"  {line}" for line in [*enter, *named]), "experiments/README.md lists all questions."]
