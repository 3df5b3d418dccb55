"""MLflow's tables, read without importing MLflow, which takes a second.

Only tables of a version that is known here are read, in SQLite and PostgreSQL. Nothing is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from sweeps.tracking.errors import LeaveToMlflow
from sweeps.tracking.filters import parts
from sweeps.tracking.record import DIGEST, HASH, Record, Recorded, of_a_sweep
from sweeps.workspace import home, is_local, uri

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Of MLflow's tables, as Alembic names it: that of MLflow 3.17.2. Another version is read by MLflow itself until the
# statements below have been compared with its tables; `tests/sweeps/tracking/test_reading.py` does.
SCHEMA = "dc11669786a5"

# All that the statements need of SQL is common to SQLite and PostgreSQL.
VERSION = "SELECT version_num FROM alembic_version"
# MLflow refuses to read these without a setting.
ELSEWHERE = "SELECT count(*) FROM experiments WHERE workspace <> 'default'"
EXPERIMENT = "SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = :name"
THEIRS = "experiment_id = :experiment AND lifecycle_stage = :stage"
TAGGED = " AND run_uuid IN (SELECT run_uuid FROM tags WHERE key = '{key}' AND value IN ({values}))"
ACTIVE = "SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'active'"
DONE = f"status = 'FINISHED' AND lifecycle_stage = 'active' AND experiment_id IN ({ACTIVE}"
RUNS = (
    "SELECT run_uuid, name, status, start_time, artifact_uri, experiment_id FROM runs WHERE {which} "
    "ORDER BY start_time, run_uuid"
)
VALUES = "SELECT run_uuid, key, {value} FROM {table} WHERE run_uuid IN (SELECT run_uuid FROM runs WHERE {which})"
# The newest finished runs on images of this name, of one experiment or of all.
EXAMPLES = (
    "run_uuid IN (SELECT run_uuid FROM runs WHERE status = 'FINISHED' AND lifecycle_stage = 'active'{of}"
    " AND run_uuid IN (SELECT run_uuid FROM params WHERE key = 'data.name' AND value = :data)"
    " ORDER BY start_time DESC LIMIT :most)"
)
# MLflow keeps 0 and a mark in place of NaN.
NUMBER = "CASE WHEN is_nan THEN NULL ELSE value END"
NAN = float("nan")

Ask = Callable[..., Sequence[Any]]


def read(sweep: str, deleted: bool, config_hash: str) -> Recorded:
    """The runs of a sweep, those deleted or the others; config_hash: those of this hash alone, "" for all.

    Raises LeaveToMlflow, as the others do.
    """
    with _known_tables() as ask:
        found = ask(EXPERIMENT, name=sweep)
        if not found:
            return Recorded([])
        experiment, stage = found[0]
        known = {"experiment": experiment, "stage": "deleted" if deleted else "active"}
        return Recorded(_runs(ask, THEIRS, known, {HASH: [config_hash]} if config_hash else {}), stage)


def by_id(ids: Collection[str]) -> list[Record]:
    """The finished runs of these ids, of whichever sweep."""
    with _known_tables() as ask:
        found: list[Record] = []
        for part in parts(ids):
            names, values = _listed("id", part)
            found += _runs(ask, f"{DONE}) AND run_uuid IN ({names})", values, {})
        return found


def elsewhere(sweep: str, digests: Collection[str], hashes: Collection[str]) -> list[Record]:
    """The finished runs of other sweeps on the images of these digests; hashes: where wanted, those of these alone."""
    which, known = f"{DONE} AND name <> :sweep)", {"sweep": sweep}
    with _known_tables() as ask:
        if not hashes:
            return _runs(ask, which, known, {DIGEST: list(digests)})
        tags = [{DIGEST: list(digests), HASH: part} for part in parts(hashes)]
        return [run for wanted in tags for run in _runs(ask, which, known, wanted)]


@contextmanager
def _known_tables() -> Iterator[Ask]:
    with _opened() as ask:
        if [*map(tuple, ask(VERSION))] != [(SCHEMA,)] or ask(ELSEWHERE)[0][0]:
            raise LeaveToMlflow("a database of another version of MLflow, or one with workspaces")
        yield ask


def _listed(name: str, values: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A list for SQL, and what stands for each of its names."""
    known = {f"{name}{place}": value for place, value in enumerate(values)}
    return ", ".join(f":{place}" for place in known), known


def _runs(ask: Ask, which: str, known: dict[str, Any], tagged: dict[str, list[str]]) -> list[Record]:
    """The runs of sweeps that meet a condition. tagged: what their tags must be, one of each list."""
    for number, (key, values) in enumerate(tagged.items()):
        names, more = _listed(f"tag{number}_", values)
        which, known = which + TAGGED.format(key=key, values=names), known | more
    return list(_records(ask, which, known))


def examples(data: str, sweep: str | None, most: int) -> list[Record]:
    """The newest finished runs on the data set `data`, of a sweep or of all."""
    with _known_tables() as ask:
        known: dict[str, Any] = {"data": data, "most": most}
        of = ""
        if sweep is not None:
            found = ask(EXPERIMENT, name=sweep)
            known["experiment"], of = found[0][0] if found else None, " AND experiment_id = :experiment"
        return [*_records(ask, EXAMPLES.format(of=of), known)][::-1]


def _records(ask: Ask, which: str, known: dict[str, Any]) -> Iterator[Record]:
    found = ask(RUNS.format(which=which), **known)
    tags, params = (_by_run(ask, table, "value", which, known) for table in ("tags", "params"))
    metrics = _by_run(ask, "latest_metrics", NUMBER, which, known)
    for run_id, name, status, start, place, experiment in found:
        own = tags.get(run_id, {})
        numbers = {key: NAN if value is None else value for key, value in metrics.get(run_id, {}).items()}
        named = name or own.get("mlflow.runName", "")
        values = (numbers, params.get(run_id, {}), own)
        if record := of_a_sweep(run_id, named, status, start, place, *values, experiment=str(experiment)):
            yield record


def _by_run(ask: Ask, table: str, value: str, which: str, known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for run_id, key, content in ask(VALUES.format(table=table, value=value, which=which), **known):
        found.setdefault(run_id, {})[key] = content
    return found


@contextmanager
def _opened() -> Iterator[Ask]:
    """Asks the database: a statement and its values to rows. What fails is left to MLflow, which says it in its words,
    or waits until the database is there."""
    try:
        with _local() if is_local() else _remote() as ask:
            yield ask
    except (ImportError, sqlite3.Error) as error:
        raise LeaveToMlflow(str(error)) from error


@contextmanager
def _local() -> Iterator[Ask]:
    """The file in `mlruns`, without SQLAlchemy, whose import takes 0.15 s."""
    with closing(sqlite3.connect(f"{(home() / 'mlflow.db').as_uri()}?mode=ro", uri=True)) as connection:
        yield lambda statement, **values: connection.execute(statement, values).fetchall()


@contextmanager
def _remote() -> Iterator[Ask]:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _engine(uri()).connect() as connection:
            yield lambda statement, **values: connection.execute(text(statement), values).all()
    except SQLAlchemyError as error:
        raise LeaveToMlflow(str(error)) from error


@cache
def _engine(address: str) -> Engine:
    from sqlalchemy import NullPool, create_engine

    return create_engine(address, poolclass=NullPool)
