"""What was read of a data set, left out and missing, in words."""

from __future__ import annotations

from typing import Any

COUNTED = {
    "rows_named_otherwise": "rows that fit by number or stem of the name alone",
    "images_without_row": "images without a row",
    "rows_without_image": "rows without an image",
}


def summary(report: dict[str, Any]) -> str:
    """One line on a report of the cache: images, those left out, and rows and images without their counterpart."""
    parts = [f"{report['count']:,} images"]
    if report.get("surrogate"):
        parts = [
            f"{report['count']:,} {report['surrogate']} surrogates of images, contrast {report['contrast_factor']:g}"
        ]
    if report["left_out"]:
        parts.append(f"{report['left_out']:,} of {report['found']:,} files left out as unusable")
    other = report.get("passed_over", {})
    if other:
        kinds = ", ".join(f"{number:,} {suffix}" for suffix, number in list(other.items())[:5])
        parts.append(f"{sum(other.values()):,} other files passed over ({kinds}{', ...' * (len(other) > 5)})")
    for key, words in COUNTED.items():
        counts = report.get(key, {})
        for number in sorted(set(counts.values()) - {0}):
            tables = " and ".join(table for table in counts if counts[table] == number)
            parts.append(f"{number:,} {words} in the table of {tables}")
    if report.get("copies"):
        fate = "left out" if report["duplicates"] == "drop" else "on the same side of the split"
        count = report["copies"]
        parts.append(f"{count:,} exact {'copy of another' if count == 1 else 'copies of others'}, {fate}")
    if report.get("near_copies"):
        count = report["near_copies"]
        parts.append(f"{count:,} that look{'s' * (count == 1)} like another one")
    others = report.get("on_neither_side", 0) - report.get("copies", 0) * (report.get("duplicates") == "drop")
    if others > 0:
        parts.append(f"{others:,} on neither side of the {report['split']} split")
    return ", ".join(parts)
