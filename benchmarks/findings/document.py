"""docs/findings.md with its tables renewed: those between `<!-- NAME -->` and `<!-- end -->`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.document import PLACE
from benchmarks.findings.tables import block

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"


def renewed(text: str) -> str:
    return PLACE.sub(lambda found: f"{found[1]}\n{block(found[2])}\n\n{found[3]}", text)
