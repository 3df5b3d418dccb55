"""The sweep file behind an MLflow experiment, as the record has it: for who has the runs and not the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.spec.fields import nearest
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import check_metrics, parse
from sweeps.tracking.artifacts import fetch, listing
from sweeps.tracking.errors import store_errors
from sweeps.tracking.experiment import SUMMARY
from sweeps.tracking.views import text_in

FILE = "sweep.yaml"


def sweep_of_experiment(name: str) -> Sweep:
    """The sweep whose runs an experiment has: its file stands in the description, or among the files of the summary.

    Raises SweepError where there is no such experiment or neither has it, TrackingError.
    """
    tags = _tags(name)
    text = text_in(tags.get("mlflow.note.content", "")) or _in_summary(tags.get(SUMMARY))
    if text is None:
        raise SweepError(
            f"--experiment {name}: neither its description nor its summary run holds a sweep file; give the file itself"
        )
    sweep = parse(text, Path(f"{name}.yaml"))
    check_metrics(sweep)
    # Experiments can be renamed.
    return sweep if sweep.name == name else sweep.model_copy(update={"name": name})


def _tags(name: str) -> dict[str, str]:
    if not tracking.exists():
        raise SweepError(f"--experiment {name}: nothing is recorded in {workspace.uri()} yet")
    with store_errors(workspace.uri()):
        client = tracking.client()
        found = client.get_experiment_by_name(name)
        if found is None or found.lifecycle_stage != "active":
            near = nearest(name, [other.name for other in client.search_experiments()])
            raise SweepError(f"--experiment {name}: {workspace.uri()} has no experiment of that name{near}")
    return dict(found.tags)


def _in_summary(run_id: str | None) -> str | None:
    if run_id is None or tracking.find_run(run_id) is None or FILE not in listing(run_id):
        return None
    with tempfile.TemporaryDirectory(prefix="cae-sweep-") as scratch:
        return fetch(run_id, FILE, Path(scratch)).read_text(encoding="utf-8")
