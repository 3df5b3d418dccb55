"""One run of a sweep as its record has it, and the names of the tags that say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cae.config import RunConfig, flatten
from sweeps.spec.display import readable

SWEEP, HASH, CELL, ATTEMPT, HOST = "sweep.name", "sweep.config_hash", "sweep.cell_hash", "sweep.attempt", "host"
# Why a run did not finish; the version of the scores it was measured with.
ERROR, METRICS = "sweep.error", "metrics.version"
# Where among its artifacts a finished run has all of its numbers, of which MLflow holds a choice.
NUMBERS = "metrics.file"
# Of the images that a run was trained on.
DIGEST = "data.digest"
# Set where the run's process holds a lease in a database that machines share.
LEASED = "sweep.lease"
# Of a search: what Optuna chose for the run, as JSON; when and why it was stopped early.
TRIAL, PRUNED = "sweep.trial", "sweep.pruned"
# Of a run that another sweep has finished: its id and that sweep. And on it, with the name of each sweep that adopted
# it behind the dot, the id of that one's run.
ADOPTED, ADOPTED_FROM, ADOPTED_BY = "sweep.adopted", "sweep.adopted_from", "sweep.adopted_by."
# What a run that is adopted does not share with the one that stands for it.
OF_ONE_SWEEP = (SWEEP, TRIAL, LEASED, ADOPTED, ADOPTED_FROM)


@dataclass(frozen=True)
class Record:
    """One MLflow run of a sweep. status: MLflow's (RUNNING, FINISHED, FAILED, KILLED). started: seconds since 1970.

    metrics: those that MLflow holds; `numbers.with_all_metrics` has the others, and versions. place: of its artifacts,
    as URI. experiment: id of the one it is in. link: of a run that another sweep finished, the id of the run that
    stands for it in this one; all else is the original's.
    """

    run_id: str
    name: str
    config_hash: str
    status: str
    attempt: int
    host: str
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    started: float = 0.0
    place: str = ""
    experiment: str = ""
    link: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """What a store has of a sweep: runs in order of their start, and the stage of their experiment, "active" or
    "deleted"; None without one."""

    runs: list[Record]
    stage: str | None = None


def of_a_sweep(
    run_id: str,
    name: str,
    status: str,
    start: int,
    place: str,
    metrics: dict[str, float],
    params: dict[str, str],
    tags: dict[str, str],
    experiment: str,
) -> Record | None:
    """The record of a run that has these values in MLflow; None of one that a sweep did not make, such as its summary.

    start: milliseconds since 1970.
    """
    if HASH not in tags:
        return None
    attempt, host = _attempt(tags.get(ATTEMPT, "1")), tags.get(HOST, "")
    values = (metrics, params, tags)
    return Record(run_id, name, tags[HASH], status, attempt, host, *values, start / 1000, place, experiment)


def _attempt(text: str) -> int:
    """Tags can be edited in MLflow's pages: what is no number is the first attempt."""
    return int(text) if text.isascii() and text.isdigit() else 1


def latest(runs: Iterable[Record]) -> dict[str, Record]:
    """Of runs in order of their start, the one that counts for each config_hash."""
    chosen: dict[str, Record] = {}
    for run in runs:
        if run.config_hash not in chosen or chosen[run.config_hash].status != "FINISHED":
            chosen[run.config_hash] = run
    return chosen


_DEFAULTS = {name: readable(value) for name, value in flatten(RunConfig()).items()}


def recorded_value(record: Record, name: str) -> str:
    """A field as a run's record shows it. One that is younger than the run has its default."""
    found = record.tags if name == "data.path" else record.params
    return found.get(name, _DEFAULTS[name])


def sweep_of(record: Record) -> str:
    """The name of the sweep that recorded a run, in words where it is not known."""
    return record.tags.get(SWEEP, "another sweep")


def tag_values(values: dict[str, Any]) -> dict[str, str]:
    """The values as MLflow stores tags: text of at most 8,000 characters, without those that are None."""
    return {name: str(value)[:8000] for name, value in values.items() if value is not None}
