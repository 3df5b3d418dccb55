"""Tables and numbers as docs/findings.md writes them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

NOT_YET = "*Not run yet.*"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mean(values: pd.Series) -> str:
    """Mean over seeds and standard deviation between them."""
    return unbroken(f"{values.mean():.3f} ± {values.std(ddof=1):.3f}" if len(values) > 1 else f"{values.mean():.3f}")


def unbroken(text: str) -> str:
    """On one line, also in a narrow column."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
