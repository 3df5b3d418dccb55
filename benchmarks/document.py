"""The measured tables in docs/performance.md, renewed from `benchmarks/results.json`: python -m benchmarks.document"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.table import markdown

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
PLACE = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)


def renewed(text: str) -> str:
    """The text with a section's table between `<!-- section -->` and `<!-- end -->`."""
    return PLACE.sub(lambda found: f"{found[1]}\n{markdown(found[2])}\n{found[3]}", text)


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
