"""The MLflow experiment of a sweep."""

from __future__ import annotations

import re
import shlex
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sweeps.errors import TrackingError
from sweeps.tracking.client import client
from sweeps.tracking.errors import store_errors
from sweeps.workspace import home, is_local, uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment


def experiment(name: str, description: str) -> str:
    """The id of the experiment called `name`, created if need be, with its description renewed.

    One in MLflow's trash stays there: what is deleted does not count, for no command, and nothing brings it back.
    Links in it to the pages of an experiment, whichever, lead to this one; one to the sweep's report stays in it.
    """
    mlflow_client = client()
    with store_errors(uri()):
        found = mlflow_client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            _leave_in_trash(mlflow_client, found)
            found = None
        experiment_id = found.experiment_id if found is not None else _create_experiment(mlflow_client, name)
        if found is not None:
            check_place(found.artifact_location)
        note = with_report(description, str(experiment_id), found.tags.get(SUMMARY) if found else None)
        set_tag(mlflow_client, experiment_id, "mlflow.note.content", _linked(note, str(experiment_id)))
    return str(experiment_id)


def set_tag(mlflow_client: MlflowClient, experiment_id: str, name: str, words: str) -> None:
    """Sets a tag of an experiment, also where another process sets it for the first time just now.

    MLflow looks whether there is one, and adds it if not; of two that do so at once, one is refused, and finds it then.
    """
    from mlflow.exceptions import MlflowException

    try:
        mlflow_client.set_experiment_tag(experiment_id, name, words)
    except MlflowException as error:
        if error.error_code != "BAD_REQUEST":
            raise
        mlflow_client.set_experiment_tag(experiment_id, name, words)


def _leave_in_trash(mlflow_client: MlflowClient, found: Experiment) -> None:
    """Frees the name of an experiment in MLflow's trash, where names are unique as well."""
    rename(mlflow_client, found)
    mlflow_client.delete_experiment(found.experiment_id)


def rename(mlflow_client: MlflowClient, found: Experiment) -> None:
    """Gives an experiment the name "NAME deleted ID"; one in the trash has to come out of it for that."""
    if found.lifecycle_stage == "deleted":
        mlflow_client.restore_experiment(found.experiment_id)
    mlflow_client.rename_experiment(found.experiment_id, f"{found.name} deleted {found.experiment_id}")


def misplaced(experiment_id: str) -> str | None:
    """A warning where a server leaves artifacts to whoever records: they lie on that machine's disk then."""
    if is_local():
        return None
    mlflow_client = client()
    with store_errors(uri()):
        place = mlflow_client.get_experiment(experiment_id).artifact_location
    if urlsplit(place).scheme not in ("", "file"):
        return None
    return (
        f"{uri()} does not pass artifacts on: they are written to {place} on this machine's own disk, where others "
        "miss them; start the server with --serve-artifacts"
    )


def _linked(description: str, experiment_id: str) -> str:
    """The description with its links to an experiment's pages leading to this one: ids differ between stores."""
    return re.sub(r"(?<=#/experiments/)\d+(?=/)", experiment_id, description)


def _create_experiment(mlflow_client: MlflowClient, name: str) -> str:
    """The id of a new experiment, or of the one that another process has just created."""
    from mlflow.exceptions import MlflowException

    # A folder of its own: experiments can be renamed, and another one can then be made with the name of the first.
    location = (home() / "artifacts" / f"{name}-{token_hex(4)}").as_uri() if is_local() else None
    try:
        return str(mlflow_client.create_experiment(name, artifact_location=location))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return str(mlflow_client.get_experiment_by_name(name).experiment_id)


def check_place(location: str) -> None:
    """Raises TrackingError where a local record keeps artifacts outside `mlruns`, because that folder was moved here.

    MLflow stores their places in full: reading would miss them, writing would put them into the folder copied from.
    """
    if is_local() and not location.startswith(f"{home().as_uri()}/"):
        raise TrackingError(
            f"{home()}: its artifacts are recorded at {location}, from where this folder was copied; "
            f"correct the record first: cae import {shlex.quote(str(home()))}"
        )


# Tag of an experiment: the id of the run that holds the sweep's report.
SUMMARY = "sweep.summary"


_LINK = re.compile(r"\n*\[The report of the last `cae compare`\]\([^)]*\)\n*")


def with_report(description: str, experiment_id: str, summary: str | None) -> str:
    """The description with a link to the report of run `summary` at its end, and none to any other, say of the machine
    from which the sweep was imported."""
    plain = _LINK.sub("\n", description)
    if summary is None:
        return plain
    place = f"#/experiments/{experiment_id}/runs/{summary}/artifacts/report.html"
    return f"{plain.rstrip()}\n\n[The report of the last `cae compare`]({place})\n"
