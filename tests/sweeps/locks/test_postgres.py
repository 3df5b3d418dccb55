"""Studies and searches on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from sqlalchemy import create_engine, text

from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.execution.orphans import close_orphans
from sweeps.locks.database import address, storage_lock
from sweeps.search.search import Search
from sweeps.search.study import open_storage
from sweeps.spec.sweep import Sweep
from tests.servers import PASSWORD, Postgres
from tests.sweeps.searching import Killed, Trainer, run, study_of, sweep_of

pytestmark = pytest.mark.postgres


def search(sweep: Sweep, url: str, trainer: Trainer) -> None:
    asyncio.run(Search(sweep, url).lane(trainer))


def study_on(url: str) -> optuna.Study:
    return optuna.load_study(study_name="s", storage=open_storage(url))


# --- the database ------------------------------------------------------------------------------------------------

TOGETHER = """
import sys
from sweeps.search.study import open_storage
print("ready", flush=True)
sys.stdin.readline()
print(len(open_storage(sys.argv[1]).get_all_studies()))
"""


def test_machines_that_start_together_create_one_schema(postgres_url: str, tmp_path: Path) -> None:
    """Each with a CAE_HOME of its own, as on different machines: no lock file is between them."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TOGETHER, postgres_url],
            env=os.environ | {"CAE_HOME": str(tmp_path / f"machine-{number}")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=300) for process in started]
    assert [output for output, _ in answers] == ["0\n"] * 3, answers


def test_a_lock_is_held_by_one_at_a_time_and_free_at_once(postgres_url: str) -> None:
    """Often, so that a server which takes its time over a closed connection is seen."""
    asked = text("SELECT pg_try_advisory_xact_lock(hashtextextended('claim', 0))")
    engine = create_engine(address(postgres_url))
    with engine.connect() as other:
        for _ in range(50):
            with storage_lock(address(postgres_url), "claim"):
                assert other.execute(asked).scalar() is False
            assert other.execute(asked).scalar() is True
            other.rollback()
    engine.dispose()


def test_a_password_may_come_from_a_file(
    postgres: Postgres, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = postgres_url.replace(f":{PASSWORD}", "")
    with pytest.raises(TrackingError, match="no password supplied"):
        open_storage(without)
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{postgres.port}:*:cae:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert open_storage(without).get_all_studies() == []


def test_a_server_that_was_restarted_is_used_again(postgres: Postgres, postgres_url: str) -> None:
    storage = open_storage(postgres_url)
    optuna.create_study(study_name="a", storage=storage)
    postgres.stop()
    with pytest.raises(TrackingError, match="Connection refused"):
        open_storage(postgres_url)
    postgres.start()
    assert optuna.get_all_study_names(storage) == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (PASSWORD, "guess-4711", 'password authentication failed for user "cae"'),
        ("test_", "nowhere_", "does not exist"),
        ("PORT", "9", "Connection refused"),
    ],
)
def test_what_cannot_be_opened_is_one_line_without_password(
    postgres: Postgres, postgres_url: str, old: str, new: str, words: str
) -> None:
    url = postgres_url.replace(str(postgres.port) if old == "PORT" else old, new)
    with pytest.raises(TrackingError, match=words) as raised:
        open_storage(url)
    message = str(raised.value)
    assert message.startswith("--storage postgresql://cae:***@127.0.0.1:")
    assert len(message.splitlines()) == 1
    assert PASSWORD not in message
    assert "guess-4711" not in message


# --- searches ----------------------------------------------------------------------------------------------------


def test_a_search_tries_what_it_tries_on_sqlite(database: Path, postgres_url: str) -> None:
    sweep, trainer = sweep_of(seeds=[0, 1], run_cap=12, constraints=["mse <= 0.005"]), Trainer()
    search(sweep, postgres_url, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 12
    assert not (workspace.home() / "optuna.db").exists()
    search(sweep, postgres_url, trainer)
    assert len(trainer.finished) == 12

    for record in tracking.records("s").values():
        tracking.client().delete_run(record.run_id)
    run(sweep, Trainer())
    found = [
        [(trial.params, trial.value, trial.constraints) for trial in study.trials]
        for study in (study_on(postgres_url), study_of())
    ]
    assert found[0] == found[1]


def test_losses_are_judged_on_postgres(database: Path, postgres_url: str) -> None:
    rule = {"type": "hyperband", "min_iter": 1}
    sweep, trainer = sweep_of(method="random", run_cap=8, early_terminate=rule), Trainer()
    search(sweep, postgres_url, trainer)
    assert len(trainer.pruned) > 0
    assert len(trainer.finished) + len(trainer.pruned) == 8
    states = [trial.state.name for trial in study_on(postgres_url).trials]
    assert states.count("PRUNED") == len(trainer.pruned)


@pytest.mark.parametrize("death", ["before", "during", "after"])
def test_a_killed_search_goes_on(database: Path, postgres_url: str, death: str) -> None:
    sweep, trainer = sweep_of(seeds=[0, 1], run_cap=6), Trainer()
    trainer.dies = {3: death}
    with pytest.raises(Killed):
        search(sweep, postgres_url, trainer)
    gc.collect()  # the locks of a killed process are free
    close_orphans(sweep.name, postgres_url)
    search(sweep, postgres_url, trainer)
    assert len(set(trainer.finished)) == len(trainer.finished) == 6
    assert [trial.state.name for trial in study_on(postgres_url).trials] == ["COMPLETE"] * 3
