"""MLflow's own server on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

from sweeps import tracking, workspace
from sweeps.spec.sweep import Sweep
from sweeps.tracking import views

# What the server says when it has started.
SAYS = "CAE_UI_SAYS"
# Else processes that evaluate language models start as well, 240 MB each; and what only MLflow's authors can mend is
# said twice.
DEFAULTS = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "PYTHONWARNINGS": "ignore:starlette.middleware.wsgi is deprecated",
}


def serve(port: int, sweeps: Sequence[Sweep]) -> None:
    """Becomes MLflow's UI on 127.0.0.1, until that is stopped; of a server that has its own it says the address.

    sweeps: those whose pages are told.
    """
    if not workspace.is_local():
        says = f"the runs are on a server that has a UI of its own: open {workspace.uri()}"
        print(says, *_pages(workspace.uri(), sweeps), sep="\n", flush=True)
    else:
        _become_server(port, sweeps)


def _become_server(port: int, sweeps: Sequence[Sweep]) -> NoReturn:
    tracking.client()  # a missing database is created before the server's several processes open it
    address = f"http://127.0.0.1:{port}"
    print(f"starting MLflow's server on {workspace.uri()}, which takes some seconds", flush=True)
    says = [*_pages(address, sweeps), f"{address} shows {workspace.uri()}; Ctrl-C ends it"]
    artifacts = (workspace.home() / "artifacts").as_uri()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", workspace.uri(), "--registry-store-uri", workspace.uri()]
    command += ["--default-artifact-root", artifacts]
    command += ["--app-name", "cae", "--uvicorn-opts", "--log-level warning"]
    environment = {**DEFAULTS, **os.environ, SAYS: "\n".join(says)}
    # In this process's place, so that whatever ends it ends the server.
    os.execve(sys.executable, command, environment)  # noqa: S606


def _pages(address: str, sweeps: Sequence[Sweep]) -> Iterator[str]:
    """Lines that say where the pages of each sweep are, which are there then."""
    for sweep in sweeps:
        experiment_id = views.publish(sweep)
        for link in views.links(sweep, experiment_id):
            yield f"{sweep.name}: {link.name}"
            yield f"  {address.rstrip('/')}/{link.address}"
