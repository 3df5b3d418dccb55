"""Launches that are asked to stop: who is asked, who is not, and what stays of it."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from sweeps import tracking, workspace
from sweeps.cleanup.clean import clean
from sweeps.cleanup.delete import sweep_contents
from sweeps.errors import SweepError
from sweeps.execution import launches
from sweeps.execution.launches import Launch, Request, alive, announced, ask
from sweeps.execution.stop import stop
from sweeps.files import json_text

ALL = Request(None, False, "here")


@pytest.fixture(autouse=True)
def _quick(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launches, "LISTEN_SECONDS", 0.02)
    tracking.experiment("s", "?")


def heard(requests: Any) -> list[Request]:
    """What a launch hears first, waited for."""
    for _ in range(500):
        if found := requests():
            return found
        launches.threading.Event().wait(0.02)
    raise AssertionError("nothing was heard")


def left_behind() -> list[str]:
    return sorted(tracking.sweep_tags("s", "sweep.")) + sorted(
        path.name for path in (workspace.home() / "work").iterdir()
    )


def begin(config_hash: str, status: str = "RUNNING") -> None:
    run = tracking.client().create_run(
        tracking.experiment("s", "?"), run_name="tanh s0", tags={tracking.HASH: config_hash}
    )
    if status != "RUNNING":
        tracking.client().set_terminated(run.info.run_id, status=status)


def test_a_launch_hears_what_it_is_asked_and_leaves_no_trace() -> None:
    with announced("s", None) as requests:
        (launch,) = alive("s")
        assert (launch.host, launch.leased) == (socket.gethostname(), False)
        asked = stop("s")
        assert asked.lines == (f"s: {launch.told()} is asked to stop after the epoch",)
        assert heard(requests) == [replace(ALL, by=socket.gethostname())]
        assert not requests()
        assert not asked.happened()
    assert asked.happened()
    assert left_behind() == []


def test_a_request_is_for_the_launches_of_its_time(database: Path) -> None:
    with announced("s", None):
        (earlier,) = alive("s")
    ask("s", earlier, ALL)  # in the moment of its end
    with announced("s", None) as requests, announced("s", None) as others:
        assert len(alive("s")) == 2
        stop("s", now=True)
        assert [request.now for request in [*heard(requests), *heard(others)]] == [True, True]


def test_the_signs_of_launches_that_were_killed_are_taken_away(tmp_path: Path) -> None:
    """Of one that a file lock tells of, and one that has a lease."""
    url = f"sqlite:///{tmp_path / 'leases.db'}"
    code = (
        "import os, sys\nfrom sweeps.execution.launches import announced\n"
        "with announced('s', None), announced('s', sys.argv[1]): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, url], check=False)
    assert len(left_behind()) == 4
    assert len(sweep_contents("s", None).keys) == 2  # what `cae clean --delete` takes
    assert stop("s", url).lines == ("s: no launch of it is running",)
    assert left_behind() == []


def test_cleaning_takes_the_sign_of_a_dead_launch_and_leaves_those_of_other_places() -> None:
    home, here = str(workspace.home()), socket.gethostname()
    for number, (host, place) in enumerate([(here, home), (here, "/other"), ("gpu-7", home)]):
        launch = Launch(f"token{number}", host, place, 1, leased=False)
        tracking.set_sweep_tag("s", f"{launches.LAUNCH}{launch.token}", json_text(asdict(launch)))
    tracking.set_sweep_tag("s", f"{launches.LAUNCH}edited", "no JSON")
    list(clean("s"))
    assert {(launch.host, launch.home) for launch in alive("s")} == {(here, "/other"), ("gpu-7", home)}


# --- one run ------------------------------------------------------------------------------------------------------


def test_one_run_is_named_by_the_beginning_of_its_hash() -> None:
    begin("cafe12345678")
    with announced("s", None) as requests:
        asked = stop("s", cell="cafe")
        assert asked.lines[0].startswith("s: tanh s0 (cafe12345678), RUNNING, is asked to stop after the epoch; ")
        assert heard(requests)[0].cell == "cafe12345678"
        assert asked.happened()  # no process holds that run, so nothing works on it


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("caf", "--cell caf: give at least 4 characters of a hash"),
        ("beef", "--cell beef: no run of s that was begun has this hash; cae status FILE lists them"),
        ("cafe", "--cell cafe: stands for tanh s0 (cafe1) and tanh s0 (cafe2); give more characters"),
    ],
)
def test_a_hash_that_names_no_run_is_one_line(cell: str, words: str) -> None:
    begin("cafe1")
    begin("cafe2")
    with pytest.raises(SweepError) as raised:
        stop("s", cell=cell)
    assert str(raised.value) == words


def test_what_does_not_run_is_not_asked_for() -> None:
    begin("cafe1", "FINISHED")
    with announced("s", None) as requests:
        asked = stop("s", cell="cafe1")
        assert asked.lines == ("s: tanh s0 (cafe1) is finished: nothing works on it",)
        assert not asked.launches
        launches.threading.Event().wait(0.1)
        assert requests() == []


def test_of_a_sweep_without_a_record_nothing_runs_and_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "empty"))
    assert stop("s").lines == ("s: no launch of it is running",)
    assert not workspace.home().exists()
