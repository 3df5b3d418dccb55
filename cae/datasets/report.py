"""What was read of a data set, left out and missing, in words."""

from __future__ import annotations

from typing import Any


def summary(report: dict[str, Any]) -> str:
    """One line on a report of the cache: images, those left out, and rows and images without their counterpart."""
    parts = [f"{report['count']:,} images"]
    if report["left_out"]:
        parts.append(f"{report['left_out']:,} of {report['found']:,} files left out as unusable")
    for key, words in (("images_without_row", "images without a row"), ("rows_without_image", "rows without an image")):
        counts = report.get(key, {})
        for number in sorted(set(counts.values()) - {0}):
            tables = " and ".join(table for table in counts if counts[table] == number)
            parts.append(f"{number:,} {words} in the table of {tables}")
    if report.get("on_neither_side"):
        parts.append(f"{report['on_neither_side']:,} on neither side of the {report['split']} split")
    return ", ".join(parts)
