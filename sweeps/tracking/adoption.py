"""A run that another sweep has finished, shown in this one by a run that stands for it."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress

from mlflow.entities import Run, RunTag
from mlflow.exceptions import MlflowException

from sweeps import tracking, workspace
from sweeps.tracking import run_file
from sweeps.tracking.errors import store_errors
from sweeps.tracking.record import OF_ONE_SWEEP, SWEEP, Record, sweep_of
from sweeps.tracking.recording import log_metrics

NOTE = "mlflow.note.content"


def adopt(
    original: Record,
    experiment_id: str,
    name: str,
    own: dict[str, str],
    asked: Mapping[str, float],
    begun: str | None,
) -> None:
    """Records a FINISHED run in an experiment with the parameters, numbers and tags of `original`, whose artifacts stay
    where they are.

    own: its tags, the name of its sweep among them. asked: more numbers, which its sweep names. begun: the run of an
    adoption that was cut off, to be gone on with. Raises TrackingError.
    """
    client = tracking.client()
    with store_errors(workspace.uri()):
        found = client.get_run(original.run_id)
        tags = _tags(found, sweep_of(original)) | own
        if begun is None:
            begun = client.create_run(experiment_id, run_name=name, tags=tags).info.run_id
        else:
            client.update_run(begun, status="RUNNING")
            client.log_batch(begun, tags=[RunTag(*item) for item in tags.items()])
        run_file.log(run_file.read(found), begun)
        log_metrics(begun, asked, {}, found.info.end_time, 0, asked.keys())
        with suppress(MlflowException):  # not everybody may write into another's experiment
            client.set_tag(original.run_id, f"{tracking.ADOPTED_BY}{own[SWEEP]}", begun)
        client.set_terminated(begun, status="FINISHED")


def _tags(found: Run, sweep: str) -> dict[str, str]:
    """The original's, but for those that hold for its own sweep alone, and those of MLflow's pages."""
    kept = {key: value for key, value in found.data.tags.items() if not _is_its_own(key)}
    adopted = {tracking.ADOPTED: found.info.run_id, tracking.ADOPTED_FROM: sweep, NOTE: _note(found, sweep)}
    made = {"mlflow.user": os.environ.get("USER") or getpass.getuser(), "mlflow.source.name": "cae run"}
    # Should its process die, the launches of this machine know.
    here = {"mlflow.source.type": "LOCAL", tracking.HOST: socket.gethostname()}
    return kept | tracking.tag_values(adopted | made | here)


def _is_its_own(tag: str) -> bool:
    return tag in OF_ONE_SWEEP or tag.startswith((tracking.ADOPTED_BY, "mlflow."))


def _note(found: Run, sweep: str) -> str:
    """Markdown that leads to the original, and what is said of that; addresses are relative to MLflow's pages."""
    page = f"#/experiments/{found.info.experiment_id}/runs/{found.info.run_id}"
    said = f"**Adopted from {sweep}**, not trained again. Files and pictures are on [the page of its run]({page})."
    return f"{said}\n\n{found.data.tags.get(NOTE, '')}"


def forget(sweep: str, originals: Iterable[str]) -> None:
    """Takes the name of a sweep that is deleted off the runs that it has adopted. Raises TrackingError."""
    with store_errors(workspace.uri()):
        for original in originals:
            with suppress(MlflowException):  # gone, or never marked
                tracking.client().delete_tag(original, f"{tracking.ADOPTED_BY}{sweep}")
