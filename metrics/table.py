"""The table of metrics as Markdown, for docs/metrics.md: `python -m metrics.table`."""

from __future__ import annotations

from metrics.scores import METRICS


def markdown() -> str:
    """One row for each metric: name, range, direction, what it sees and what it cannot."""
    head = ["| metric | range | direction | sees | cannot see |", "|---|---|---|---|---|"]
    rows = [f"| `{m.name}` | {m.range} | {m.direction} | {m.sees} | {m.cannot_see} |" for m in METRICS]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    print(markdown())
