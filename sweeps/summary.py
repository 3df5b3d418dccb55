"""The one run of a sweep that holds what its runs say together: report, contact sheet, tables and sweep file."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps import tracking
from sweeps.answer import answer, untold
from sweeps.compare import Comparison
from sweeps.comparison_tables import comparison_json
from sweeps.files import write_json
from sweeps.note import SUMMARY
from sweeps.pages import describe
from sweeps.plan import Cell
from sweeps.report import REPORT, SHEET
from sweeps.stores import answering

if TYPE_CHECKING:
    from mlflow import MlflowClient

ROLE, NAME = "sweep.role", "summary"


def log_comparison(comparison: Comparison, cells: Sequence[Cell], path: Path, report: Path) -> str:
    """The id of the sweep's summary run, which holds report, contact sheet, `comparison.json` and `sweep.yaml` now.

    cells: as `plan.plan` gives them. path: the sweep file. report: the folder that `write_report` wrote. The
    experiment's description links to the report. Raises TrackingError.
    """
    sweep, client = comparison.sweep, tracking.client()
    with answering(tracking.uri()), tempfile.TemporaryDirectory(prefix="cae-summary-") as scratch:
        folder = Path(scratch)
        write_json(folder / "comparison.json", comparison_json(comparison, cells))
        shutil.copyfile(path, folder / "sweep.yaml")
        for name in (REPORT, SHEET):
            shutil.copyfile(report / name, folder / name)
        experiment_id = str(client.get_experiment_by_name(sweep.name).experiment_id)
        run_id = _only_run(client, experiment_id, sweep.name)
        client.log_artifacts(run_id, str(folder))
        client.set_tag(run_id, "mlflow.note.content", _note(comparison))
        client.set_terminated(run_id, status="FINISHED")
        client.set_experiment_tag(experiment_id, SUMMARY, run_id)
    tracking.experiment(sweep.name, describe(sweep, path))
    return run_id


def _note(comparison: Comparison) -> str:
    lines = [f"**{answer(comparison)}**", "", *(f"- {line}" for line in untold(comparison))]
    return "\n".join(lines)[:8000]


def _only_run(client: MlflowClient, experiment_id: str, sweep: str) -> str:
    """The oldest summary run, a new one where there is none. Others, imported or of a second `cae compare` at the same
    time, are deleted."""
    if not _summaries(client, experiment_id):
        tags = {ROLE: "summary", tracking.SWEEP: sweep, "mlflow.source.name": "cae compare"}
        tags |= {"mlflow.user": os.environ.get("USER") or getpass.getuser(), "mlflow.source.type": "LOCAL"}
        client.create_run(experiment_id, run_name=NAME, tags=tags)
    first, *others = _summaries(client, experiment_id)
    for run_id in others:
        client.delete_run(run_id)
    tracking.check_place(client.get_run(first).info.artifact_uri)
    return first


def _summaries(client: MlflowClient, experiment_id: str) -> list[str]:
    """Ids, the oldest first."""
    runs = tracking.pages(client, experiment_id, filter_string=f"tags.`{ROLE}` = 'summary'")
    return [str(run.info.run_id) for run in sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))]
