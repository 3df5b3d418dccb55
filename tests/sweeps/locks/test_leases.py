from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.errors import TrackingError
from sweeps.locks import leases


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path / 'x.db'}"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every lease has run out."""
    monkeypatch.setenv(leases.VARIABLE, "-1")


def test_what_one_machine_holds_no_other_can_take(url: str) -> None:
    token = leases.take(url, "cafe", "a:/x")
    assert token is not None
    assert leases.take(url, "cafe", "b:/x") is None
    assert leases.renew(url, "cafe", token)
    found = leases.find(url, "cafe")
    assert found is not None
    assert (found.place, found.owner, found.renewals, found.alive) == ("a:/x", token, 1, True)
    leases.release(url, "cafe", token)
    assert leases.find(url, "cafe") is None
    assert leases.take(url, "cafe", "b:/x")


def test_a_lease_that_was_not_renewed_is_taken_over_and_lost_to_its_holder(url: str, short: None) -> None:
    first = leases.take(url, "cafe", "a:/x")
    second = leases.take(url, "cafe", "b:/x")
    assert first is not None
    assert second is not None
    assert not leases.renew(url, "cafe", first)
    leases.release(url, "cafe", first)  # gives back only what is its own
    assert leases.renew(url, "cafe", second)


def test_a_new_process_at_the_same_place_takes_over_at_once(url: str) -> None:
    first = leases.take(url, "cafe", "a:/x")
    assert first is not None
    assert leases.take(url, "cafe", "a:/x")
    assert not leases.renew(url, "cafe", first)


def test_of_many_processes_one_gets_the_lease(url: str) -> None:
    code = (
        "import sys\nfrom sweeps.locks import leases\n"
        "got = [leases.take(sys.argv[1], f'cell-{n}', sys.argv[2]) is not None for n in range(30)]\n"
        "print(''.join('x' if mine else '.' for mine in got))"
    )
    command = [sys.executable, "-c", code, url]
    started = [subprocess.Popen([*command, f"h{k}:/"], stdout=subprocess.PIPE, text=True) for k in range(4)]
    answers = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [len(answer) for answer in answers] == [30] * 4
    assert [sum(answer[n] == "x" for answer in answers) for n in range(30)] == [1] * 30


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "not a database URL"),
        ("sqlite:////nowhere/x.db", "cannot be used: unable to open database file"),
        ("postgresql://user:secret@127.0.0.1:9/x", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_without_password(url: str, words: str) -> None:
    with pytest.raises(TrackingError, match=words) as raised:
        leases.take(url, "cafe", "a:/x")
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not leases.answers(url)


def test_a_life_that_is_no_number_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leases.VARIABLE, "a minute")
    with pytest.raises(TrackingError, match="CAE_LEASE_SECONDS=a minute: give the life of a lease in seconds"):
        leases.lifetime()
