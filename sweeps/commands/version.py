"""cae --version: what to name with a result or a question."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import click

from sweeps.files import read_json

# The distributions that may hold a backend's module, in the order in which they are asked.
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "torch": ("torch",),
    "openvino": ("openvino",),
}


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


def backend() -> str:
    """The backend that Keras will take: $KERAS_BACKEND, else what its keras.json says, else TensorFlow."""
    return os.environ.get("KERAS_BACKEND") or _configured() or "tensorflow"


def _configured() -> str | None:
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        said = read_json(folder / "keras.json")
    except ValueError:
        return None  # Keras, too, passes over a file that is no JSON
    return str(said["backend"]) if isinstance(said, dict) and said.get("backend") else None


def _installed(distribution: str) -> str | None:
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return None
