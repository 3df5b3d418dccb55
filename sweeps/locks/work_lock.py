"""Exclusive work on a run or a trial: a file lock on this machine, and a lease where machines share a database.

The system frees a file lock however its process ends, so a death on this machine is noticed at once; that of another
machine when its lease has run out.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sweeps import errors, workspace
from sweeps.locks import leases
from sweeps.locks.file_lock import is_held, run_lock


class WorkLock:
    """What a process holds until it releases it."""

    def __init__(self, name: str, lock: FileLock, storage: str | None, token: str | None) -> None:
        self._name, self._lock, self._storage, self._token = name, lock, storage, token
        self._ended, self._lost = threading.Event(), False
        if storage is not None:
            threading.Thread(target=self._renew, daemon=True).start()

    def is_lost(self) -> bool:
        """Whether another machine has taken this over, because this one was not heard of for too long."""
        return self._lost

    def _renew(self) -> None:
        assert self._storage is not None
        assert self._token is not None
        while not self._ended.wait(leases.renewal_seconds()):
            try:
                self._lost = not leases.renew(self._storage, self._name, self._token)
            except errors.TrackingError as error:  # nor can another machine take it then
                print(f"the lease of {self._name} could not be renewed yet: {error}", file=sys.stderr)

    def release(self, forget: bool = False) -> None:
        """Lets others have it. forget: also removes the lock's file, when nobody will ask for it again."""
        self._ended.set()
        try:
            if self._storage is not None and self._token is not None:
                leases.release(self._storage, self._name, self._token)
        except errors.TrackingError as error:  # it runs out by itself
            print(f"the lease of {self._name} could not be given back: {error}", file=sys.stderr)
        finally:
            if forget:
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()


def try_lock(name: str, storage: str | None = None) -> WorkLock | None:
    """The lock on `name`, None where another process has it. storage: the database that machines share, if any."""
    lock = run_lock(name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    try:
        token = leases.take(storage, name, _place()) if storage else None
    except BaseException:
        lock.release()
        raise
    if storage and token is None:
        lock.release()
        return None
    return WorkLock(name, lock, storage, token)


@contextmanager
def locked(name: str, storage: str | None = None) -> Iterator[None]:
    """Waits for the lock, and releases it at the end."""
    while (hold := try_lock(name, storage)) is None:
        time.sleep(0.05)
    try:
        yield
    finally:
        hold.release()


def lock_holder(name: str, storage: str | None = None) -> str | None:
    """Name of the machine on which some process holds `name` now; None where nobody is known to."""
    if is_held(name):
        return socket.gethostname()
    lease = leases.find(storage, name) if storage else None
    # A lease of this place without its file lock belongs to a dead process.
    if lease is None or not lease.alive or lease.place == _place():
        return None
    return lease.place.split(":")[0]


def _place() -> str:
    return f"{socket.gethostname()}:{workspace.home()}"
