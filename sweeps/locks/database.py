"""The database that machines share, as --storage names it: opened, locked, and told of without its password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url

from sweeps import workspace
from sweeps.errors import TrackingError, cause


def parsed(url: str) -> URL:
    """The parts of a database URL. Raises TrackingError.

    PostgreSQL without a driver means psycopg2: what SQLAlchemy takes by default depends on its version.
    """
    try:
        given = make_url(url)
    except Exception:
        raise TrackingError("--storage: not a database URL; write postgresql://USER@HOST/NAME, say") from None
    return given.set(drivername="postgresql+psycopg2") if given.drivername == "postgresql" else given


def address(url: str | None) -> str:
    """The whole URL of the database of studies: the given one, else the SQLite file in `mlruns`."""
    return parsed(url or f"sqlite:///{workspace.home() / 'optuna.db'}").render_as_string(hide_password=False)


def shown(url: str | None) -> str:
    """The same without a password, as the user wrote it."""
    return make_url(url or address(None)).render_as_string(hide_password=True)


def engine_options(url: str) -> dict[str, Any]:
    """Arguments of SQLAlchemy's create_engine."""
    if parsed(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 60}}  # one process writes at a time; the others wait for so many seconds
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}  # a server may have been restarted


def unusable(url: str, error: BaseException) -> TrackingError:
    """One line on a database that cannot be used, without its password."""
    if isinstance(error, ImportError):
        reason = "its driver is not installed; for PostgreSQL: pip install 'cae-mnd[postgres]'"
    else:
        reason = cause(error)
    return TrackingError(f"--storage {shown(url)}: cannot be used: {reason}")


@contextmanager
def storage_lock(place: str, name: str) -> Iterator[None]:
    """Held by one process at a time: of this machine, or with PostgreSQL of all that use this database.

    For what has to be done before there is a table of leases. The lock is freed however its process ends.
    """
    if parsed(place).get_backend_name() == "postgresql":
        # A transaction's lock, not a session's: it is free when the rollback is answered, and not only some time after
        # the connection was closed, when the server notices.
        with create_engine(parsed(place), poolclass=NullPool).connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
            yield
    else:
        workspace.home().mkdir(parents=True, exist_ok=True)
        with FileLock(workspace.home() / f".{name}.lock"):
            yield
