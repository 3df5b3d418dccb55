"""The page among the artifacts: of the run that it shows, or of the sweep's summary run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sweeps.explorer.rows import Asked
from sweeps.report.page import EXPLORE
from sweeps.tracking.artifacts import store
from sweeps.tracking.summary import add_to_summary


def record(asked: Asked, page: Path) -> str:
    """Keeps the page as `explore.html`, and says where. Raises TrackingError."""
    with tempfile.TemporaryDirectory(prefix="cae-explore-") as scratch:
        named = Path(shutil.copyfile(page, Path(scratch) / EXPLORE))
        if asked.sweep is not None:
            add_to_summary(asked.sweep, named)
            return f"the summary of {asked.sweep}"
        for run_id in asked.explored:
            store(run_id, named)
    return " and ".join(row.label for row in asked.rows)
