"""The one run of a sweep that holds what its runs say together."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from mlflow import MlflowClient

from sweeps.tracking.client import client, pages
from sweeps.tracking.errors import store_errors
from sweeps.tracking.experiment import SUMMARY, check_place, set_tag
from sweeps.tracking.record import SWEEP
from sweeps.workspace import uri

ROLE, NAME = "sweep.role", "summary"


def log_summary(sweep: str, folder: Path, note: str) -> str:
    """The id of the sweep's summary run, which holds the files of `folder` now and shows the Markdown `note`.

    The experiment's description will link to it when it is renewed. Raises TrackingError.
    """
    mlflow_client = client()
    with store_errors(uri()):
        experiment_id = str(mlflow_client.get_experiment_by_name(sweep).experiment_id)
        run_id = _only_run(mlflow_client, experiment_id, sweep)
        mlflow_client.log_artifacts(run_id, str(folder))
        mlflow_client.set_tag(run_id, "mlflow.note.content", note)
        mlflow_client.set_terminated(run_id, status="FINISHED")
        set_tag(mlflow_client, experiment_id, SUMMARY, run_id)
    return run_id


def add_to_summary(sweep: str, file: Path) -> None:
    """Puts a file into the sweep's summary run, which is created where there is none. Raises TrackingError."""
    mlflow_client = client()
    with store_errors(uri()):
        experiment_id = str(mlflow_client.get_experiment_by_name(sweep).experiment_id)
        run_id = _only_run(mlflow_client, experiment_id, sweep)
        mlflow_client.log_artifact(run_id, str(file))
        mlflow_client.set_terminated(run_id, status="FINISHED")
        set_tag(mlflow_client, experiment_id, SUMMARY, run_id)


def _only_run(mlflow_client: MlflowClient, experiment_id: str, sweep: str) -> str:
    """The oldest summary run, a new one where there is none. Others, imported or of a second `cae compare` at the same
    time, are deleted."""
    if not _summaries(mlflow_client, experiment_id):
        tags = {ROLE: "summary", SWEEP: sweep, "mlflow.source.name": "cae compare"}
        tags |= {"mlflow.user": os.environ.get("USER") or getpass.getuser(), "mlflow.source.type": "LOCAL"}
        mlflow_client.create_run(experiment_id, run_name=NAME, tags=tags)
    first, *others = _summaries(mlflow_client, experiment_id)
    for run_id in others:
        mlflow_client.delete_run(run_id)
    check_place(mlflow_client.get_run(first).info.artifact_uri)
    return first


def _summaries(mlflow_client: MlflowClient, experiment_id: str) -> list[str]:
    """Ids, the oldest first."""
    runs = pages(mlflow_client, experiment_id, filter_string=f"tags.`{ROLE}` = 'summary'")
    return [str(run.info.run_id) for run in sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))]
