"""The launches of a sweep that run now, and what others ask of them while they do.

A launch sets a tag where its runs are recorded, so whoever shares the record can find and ask it. A request names
the launch: one that starts later never takes it for its own. Whether a launch still lives its lock tells, as of a run.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar
from uuid import uuid4

from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.locks.work_lock import lock_holder, try_lock

# Of the tags: that of a launch is followed by its token, that of a request by the launch's token and its own.
LAUNCH, REQUEST = "sweep.launch.", "sweep.stop."
# A launch looks so often whether it is asked for something: one small question to the store.
LISTEN_SECONDS = 2.0


@dataclass(frozen=True)
class Request:
    """To stop a launch, or one of its runs by config_hash; `now`, or after the epoch. by: the machine that asks."""

    cell: str | None
    now: bool
    by: str


@dataclass(frozen=True)
class Launch:
    """One that runs. home: its folder `mlruns`. leased: whether a lease in the shared database tells of its life."""

    token: str
    host: str
    home: str
    pid: int
    leased: bool

    def told(self) -> str:
        return f"the launch on {self.host} (process {self.pid})"


Told = TypeVar("Told", Launch, Request)


@contextmanager
def announced(sweep: str, storage: str | None) -> Iterator[Callable[[], list[Request]]]:
    """For the time of the block others can ask for something; gives what tells what was asked since the last time.

    The sweep has its experiment by now. Raises TrackingError.
    """
    alive(sweep, storage)
    launch = Launch(uuid4().hex[:12], socket.gethostname(), str(workspace.home()), os.getpid(), storage is not None)
    lock = try_lock(_key(sweep, launch.token), storage)
    assert lock is not None  # nobody else knows the token
    ended, heard = threading.Event(), SimpleQueue[Request]()
    listener = threading.Thread(target=_listen, args=(sweep, launch.token, heard, ended), daemon=True)
    try:
        tracking.set_sweep_tag(sweep, f"{LAUNCH}{launch.token}", json.dumps(asdict(launch)))
        listener.start()
        yield lambda: list(_taken(heard))
    finally:
        ended.set()
        if listener.is_alive():
            listener.join(LISTEN_SECONDS)  # unless the store keeps it waiting
        with suppress(TrackingError):  # the next launch takes it away
            _forget(sweep, launch.token)
        lock.release(forget=True)


def _listen(sweep: str, token: str, heard: SimpleQueue[Request], ended: threading.Event) -> None:
    while not ended.wait(LISTEN_SECONDS):
        with suppress(TrackingError):  # looked again; that the store is down the launch says where it needs it
            for name, words in tracking.sweep_tags(sweep, f"{REQUEST}{token}.").items():
                if request := _read(Request, words):
                    heard.put(request)
                tracking.remove_sweep_tag(sweep, name)


def _read(kind: type[Told], words: str) -> Told | None:
    """None of what is no such tag any more: they can be edited in MLflow's pages."""
    try:
        return kind(**json.loads(words))
    except (ValueError, TypeError):
        return None


def _taken(heard: SimpleQueue[Request]) -> Iterator[Request]:
    with suppress(Empty):
        while True:
            yield heard.get_nowait()


def alive(sweep: str, storage: str | None = None) -> list[Launch]:
    """The launches of a sweep that run now, as far as can be known; the tags of those that died are taken away.

    storage: the database of leases, if any. Without it those of other machines, and of other folders `mlruns`, are
    taken to live. Raises TrackingError.
    """
    living = []
    for words in tracking.sweep_tags(sweep, LAUNCH).values():
        launch = _read(Launch, words)
        if launch is not None and _lives(sweep, launch, storage):
            living.append(launch)
        elif launch is not None:
            _clear(sweep, launch, storage)
    return living


def _clear(sweep: str, launch: Launch, storage: str | None) -> None:
    _forget(sweep, launch.token)
    if lock := try_lock(_key(sweep, launch.token), storage if launch.leased else None):
        lock.release(forget=True)


def _lives(sweep: str, launch: Launch, storage: str | None) -> bool:
    here = (launch.host, launch.home) == (socket.gethostname(), str(workspace.home()))
    if not here and not (launch.leased and storage):
        return True
    return lock_holder(_key(sweep, launch.token), storage if launch.leased else None) is not None


def ask(sweep: str, launch: Launch, request: Request) -> None:
    """Leaves a request for a launch. Raises TrackingError."""
    tracking.set_sweep_tag(sweep, f"{REQUEST}{launch.token}.{uuid4().hex[:8]}", json.dumps(asdict(request)))


def _forget(sweep: str, token: str) -> None:
    """Its own tag last: while it is there, the requests are found."""
    for name in tracking.sweep_tags(sweep, f"{REQUEST}{token}."):
        tracking.remove_sweep_tag(sweep, name)
    tracking.remove_sweep_tag(sweep, f"{LAUNCH}{token}")


def _key(sweep: str, token: str) -> str:
    return f"{sweep}-launch-{token}"
