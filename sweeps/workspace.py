"""Where everything lies: the folder `mlruns`, the tracking store, the files of runs in progress."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder `mlruns`, in $CAE_HOME or else the current folder. Absolute; it may not exist yet."""
    return (Path(os.environ.get("CAE_HOME") or ".") / "mlruns").expanduser().resolve()


def uri() -> str:
    """The tracking store: $MLFLOW_TRACKING_URI, else the SQLite database in `mlruns`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home() / 'mlflow.db'}"


def is_local() -> bool:
    """Whether runs are recorded in `mlruns` itself rather than by a server."""
    return not os.environ.get("MLFLOW_TRACKING_URI")


def work_folder(config_hash: str) -> Path:
    """Where a run keeps its files until they are recorded."""
    return home() / "work" / config_hash


def is_computed(config_hash: str) -> bool:
    """Whether all that a run measures and draws is there on this machine, to be recorded."""
    return (work_folder(config_hash) / "result.json").exists()
