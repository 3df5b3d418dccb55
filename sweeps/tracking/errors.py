"""Databases and servers that cannot be used: told in one line, never with a password."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from sweeps.errors import TrackingError, cause

# MLflow's words for a question that it understood.
REFUSED = ("PERMISSION_DENIED", "INVALID_PARAMETER_VALUE", "BAD_REQUEST", "INVALID_STATE", "RESOURCE_ALREADY_EXISTS")
# Of a run whose record it will refuse the next time as well.
FOR_GOOD = "MLflow will refuse it each time"
STORES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks", "databricks-uc", "uc")


class LeaveToMlflow(Exception):
    """Only MLflow itself can answer: a store, or a setting of it, that `database` and `server_api` do not know."""


def check_address(address: str) -> None:
    """Raises TrackingError for an address that is neither a server's nor a database's, or holds a password."""
    scheme = urlsplit(address).scheme.split("+")[0]
    if scheme not in STORES:
        raise TrackingError(
            f"MLFLOW_TRACKING_URI is {address}, which is neither a server (http://...) nor a database; "
            "MLflow no longer keeps runs in plain folders: unset it, or start a server on that folder's database"
        )
    check_no_password(address)


def check_no_password(address: str) -> None:
    """Raises TrackingError where MLflow's address holds a password: messages and logs show the address."""
    if urlsplit(address).password:
        raise TrackingError(
            "MLFLOW_TRACKING_URI holds a password, which logs would show; set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD instead"
        )


@contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Turns what goes wrong between here and MLflow's store at `address` into a TrackingError of one line."""
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        raise unreachable(address, error) from error


def unreachable(address: str, error: Exception) -> TrackingError:
    """What to tell the user of a failed call to MLflow's store."""
    code = getattr(error, "error_code", None)
    if code == "UNAUTHENTICATED":
        remedy = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        return TrackingError(f"the tracking store {address} does not know you: {remedy}")
    reason = cause(error)
    if "database schema" in reason or "locate revision" in reason:
        remedy = f"install the one that made it, or bring it up to date: mlflow db upgrade {shlex.quote(address)}"
        return TrackingError(f"the tracking store {address} is of another version of MLflow: {reason}; {remedy}")
    if code in REFUSED:
        return TrackingError(f"the tracking store {address} refuses: {reason}")
    if _is_unwritable(error):
        return TrackingError(f"the tracking store {address} cannot be written: {reason}")
    return TrackingError(f"the tracking store {address} does not answer: {reason}")


def is_refused(error: BaseException) -> bool:
    """Whether MLflow says that what it was given is wrong, as it will say of the same the next time."""
    return getattr(error, "error_code", None) == "INVALID_PARAMETER_VALUE"


def _is_unwritable(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return True
        error = error.__cause__ or error.__context__
    return False
