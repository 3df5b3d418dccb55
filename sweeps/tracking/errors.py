"""Databases and servers that cannot be used: told in one line, never with a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from sweeps.errors import TrackingError, cause


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
    if code == "PERMISSION_DENIED":
        return TrackingError(f"the tracking store {address} refuses: {cause(error)}")
    return TrackingError(f"the tracking store {address} does not answer: {cause(error)}")
