"""A search through the command line as a group does it: the record on an MLflow server, the study on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from PIL import Image

from sweeps import tracking
from sweeps.study import open_storage
from tests.end_to_end.test_search import SEARCH
from tests.end_to_end.test_sweep import cae, check_record, statuses
from tests.servers import PASSWORD, MlflowServer, Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
def storage(postgres: Postgres, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of this test, named and opened as docs/servers.md says: no password on the command line."""
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{postgres.port}:*:*:{PASSWORD}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    monkeypatch.setenv("CAE_STORAGE", postgres_url.replace(f":{PASSWORD}", ""))
    return postgres_url


def test_a_search_on_servers(tracking_server: MlflowServer, storage: str, tmp_path: Path) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(SEARCH, encoding="utf-8")
    done = cae("run", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses("tiny") == ["FINISHED", "FINISHED"]
    assert PASSWORD not in done.stdout + done.stderr
    check_record(tracking.records("tiny"))
    study = optuna.load_study(study_name="tiny", storage=open_storage(storage))
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    # On this machine nothing is left but which values the last run was given.
    assert not [path.name for path in tracking.home().iterdir() if path.suffix == ".db" or path.name == "artifacts"]

    shown = json.loads(cae("status", str(file), "--json").stdout)
    assert [cell["state"] for cell in shown["cells"]] == ["finished", "finished"]
    again = cae("run", str(file))
    assert again.returncode == 0
    assert "starting" not in again.stdout

    downloaded = cae("faces", str(file), "--out", str(tmp_path / "faces"))
    assert downloaded.returncode == 0, downloaded.stderr
    assert len(list((tmp_path / "faces").glob("*/mnd.png"))) == 2
    sampled = cae("sample", shown["cells"][0]["config_hash"], "--count", "8", "--out", str(tmp_path / "new.png"))
    assert sampled.returncode == 0, sampled.stderr
    assert Image.open(tmp_path / "new.png").size[0] > 300


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_a_wrong_password_is_one_line(
    database: Path, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(SEARCH, encoding="utf-8")
    monkeypatch.setenv("CAE_STORAGE", postgres_url.replace(PASSWORD, "guess-4711"))
    done = cae(command, str(file))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert 'password authentication failed for user "cae"' in done.stderr
    assert "guess-4711" not in done.stdout + done.stderr
