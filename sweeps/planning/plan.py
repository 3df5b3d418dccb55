"""What a sweep consists of and how far it is: every cell with its hash, parameters and state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from cae.config import DataConfig, RunConfig, cell_hash, config_hash, flatten, load_plugins, untrainable
from cae.datasets import DataError, data_digest
from cae.plugins import PluginError
from cae.registries import MEASURES
from sweeps import tracking
from sweeps.errors import SweepError
from sweeps.locks import file_lock
from sweeps.planning.state import State, state_of
from sweeps.spec.display import readable, varied
from sweeps.spec.grid import expand, varied_fields
from sweeps.spec.run_name import run_name
from sweeps.spec.sweep import Sweep

Digests = dict[DataConfig, str | DataError]


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep. Hashes are None while the data cannot be found; `note` then says why.

    experiment: id of the one that run_id is in. link: of an adopted run the id of the run that stands for it in this
    sweep; run_id is that of another sweep's. adoptable: whether the next launch adopts it. versions: of the scores,
    this package and its libraries, where a finished run says them.
    """

    config: RunConfig
    label: str
    config_hash: str | None
    cell_hash: str | None
    data_digest: str | None = None
    state: State = "new"
    attempt: int = 0
    run_id: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    note: str = ""
    experiment: str | None = None
    link: str | None = None
    adoptable: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        return flatten(self.config)


def grid_runs(sweep: Sweep, storage: str | None = None, most: int | None = None) -> list[SweepRun]:
    """The runs of a grid in file order with what is recorded of them, the first `most` of them if so many are enough.

    storage: the database of leases, if any. Raises SweepError, TrackingError.
    """
    configs = expand(sweep, most)
    # Of a part of the runs alone, names still tell what varies among all.
    names = varied(configs) if most is None and sweep.run_cap is None else varied_fields(sweep)
    cells = cells_of(sweep, configs, names, tracking.records(sweep.name), {}, storage)
    return with_adoptable(sweep.name, cells) if sweep.reuse else cells


def with_adoptable(sweep: str, cells: list[SweepRun]) -> list[SweepRun]:
    """The same cells, those marked that other sweeps have finished and this one has not. Raises TrackingError."""
    missing = {cell.config_hash: cell.data_digest for cell in cells if cell.state in ("new", "failed")}
    hashes = {key: digest for key, digest in missing.items() if key is not None and digest is not None}
    found = tracking.others(sweep, set(hashes.values()), hashes) if hashes else {}
    return [
        replace(cell, adoptable=True, note=f"finished in {tracking.sweep_of(found[cell.config_hash])}, will be adopted")
        if cell.config_hash in hashes and cell.config_hash in found
        else cell
        for cell in cells
    ]


def recorded_states(sweep: str, storage: str | None = None) -> Counter[State]:
    """How many of the recorded runs of a sweep are in which state."""
    return Counter(state_of(record, storage)[0] for record in tracking.records(sweep).values())


def cells_of(
    sweep: Sweep,
    configs: list[RunConfig],
    names: list[str],
    records: dict[str, tracking.Record],
    digests: Digests,
    storage: str | None = None,
) -> list[SweepRun]:
    """Each of these runs once, with what is recorded of it.

    names: the fields that its name tells. digests: of the data sets met so far, added to; a large one takes a second.
    storage: the database of leases, if any.
    """
    cells: dict[str, SweepRun] = {}
    for config in configs:
        _check_plugins(config)
        cell = _planned(config, run_name(config, names), digest_of(config.data, digests, records))
        cells.setdefault(cell.config_hash or f"{config!r}", cell)
    # Of a sweep that is searched, or shown in part, these are a few of those recorded.
    known = tracking.with_all_metrics({key: records[key] for key in cells if key in records}, sweep.metrics)
    found = [_as_recorded(cell, known.get(key), storage) for key, cell in cells.items()]
    for cell in found:
        if cell.state == "new" and (reason := untrainable(cell.config)):
            raise SweepError(f"{cell.label}: {reason}")
    return found


def _check_plugins(config: RunConfig) -> None:
    try:
        load_plugins(config)
        if config.analysis.metrics:
            from metrics.measure import check_names

            check_names([MEASURES.load(name) for name in config.analysis.metrics])
    except PluginError as error:
        raise SweepError(str(error)) from None
    except ValueError as error:
        raise SweepError(f"analysis.metrics: {error}") from None


def hash_of(config: RunConfig, digests: Digests, records: dict[str, tracking.Record]) -> str | None:
    """The config_hash of a run as `cells_of` finds it; None while its data cannot be found."""
    return _planned(config, "", digest_of(config.data, digests, records)).config_hash


def digest_of(data: DataConfig, known: Digests, records: dict[str, tracking.Record]) -> str | DataError:
    """The digest of a data set, or why there is none. known: those met so far, added to. records: of the sweep, whose
    runs may have it under a former one."""
    if data not in known:
        try:
            known[data] = data_digest(data, {record.tags.get(tracking.DIGEST, "") for record in records.values()})
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


def _planned(config: RunConfig, name: str, digest: str | DataError) -> SweepRun:
    if isinstance(digest, DataError):
        return SweepRun(config, name, None, None, note=str(digest))
    return SweepRun(config, name, config_hash(config, digest), cell_hash(config, digest), digest)


def _as_recorded(run: SweepRun, record: tracking.Record | None, storage: str | None) -> SweepRun:
    if run.config_hash is None:
        return run
    if record is None:
        return replace(run, state="running" if file_lock.is_held(run.config_hash) else "new")
    state, note = state_of(record, storage)
    run = replace(run, state=state, note=note, attempt=record.attempt, run_id=record.run_id, link=record.link)
    return replace(run, metrics=record.metrics, versions=record.versions, experiment=record.experiment)


def as_json(sweep: Sweep, cells: list[SweepRun]) -> dict[str, Any]:
    """The cells as plain values: the form that plan, status and compare print with --json."""
    hashes = ("config_hash", "cell_hash", "data_digest")
    fields = (*hashes, "state", "attempt", "run_id", "parameters", "metrics", "versions")
    return {"sweep": sweep.name, "cells": [{name: getattr(cell, name) for name in fields} for cell in cells]}
