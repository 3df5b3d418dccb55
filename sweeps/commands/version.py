"""cae --version: what to name with a result or a question."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from cae.backend import backend

# The distributions that may hold a backend's module, in the order in which they are asked.
DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu")}


def show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """The option's callback: prints and ends."""
    if asked and not context.resilient_parsing:
        click.echo(version())
        context.exit()


def version() -> str:
    """This package, Keras, its backend and Python with their versions, of which none is imported."""
    name = backend()
    found = next((told for part in DISTRIBUTIONS.get(name, (name,)) if (told := _installed(part))), None)
    below = found or f"{name}, which is not installed"
    keras = _installed("keras") or "no Keras"
    return f"{_installed('cae-mnd')} ({keras} on {below}, Python {platform.python_version()})"


def _installed(distribution: str) -> str | None:
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return None
