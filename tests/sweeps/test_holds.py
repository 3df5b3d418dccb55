from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sweeps import holds, leases, tracking
from sweeps.holds import holder, holding, try_hold


@pytest.fixture(params=["this machine alone", "a shared database"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return None if request.param == "this machine alone" else f"sqlite:///{tmp_path / 'shared.db'}"


def test_one_process_holds_at_a_time(storage: str | None) -> None:
    hold = try_hold("cafe", storage)
    assert hold is not None
    assert try_hold("cafe", storage) is None
    assert holder("cafe", storage) == socket.gethostname()
    hold.release()
    assert holder("cafe", storage) is None
    with holding("cafe", storage):
        assert try_hold("cafe", storage) is None


def test_a_released_hold_can_take_its_file_along(storage: str | None) -> None:
    hold = try_hold("cafe", storage)
    assert hold is not None
    hold.release(forget=True)
    assert not list((tracking.home() / "work").iterdir())


def test_another_machine_is_known_by_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    assert leases.take(url, "cafe", "far:/away")
    assert try_hold("cafe", url) is None
    assert holder("cafe", url) == "far"
    assert not tracking.is_held("cafe")  # the file lock was given back
    monkeypatch.setattr(leases, "LIFETIME", timedelta(seconds=-1))
    assert holder("cafe", url) is None
    hold = try_hold("cafe", url)
    assert hold is not None
    hold.release()


def test_a_dead_process_of_this_place_leaves_nothing_held(tmp_path: Path) -> None:
    """Its lease has a while to go, but the system has freed its lock."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    assert leases.take(url, "cafe", holds._place())
    assert holder("cafe", url) is None
    hold = try_hold("cafe", url)
    assert hold is not None
    hold.release()


def test_a_hold_is_renewed_and_notices_its_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.05)
    hold = try_hold("cafe", url)
    assert hold is not None
    wait_for(lambda: leases.find(url, "cafe").renewals >= 2)
    assert not hold.is_lost()
    monkeypatch.setattr(leases, "LIFETIME", timedelta(seconds=-1))
    assert leases.take(url, "cafe", "far:/away")
    wait_for(hold.is_lost)
    hold.release()
    assert leases.find(url, "cafe").place == "far:/away"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)
