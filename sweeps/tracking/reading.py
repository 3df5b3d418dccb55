"""What the store has of sweeps: read from its tables or over HTTP, or else by MLflow itself, with the same answer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sweeps.tracking import by_mlflow, database, server_api
from sweeps.tracking.client import exists
from sweeps.tracking.errors import LeaveToMlflow, check_address, store_errors
from sweeps.tracking.record import ADOPTED, Record, Recorded
from sweeps.tracking.settings import is_on
from sweeps.workspace import is_local, uri

Found = TypeVar("Found")


class Reader(Protocol):
    """One way to ask: `database`, `server_api` and `by_mlflow` have these functions."""

    def read(self, sweep: str, deleted: bool, config_hash: str) -> Recorded: ...

    def by_id(self, ids: Collection[str]) -> list[Record]: ...

    def elsewhere(self, sweep: str, digests: Collection[str], hashes: Collection[str]) -> list[Record]: ...

    def examples(self, data: str, sweep: str | None, most: int) -> list[Record]: ...


def recorded(sweep: str, deleted: bool = False, config_hash: str = "") -> Recorded:
    """The runs of a sweep, those in MLflow's trash or the others; config_hash: those of this hash alone.

    Costs less than a millisecond a run, and MLflow's import only where the store is of a version or kind that is not
    known here. Raises TrackingError.
    """
    return _asked(lambda reader: reader.read(sweep, deleted, config_hash))


def finished_by_id(ids: Collection[str]) -> list[Record]:
    """The finished runs of these ids, of whichever sweep, but for what lies in MLflow's trash. Raises TrackingError."""
    return _asked(lambda reader: reader.by_id(ids))


def finished_elsewhere(sweep: str, digests: Collection[str], hashes: Collection[str] = ()) -> list[Record]:
    """The runs that other sweeps than this one have finished themselves on the images of these digests, in order of
    their start; hashes: where given, those of these alone. Raises TrackingError."""
    found = _asked(lambda reader: reader.elsewhere(sweep, digests, hashes)) if digests else []
    return sorted((run for run in found if ADOPTED not in run.tags), key=lambda run: (run.started, run.run_id))


def _asked(question: Callable[[Reader], Found]) -> Found:
    if not is_local():
        check_address(uri())
    with suppress(LeaveToMlflow):
        return question(quick_reader())
    with store_errors(uri()):
        return question(by_mlflow)


def quick_reader() -> Reader:
    """The one that asks this store without MLflow. Raises LeaveToMlflow."""
    if is_on("ENABLE_WORKSPACES") or is_on("WORKSPACE"):
        raise LeaveToMlflow("only MLflow knows of workspaces")
    scheme = urlsplit(uri()).scheme.split("+")[0]
    if scheme in ("http", "https"):
        return server_api
    if scheme in ("sqlite", "postgresql"):
        return database
    raise LeaveToMlflow("another kind of store")


def examples(data: str, sweep: str | None = None, most: int = 100) -> list[Record]:
    """The newest finished runs on the data set `data`, of a sweep or of all of the store; at most so many.

    Costs the same however many runs there are. Raises TrackingError.
    """
    found = _asked(lambda reader: reader.examples(data, sweep, most)) if exists() else []
    return [run for run in found if ADOPTED not in run.tags]


def stored_bytes(record: Record) -> int | None:
    """What the artifacts of a run take; None where that is not found out quickly."""
    place = urlsplit(record.place)
    if place.scheme in ("", "file") and not place.netloc:
        folder = Path(url2pathname(place.path))
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) or None
    with suppress(LeaveToMlflow):
        return sum(server_api.sizes(record.run_id)) or None
    return None
