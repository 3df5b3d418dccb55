"""The generators of the best cell's run in a report: which faces are most like photographs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.analysis.column import Column
from sweeps.pipeline.generator_table import HEADS, cells, is_compared, verdict


def generators(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """Verdict and table of a run's `result.json`; None where its generators were not compared with photographs."""
    rows = result.get("generators", [])
    if not is_compared(rows):
        return None
    columns = zip(HEADS, zip(*cells(rows), strict=True), strict=True)
    return {
        "verdict": verdict(rows),
        "table": [Column(head, list(texts), right=position > 0) for position, (head, texts) in enumerate(columns)],
    }
