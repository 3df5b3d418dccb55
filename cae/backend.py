"""Which backend Keras will compute with, told without importing it."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")


class BackendError(ValueError):
    """A backend that cannot be used; the message names it, where it was chosen, and the remedy."""


def backend() -> str:
    """As Keras chooses: $KERAS_BACKEND, else the file keras.json, else TensorFlow."""
    return _chosen()[0]


def check_backend() -> str:
    """The chosen backend. Raises BackendError where there is no such one or it is not installed."""
    name, place = _chosen()
    if name not in BACKENDS:
        raise BackendError(f"{place}: {name!r} is no backend of Keras that this runs on; use {', '.join(BACKENDS)}")
    if find_spec(name) is None:
        raise BackendError(f"{place}: {name} is not installed; pip install {name}, or choose another backend")
    return name


def _chosen() -> tuple[str, str]:
    """Backend, and where that stands."""
    if named := os.environ.get("KERAS_BACKEND"):
        return named, f"KERAS_BACKEND={named}"
    file = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    try:
        named = json.loads(file.read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        named = None
    return (named, str(file)) if isinstance(named, str) else ("tensorflow", "the default backend")
