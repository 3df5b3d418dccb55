"""cae plan --from-wandb: a sweep file of W&B as one of ours."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from sweeps.errors import SweepError


def show_translated(file: Path, out: Path | None) -> None:
    """Prints our sweep file, or writes it to `out`; what it lacks goes to standard error. Raises SweepError."""
    from sweeps.transfer.wandb import translate

    made = translate(file)
    if out is not None and out.exists():
        raise SweepError(f"--out {out}: is there already; remove it, or give another name")
    if out is None:
        click.echo(made.text.rstrip("\n"))
    else:
        out.write_text(made.text, encoding="utf-8")
        click.echo(f"wrote {out}; cae plan {shlex.quote(str(out))} shows its cells")
    for line in made.left_out:
        click.echo(f"left out: {line}", err=True)
    for line in made.to_mend:
        click.echo(f"to be mended before it runs: {line}", err=True)
