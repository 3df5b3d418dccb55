"""What a sweep consists of and how far it is: every cell with its hash, parameters and state."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cae.config import DataConfig, RunConfig, cell_hash, config_hash, flatten, irrelevant
from cae.datasets import DataError, data_digest
from sweeps import tracking
from sweeps.definition import Sweep
from sweeps.grid import expand

Digests = dict[DataConfig, str | DataError]
State = Literal["new", "running", "finished", "failed", "pruned"]


@dataclass(frozen=True)
class Cell:
    """One run of a sweep. Hashes are None while the data cannot be found; `note` then says why."""

    config: RunConfig
    label: str
    config_hash: str | None
    cell_hash: str | None
    data_digest: str | None = None
    state: State = "new"
    attempt: int = 0
    run_id: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        return flatten(self.config)


def plan(sweep: Sweep, path: Path, storage: str | None = None) -> list[Cell]:
    """The cells of a sweep in file order with what is recorded of them; of a search, those tried so far.

    storage: the database of Optuna's studies and of leases, if not the one in `mlruns`.
    Raises SweepError, TrackingError.
    """
    if sweep.method != "grid":
        from sweeps.search import tried_cells

        return tried_cells(sweep, storage)
    configs = expand(sweep, path)
    return cells_of(configs, varied(configs), tracking.records(sweep.name), {}, storage)[: sweep.run_cap]


def cells_of(
    configs: list[RunConfig],
    names: list[str],
    records: dict[str, tracking.Record],
    digests: Digests,
    storage: str | None = None,
) -> list[Cell]:
    """Each of these runs once, with what is recorded of it.

    names: the fields that its label tells. digests: of the data sets met so far, added to; a large one takes a second.
    storage: the database of leases, if any.
    """
    cells: dict[str, Cell] = {}
    for config in configs:
        cell = _cell(config, label(config, names), _digest(config.data, digests, records), records, storage)
        cells.setdefault(cell.config_hash or f"{config!r}", cell)
    return list(cells.values())


def _digest(data: DataConfig, known: Digests, records: dict[str, tracking.Record]) -> str | DataError:
    if data not in known:
        try:
            known[data] = data_digest(data)
        except DataError as error:
            known[data] = _recorded_digest(data, records) or error
    return known[data]


def _recorded_digest(data: DataConfig, records: dict[str, tracking.Record]) -> str | None:
    """The digest that the runs on these images recorded; None where none did, or not all the same.

    A sweep that was imported is read without its images; what is still to be trained asks for them when it starts.
    """
    wanted, default = _data_params(data), _data_params(DataConfig())
    found = {r.tags.get(tracking.DIGEST) for r in records.values() if wanted.items() <= (default | r.params).items()}
    return found.pop() if len(found) == 1 else None


def _data_params(data: DataConfig) -> dict[str, str]:
    values = data.model_dump(mode="json", exclude={"path"})
    return {f"data.{name}": readable(value) for name, value in values.items()}


def _cell(
    config: RunConfig, name: str, digest: str | DataError, records: dict[str, tracking.Record], storage: str | None
) -> Cell:
    if isinstance(digest, DataError):
        return Cell(config, name, None, None, note=str(digest))
    key, group = config_hash(config, digest), cell_hash(config, digest)
    record = records.get(key)
    if record is None:
        return Cell(config, name, key, group, digest, "running" if tracking.is_held(key) else "new")
    state, note = state_of(record, storage)
    return Cell(config, name, key, group, digest, state, record.attempt, record.run_id, record.metrics, note)


def state_of(record: tracking.Record, storage: str | None = None) -> tuple[State, str]:
    """The state of a recorded run, and a note where it was cut off. storage: the database of leases, if any."""
    from sweeps.orphans import is_orphan  # SQLAlchemy; without a record nobody asks

    if record.status == "FINISHED":
        return "finished", ""
    if tracking.PRUNED in record.tags:
        return "pruned", ""
    if record.status in ("RUNNING", "SCHEDULED") and not is_orphan(record, storage):
        return "running", "" if record.host in ("", socket.gethostname()) else f"on {record.host}"
    if tracking.is_computed(record.config_hash):
        return "failed", "computed, and waits on this machine; the next cae run uploads it"
    if record.status == "FAILED":
        return "failed", record.tags.get(tracking.ERROR, "")
    return "failed", "interrupted; goes on with the next cae run"


def varied(configs: list[RunConfig]) -> list[str]:
    """The fields in which these runs differ, in the order of RunConfig; where the images lie does not count."""
    flat = [flatten(config) for config in configs]
    return [name for name in flat[0] if name != "data.path" and any(f[name] != flat[0][name] for f in flat)]


def label(config: RunConfig, names: list[str]) -> str:
    """A name a person can read: "activation=relu batch_norm=true seed=0" from the fields that vary."""
    shown = shown_values(config, [name for name in names if name != "training.seed"])
    words = [f"{name.split('.')[1]}={value}" for name, value in shown.items() if value]
    return " ".join([*words, f"seed={config.training.seed}"])


def shown_values(config: RunConfig, names: list[str]) -> dict[str, str]:
    """These fields as a person reads them; empty where a field has no meaning for this run."""
    values, ignored = flatten(config), irrelevant(config)
    return {name: "" if name in ignored else readable(values[name]) for name in names}


def readable(value: Any) -> str:
    """A value in few characters: [64, 64, 128] -> 64-64-128, true, 0.0005, a mixture as its parts' names."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "-".join(readable(item) for item in value)
    if isinstance(value, dict):
        return f"{value['name']}:{readable(value['weight'])}"
    return "default" if value is None else str(value)


_DEFAULTS = {name: readable(value) for name, value in flatten(RunConfig()).items()}


def recorded_value(record: tracking.Record, name: str) -> str:
    """A field as a run's record shows it. One that is younger than the run has its default."""
    found = record.tags if name == "data.path" else record.params
    return found.get(name, _DEFAULTS[name])


def as_json(sweep: Sweep, cells: list[Cell]) -> dict[str, Any]:
    """The cells as plain values: the form that plan, status and compare print with --json."""
    fields = ("config_hash", "cell_hash", "state", "attempt", "run_id", "parameters", "metrics")
    return {"sweep": sweep.name, "cells": [{name: getattr(cell, name) for name in fields} for cell in cells]}
