"""The measured tables in the documents, renewed from `benchmarks/results.json`: python -m benchmarks.document"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.table import markdown

DOCUMENTS = tuple(Path(__file__).parents[1] / "docs" / name for name in ("performance.md", "scoring.md", "networks.md"))
PLACE = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)


def renewed(text: str) -> str:
    """The text with a section's table between `<!-- section -->` and `<!-- end -->`."""
    return PLACE.sub(lambda found: f"{found[1]}\n{markdown(found[2])}\n{found[3]}", text)


def renew() -> None:
    for document in DOCUMENTS:
        document.write_text(renewed(document.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    renew()
