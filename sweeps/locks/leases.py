"""Who works on what, for machines that share a database: a lease ends by itself unless its holder renews it.

Times are the database's own, so the machines' clocks need not agree.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, String, Table, create_engine, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sweeps.errors import TrackingError
from sweeps.locks.database import engine_options, parsed, storage_lock, unusable

# A machine that has not been heard of for so many seconds is taken for dead; its cells are taken over.
LIFETIME, VARIABLE = 60.0, "CAE_LEASE_SECONDS"

LEASES = Table(
    "cae_leases",
    MetaData(),
    Column("name", String(200), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("place", String(400), nullable=False),
    Column("renewals", Integer, nullable=False),
    Column("renewed", DateTime(timezone=True), nullable=False),
)


def lifetime() -> timedelta:
    """How long a lease lasts unless it is renewed: $CAE_LEASE_SECONDS, else 60 s. The same on every machine."""
    given = os.environ.get(VARIABLE) or LIFETIME
    try:
        return timedelta(seconds=float(given))
    except ValueError:
        raise TrackingError(f"{VARIABLE}={given}: give the life of a lease in seconds, for example 60") from None


def renewal_seconds() -> float:
    """A lease is renewed four times in its life."""
    return lifetime().total_seconds() / 4


@dataclass(frozen=True)
class Lease:
    """A row of the table. place: machine and folder of the holder. age: since it was renewed."""

    name: str
    owner: str
    place: str
    renewals: int
    age: timedelta

    @property
    def alive(self) -> bool:
        return self.age < lifetime()


def find(url: str, name: str) -> Lease | None:
    """The lease of this name, alive or not; None where there is none."""
    with _connection(url) as connection:
        return _find(connection, name)


def take(url: str, name: str, place: str) -> str | None:
    """The owner's token of a lease that is ours now, None where another holds it.

    A living one of the same place is taken over: there, a file lock tells that its holder is gone.
    """
    token = uuid.uuid4().hex
    values = {"owner": token, "place": place, "renewed": func.current_timestamp()}
    try:
        with _connection(url) as connection:
            held = _find(connection, name)
            if held is None:
                connection.execute(LEASES.insert().values(name=name, renewals=0, **values))
                return token
            if held.alive and held.place != place:
                return None
            # Of several that see the same dead lease, one changes the row that it saw.
            seen = (LEASES.c.name == name) & (LEASES.c.owner == held.owner) & (LEASES.c.renewals == held.renewals)
            changed = connection.execute(LEASES.update().where(seen).values(renewals=held.renewals + 1, **values))
            return token if changed.rowcount == 1 else None
    except IntegrityError:
        return None


def renew(url: str, name: str, token: str) -> bool:
    """Whether the lease is still ours, for another lifetime then."""
    ours = (LEASES.c.name == name) & (LEASES.c.owner == token)
    values = {"renewals": LEASES.c.renewals + 1, "renewed": func.current_timestamp()}
    with _connection(url) as connection:
        return connection.execute(LEASES.update().where(ours).values(**values)).rowcount == 1


def release(url: str, name: str, token: str) -> None:
    """Gives the lease back, if it is still ours."""
    with _connection(url) as connection:
        connection.execute(LEASES.delete().where((LEASES.c.name == name) & (LEASES.c.owner == token)))


def answers(url: str) -> bool:
    """Whether the database can be asked now."""
    try:
        find(url, "")
    except TrackingError:
        return False
    return True


def _find(connection: Connection, name: str) -> Lease | None:
    row = connection.execute(select(LEASES, func.current_timestamp().label("now")).where(LEASES.c.name == name)).first()
    if row is None:
        return None
    return Lease(row.name, row.owner, row.place, row.renewals, row.now - row.renewed)


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """A transaction, committed at the end. Raises TrackingError where the database does not answer."""
    try:
        with _engine(url).begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except (SQLAlchemyError, ImportError) as error:
        raise unusable(url, error) from None


@cache
def _engine(url: str) -> Engine:
    engine = create_engine(parsed(url), **engine_options(url))
    with storage_lock(url, "create"):
        LEASES.create(engine, checkfirst=True)
    return engine
