"""Cells of a search that other sweeps have finished: known before it has tried anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sweeps import tracking
from sweeps.planning.plan import Digests, digest_of, hash_of
from sweeps.spec.axes import Axis, Category
from sweeps.spec.display import readable
from sweeps.spec.space import Params, Space, key_of


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
    """What would have been chosen for a recorded run; None where an axis has no such value."""
    exact = chosen(record)
    try:
        return space.chosen(lambda axis: _of_axis(axis, record, exact))[0]
    except ValueError:
        return None


def _of_axis(axis: Axis, record: tracking.Record, exact: Mapping[str, Any]) -> Any:
    """Raises ValueError for what the axis does not have, or that is left open, which is shown as "default"."""
    shown = [tracking.recorded_value(record, name) for name in axis.fields]
    if isinstance(axis, Category):
        row = next((text for text, row in axis.rows.items() if [*map(readable, row)] == shown), None)
        if row is None:
            raise ValueError(f"{axis.name}: {shown}")
        return row
    value = exact.get(axis.name, float(shown[0]))
    if not axis.holds(value):
        raise ValueError(f"{axis.name}: {value}")
    return axis.values(value)[axis.name]


def chosen(record: tracking.Record) -> Params:
    """What Optuna chose for a run of a search; empty of others, and where somebody has edited it."""
    try:
        found = json.loads(record.tags.get(tracking.TRIAL, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
