"""The one run of a sweep that holds what its runs say together: report, contact sheet, tables and sweep file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sweeps import tracking
from sweeps.analysis.answer import answer, limitations
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.export import comparison_json
from sweeps.files import json_text
from sweeps.planning.plan import SweepRun
from sweeps.report.page import REPORT, SHEET
from sweeps.tracking.summary import log_summary
from sweeps.tracking.views import describe


def log_comparison(comparison: Comparison, cells: Sequence[SweepRun], report: Path) -> str:
    """The id of the sweep's summary run, which holds report, contact sheet, `comparison.json` and `sweep.yaml` now.

    cells: as `api.cells` gives them. report: the folder that `write_report` wrote. The
    experiment's description links to the report. Raises TrackingError.
    """
    sweep = comparison.sweep
    with tempfile.TemporaryDirectory(prefix="cae-summary-") as scratch:
        folder = Path(scratch)
        (folder / "comparison.json").write_text(json_text(comparison_json(comparison, cells)), encoding="utf-8")
        (folder / "sweep.yaml").write_bytes(sweep.text.encode())
        for name in (REPORT, SHEET):
            shutil.copyfile(report / name, folder / name)
        run_id = log_summary(sweep.name, folder, _note(comparison))
    tracking.experiment(sweep.name, describe(sweep))
    return run_id


def _note(comparison: Comparison) -> str:
    lines = [f"**{answer(comparison)}**", "", *(f"- {line}" for line in limitations(comparison))]
    return "\n".join(lines)[:8000]
