"""Runs without training: cells as `plan` gives them, and finished runs recorded in MLflow as `cae run` would."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from mlflow.entities import Metric, Param

from cae.config import cell_hash, config_hash, from_flat
from sweeps import tracking
from sweeps.api import cells
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from sweeps.tracking.recording import parameters

Measure = Callable[[SweepRun], dict[str, float]]


def record_runs(sweep: Sweep, measure: Measure, wanted: Callable[[SweepRun], bool] = lambda cell: True) -> None:
    """Records every cell of a grid that is `wanted` as a FINISHED run."""
    for cell in filter(wanted, cells(sweep)):
        record_run(sweep, cell, measure(cell))


def record_run(sweep: Sweep, cell: SweepRun, metrics: dict[str, float], **tags: str) -> None:
    """Records a cell as a FINISHED run with these metrics."""
    hashes = {tracking.HASH: cell.config_hash, tracking.CELL: cell.cell_hash, tracking.DIGEST: cell.data_digest}
    own = {tracking.SWEEP: sweep.name, tracking.HOST: socket.gethostname()}
    client, experiment = tracking.client(), tracking.experiment(sweep.name, "?")
    run = client.create_run(experiment, run_name=cell.label, tags=hashes | own | tags).info.run_id
    params = [Param(name, value) for name, value in parameters(cell.config).items()]
    client.log_batch(run, [Metric(name, value, 0, 0) for name, value in metrics.items()], params)
    client.set_terminated(run, status="FINISHED")


def cell_of(metrics: dict[str, float] | None, digest: str = "d", **fields: Any) -> SweepRun:
    """A finished cell with these metrics, a new one with None. fields: such as activation="relu", seed=1."""
    sections = {"seed": "training", "batch_size": "training", "epochs": "training", "learning_rate": "training"}
    sections |= dict.fromkeys(("name", "path", "resolution", "size"), "data")
    config = from_flat({f"{sections.get(name, 'model')}.{name}": value for name, value in fields.items()})
    key, group = config_hash(config, digest), cell_hash(config, digest)
    state = "new" if metrics is None else "finished"
    return SweepRun(config, key, key, group, digest, state, run_id=f"run-{key}", metrics=metrics or {})  # type: ignore[arg-type]
