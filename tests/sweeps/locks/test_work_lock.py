from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps import workspace
from sweeps.locks import file_lock, leases, work_lock
from sweeps.locks.work_lock import lock_holder, locked, try_lock


@pytest.fixture(params=["this machine alone", "a shared database"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return None if request.param == "this machine alone" else f"sqlite:///{tmp_path / 'shared.db'}"


def test_one_process_holds_at_a_time(storage: str | None) -> None:
    hold = try_lock("cafe", storage)
    assert hold is not None
    assert try_lock("cafe", storage) is None
    assert lock_holder("cafe", storage) == socket.gethostname()
    hold.release()
    assert lock_holder("cafe", storage) is None
    with locked("cafe", storage):
        assert try_lock("cafe", storage) is None


def test_a_released_hold_can_take_its_file_along(storage: str | None) -> None:
    hold = try_lock("cafe", storage)
    assert hold is not None
    hold.release(forget=True)
    assert not list((workspace.home() / "work").iterdir())


def test_another_machine_is_known_by_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    assert leases.take(url, "cafe", "far:/away")
    assert try_lock("cafe", url) is None
    assert lock_holder("cafe", url) == "far"
    assert not file_lock.is_held("cafe")  # the file lock was given back
    monkeypatch.setenv(leases.VARIABLE, "-1")
    assert lock_holder("cafe", url) is None
    hold = try_lock("cafe", url)
    assert hold is not None
    hold.release()


def test_a_dead_process_of_this_place_leaves_nothing_held(tmp_path: Path) -> None:
    """Its lease has a while to go, but the system has freed its lock."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    assert leases.take(url, "cafe", work_lock._place())
    assert lock_holder("cafe", url) is None
    hold = try_lock("cafe", url)
    assert hold is not None
    hold.release()


def test_a_hold_is_renewed_and_notices_its_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    monkeypatch.setenv(leases.VARIABLE, "0.2")
    hold = try_lock("cafe", url)
    assert hold is not None
    wait_for(lambda: leases.find(url, "cafe").renewals >= 2)
    assert not hold.is_lost()
    monkeypatch.setenv(leases.VARIABLE, "-1")
    wait_for(lambda: leases.take(url, "cafe", "far:/away") is not None)  # unless it is renewed in just that moment
    wait_for(hold.is_lost)
    hold.release()
    assert leases.find(url, "cafe").place == "far:/away"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)
