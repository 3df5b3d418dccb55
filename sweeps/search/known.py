"""Cells of a search that other sweeps have finished: known before it has tried anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sweeps import tracking
from sweeps.planning.plan import Digests, digest_of, hash_of
from sweeps.spec.display import readable
from sweeps.spec.space import Category, Params, Range, Space, key_of


def known(space: Space) -> list[Params]:
    """The choices whose runs other sweeps have finished, all that this one has not. Raises TrackingError."""
    records = tracking.records(space.sweep.name)
    here = {key for key, record in records.items() if record.status == "FINISHED"}
    digests: Digests = {}
    images = [digest_of(data, digests, records) for data in space.data_sets()]
    others = tracking.others(space.sweep.name, {digest for digest in images if isinstance(digest, str)})
    choices = [params for record in others.values() if (params := _choice(space, record)) is not None]

    def is_known(params: Params) -> bool:
        # A record shows its values rounded; the hash tells whether they are these.
        hashes = {hash_of(config, digests, records) for config in space.configs(params)}
        return bool(hashes - here) and hashes - here <= others.keys()

    return [params for params in {key_of(params): params for params in choices}.values() if is_known(params)]


def _choice(space: Space, record: tracking.Record) -> Params | None:
    """What Optuna would have chosen for a recorded run; None where an axis has no such value."""
    exact = chosen(record)
    found = {axis.name: _of_axis(axis, record, exact) for axis in space.axes}
    return None if None in found.values() else found


def _of_axis(axis: Category | Range, record: tracking.Record, exact: Mapping[str, Any]) -> Any:
    shown = [tracking.recorded_value(record, name) for name in axis.fields]
    if isinstance(axis, Category):
        return next((text for text, row in axis.rows.items() if [*map(readable, row)] == shown), None)
    try:
        value = exact.get(axis.name, float(shown[0]))
    except ValueError:  # "default", of a field that may be left open
        return None
    return axis.values(value)[axis.name] if axis.holds(value) else None


def chosen(record: tracking.Record) -> Params:
    """What Optuna chose for a run of a search; empty of others, and where somebody has edited it."""
    try:
        found = json.loads(record.tags.get(tracking.TRIAL, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
