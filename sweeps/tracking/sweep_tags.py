"""What processes that share a store tell each other about a sweep: tags of its experiment, which any machine reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.tracking.client import client, exists
from sweeps.tracking.errors import store_errors
from sweeps.tracking.experiment import set_tag
from sweeps.workspace import uri

if TYPE_CHECKING:
    from mlflow.entities import Experiment


def sweep_tags(sweep: str, prefix: str) -> dict[str, str]:
    """The tags whose names begin so. Empty where there is no experiment. Raises TrackingError."""
    found = _experiment(sweep)
    return {key: value for key, value in found.tags.items() if key.startswith(prefix)} if found else {}


def set_sweep_tag(sweep: str, name: str, words: str) -> None:
    """Sets a tag of a sweep that has an experiment; of another it is not set. Raises TrackingError."""
    if found := _experiment(sweep):
        with store_errors(uri()):
            set_tag(client(), found.experiment_id, name, words)


def remove_sweep_tag(sweep: str, name: str) -> None:
    """Takes a tag away; one that another process has taken away meanwhile is no error. Raises TrackingError."""
    found = _experiment(sweep)
    if found and name in found.tags:
        with store_errors(uri()):
            client().delete_experiment_tag(found.experiment_id, name)


def _experiment(sweep: str) -> Experiment | None:
    """None where there is none, or it is in MLflow's trash."""
    if not exists():
        return None
    with store_errors(uri()):
        found = client().get_experiment_by_name(sweep)
    return found if found is not None and found.lifecycle_stage == "active" else None
