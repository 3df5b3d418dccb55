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
from sweeps.spec.formula import with_formulas
from sweeps.tracking import artifacts, server_api
from sweeps.tracking.client import client
from sweeps.tracking.errors import LeaveToMlflow
from sweeps.tracking.record import NUMBERS, Record

# A server takes the way there and back for each file.
REQUESTS = 8
Result = dict[str, Any]


def with_all_metrics(records: Mapping[str, Record], formulas: Mapping[str, str] | None = None) -> dict[str, Record]:
    """The same records, the finished ones with every number that was measured. Raises TrackingError.

    formulas: the sweep's `metrics`, which are added where a run has what they are made of.

    Of runs recorded before MLflow held a choice, it has all. Costs a file for each of the others, of about 40 kB; of
    records that are whole already, nothing.
    """
    chosen = {key: record for key, record in records.items() if record.status == "FINISHED" and NUMBERS in record.tags}
    whole = {**records, **{key: _whole(chosen[key], result) for key, result in _results(chosen).items()}}
    if not formulas:
        return whole
    return {key: replace(run, metrics=with_formulas(run.metrics, formulas)) for key, run in whole.items()}


def _whole(record: Record, result: Mapping[str, Any]) -> Record:
    tags = {name: value for name, value in record.tags.items() if name != NUMBERS}
    return replace(record, metrics=record.metrics | numbers(result), versions=versions(result), tags=tags)


def numbers(result: Mapping[str, Any]) -> dict[str, float]:
    """Every number of a `result.json` by its full name; of a curve the last, as MLflow has it."""
    last = {name: curve[max(curve, key=int)] for name, curve in result.get("steps", {}).items() if curve}
    seconds = {f"seconds/{name}": value for name, value in result.get("seconds", {}).items()}
    return result.get("metrics", {}) | seconds | last


def versions(result: Mapping[str, Any]) -> dict[str, str]:
    """Of the scores, this package and its libraries, by name; those that the run's `result.json` says."""
    scores = {"metrics": result["metrics_version"]} if "metrics_version" in result else {}
    return scores | result.get("versions", {})


def _results(records: Mapping[str, Record]) -> dict[str, Result]:
    """Each run's `result.json`; empty where it is gone, or in a folder `mlruns` that was moved without its record."""
    with ThreadPoolExecutor(REQUESTS) as pool:
        found = dict(zip(records, pool.map(_without_mlflow, records.values()), strict=True))
        left = [records[key] for key, result in found.items() if result is None]
        if left:
            client()  # opened once, before the threads need it
        others = pool.map(_by_mlflow, left)
        return {key: next(others) if result is None else result for key, result in found.items()}


def _without_mlflow(record: Record) -> Result | None:
    """Read from this machine's disk or asked of a server that passes files on; None from elsewhere."""
    place, name = urlsplit(record.place), record.tags[NUMBERS]
    if workspace.is_local() or (place.scheme in ("", "file") and not place.netloc):
        return read_json(Path(url2pathname(place.path)) / name) or {}
    try:
        return server_api.artifact(record.place, name)
    except LeaveToMlflow:
        return None


def _by_mlflow(record: Record) -> Result:
    run_id, name = record.run_id, record.tags[NUMBERS]
    with tempfile.TemporaryDirectory(prefix="cae-numbers-") as scratch:
        try:
            return read_json(artifacts.fetch(run_id, name, Path(scratch))) or {}
        except TrackingError:
            if name in artifacts.listing(run_id):
                raise
            return {}
