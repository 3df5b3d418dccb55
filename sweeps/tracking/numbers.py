"""The numbers of finished runs: MLflow holds those that its pages can show, the run's `result.json` all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sweeps import workspace
from sweeps.errors import TrackingError
from sweeps.files import read_json
from sweeps.tracking import artifacts
from sweeps.tracking.store import NUMBERS, Record

# A server takes the way there and back for each file.
REQUESTS = 8


def with_all_metrics(records: Mapping[str, Record]) -> dict[str, Record]:
    """The same records, the finished ones with every number that was measured. Raises TrackingError.

    Of runs recorded before MLflow held a choice, it has all. Costs a file for each of the others, of about 40 kB; of
    records that are whole already, nothing.
    """
    chosen = {key: record for key, record in records.items() if record.status == "FINISHED" and NUMBERS in record.tags}
    with ThreadPoolExecutor(REQUESTS) as pool:
        found = zip(chosen.items(), pool.map(_result, chosen.values()), strict=True)
        return {**records, **{key: _whole(record, result) for (key, record), result in found}}


def _whole(record: Record, result: Mapping[str, Any]) -> Record:
    tags = {name: value for name, value in record.tags.items() if name != NUMBERS}
    return replace(record, metrics=record.metrics | numbers(result), tags=tags)


def numbers(result: Mapping[str, Any]) -> dict[str, float]:
    """Every number of a `result.json` by its full name; of a curve the last, as MLflow has it."""
    last = {name: curve[max(curve, key=int)] for name, curve in result.get("steps", {}).items() if curve}
    seconds = {f"seconds/{name}": value for name, value in result.get("seconds", {}).items()}
    return result.get("metrics", {}) | seconds | last


def _result(record: Record) -> dict[str, Any]:
    """The run's `result.json`; empty where it is gone, or in a folder `mlruns` that was moved without its record."""
    name = record.tags[NUMBERS]
    if workspace.is_local():
        return read_json(Path(url2pathname(urlsplit(record.place).path)) / name) or {}
    return _fetched(record.run_id, name)


def _fetched(run_id: str, name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cae-numbers-") as scratch:
        try:
            return read_json(artifacts.fetch(run_id, name, Path(scratch))) or {}
        except TrackingError:
            if name in artifacts.listing(run_id):
                raise
            return {}
