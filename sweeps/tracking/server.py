"""MLflow's own server on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from sweeps import tracking, workspace
from sweeps.spec.sweep import Sweep
from sweeps.tracking import views


def serve(port: int, sweeps: list[tuple[Sweep, Path]]) -> None:
    """Becomes MLflow's UI on 127.0.0.1, until that is stopped; of a server that has its own it says the address.

    sweeps: those whose pages are told, with their files.
    """
    if not workspace.is_local():
        print(f"the runs are on a server that has a UI of its own: open {workspace.uri()}")
        _tell(workspace.uri(), sweeps)
    else:
        _become_server(port, sweeps)


def _become_server(port: int, sweeps: list[tuple[Sweep, Path]]) -> NoReturn:
    tracking.client()  # a missing database is created before the server's several processes open it
    address = f"http://127.0.0.1:{port}"
    print(f"{address} shows {workspace.uri()}; Ctrl-C ends it")
    _tell(address, sweeps)
    artifacts = (workspace.home() / "artifacts").as_uri()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", workspace.uri(), "--default-artifact-root", artifacts]
    # Else processes that evaluate language models start as well, 240 MB each.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | os.environ
    # In this process's place, so that whatever ends it ends the server.
    os.execve(sys.executable, command, environment)  # noqa: S606


def _tell(address: str, sweeps: list[tuple[Sweep, Path]]) -> None:
    """Prints where the pages of each sweep are, and sees to it that they are there."""
    for sweep, file in sweeps:
        experiment_id = views.publish(sweep, file)
        for link in views.links(experiment_id):
            print(f"{sweep.name}: {link.name}\n  {address.rstrip('/')}/{link.address}")
    sys.stdout.flush()
