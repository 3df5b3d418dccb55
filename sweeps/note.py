"""The description of a sweep's experiment, with a link to its report."""

from __future__ import annotations

import re

# Tag of an experiment: the id of the run that holds the sweep's report.
SUMMARY = "sweep.summary"
_LINK = re.compile(r"\n*\[The report of the last `cae compare`\]\([^)]*\)\n*")


def with_report(description: str, experiment_id: str, summary: str | None) -> str:
    """The description with a link to the report of run `summary` at its end, and none to any other, say of the machine
    from which the sweep was imported."""
    plain = _LINK.sub("\n", description)
    if summary is None:
        return plain
    place = f"#/experiments/{experiment_id}/runs/{summary}/artifacts/report.html"
    return f"{plain.rstrip()}\n\n[The report of the last `cae compare`]({place})\n"
