"""The database that machines share, as --storage names it: checked, and told without its password."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import URL, make_url

from sweeps.tracking import TrackingError


def parsed(url: str) -> URL:
    """The parts of a database URL. Raises TrackingError."""
    try:
        return make_url(url)
    except Exception:
        raise TrackingError("--storage: not a database URL; write postgresql://USER@HOST/NAME, say") from None


def connect_options(url: str) -> dict[str, Any]:
    """Arguments of the driver's connect(), in seconds."""
    if parsed(url).get_backend_name() == "sqlite":
        return {"timeout": 60}  # one process writes at a time; the others wait for this long
    return {"connect_timeout": 10}


def unusable(url: str, error: Exception) -> TrackingError:
    """One line on a database that cannot be used."""
    shown = parsed(url).render_as_string(hide_password=True)
    if isinstance(error, ModuleNotFoundError):
        return TrackingError(f"--storage {shown}: its driver is missing: {error}; pip install 'cae-mnd[postgres]'")
    lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return TrackingError(f"--storage {shown}: cannot be used: {lines[0]}")
