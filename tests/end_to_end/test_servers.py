"""A search through the command line as a group does it: the record on an MLflow server, the study on PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from PIL import Image

from sweeps import tracking, workspace
from sweeps.search.study import open_storage
from tests.end_to_end.pretended import STANDIN, pretended
from tests.end_to_end.test_search import SEARCH
from tests.end_to_end.test_soak import runs_by_cell
from tests.end_to_end.test_sweep import check_record, here, pretend, read_until, start, statuses
from tests.servers import PASSWORD, MlflowServer, Postgres

pytestmark = [pytest.mark.thorough, pytest.mark.postgres, pytest.mark.slow(seconds=50)]


@pytest.fixture
def storage(postgres: Postgres, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database of this test, named and opened as docs/servers.md says: no password on the command line."""
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{postgres.port}:*:*:{PASSWORD}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    monkeypatch.setenv("CAE_STORAGE", postgres_url.replace(f":{PASSWORD}", ""))
    return postgres_url


@pytest.fixture
def real_files(recorded_home: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretended trainings leave the files of a real one."""
    monkeypatch.setenv("CAE_HOME", str(recorded_home[0]))
    run = next(iter(tracking.records("tiny").values()))
    template = tmp_path / "template"
    template.mkdir()
    tracking.client().download_artifacts(run.run_id, "", str(template))
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STANDIN_TEMPLATE", str(template))


@pytest.mark.usefixtures("real_files")
def test_a_search_on_servers(tracking_server: MlflowServer, storage: str, tmp_path: Path) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(SEARCH, encoding="utf-8")
    done = pretend("run", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses("tiny") == ["FINISHED", "FINISHED"]
    assert PASSWORD not in done.stdout + done.stderr
    check_record(tracking.records("tiny"))
    study = optuna.load_study(study_name="tiny", storage=open_storage(storage))
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    # On this machine nothing is left but which values the last run was given.
    assert not [path.name for path in workspace.home().iterdir() if path.suffix == ".db" or path.name == "artifacts"]

    shown = json.loads(here("status", str(file), "--json").stdout)
    assert [cell["state"] for cell in shown["cells"]] == ["finished", "finished"]
    again = here("run", str(file))
    assert again.exit_code == 0
    assert "starting" not in again.stdout

    downloaded = here("faces", str(file), "--out", str(tmp_path / "faces"))
    assert downloaded.exit_code == 0, downloaded.output
    assert len(list((tmp_path / "faces").glob("*/mnd.png"))) == 2
    sampled = here("sample", shown["cells"][0]["config_hash"], "--count", "8", "--out", str(tmp_path / "new.png"))
    assert sampled.exit_code == 0, sampled.output
    assert Image.open(tmp_path / "new.png").size[0] > 300


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_a_wrong_password_is_one_line(
    database: Path, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(SEARCH, encoding="utf-8")
    monkeypatch.setenv("CAE_STORAGE", postgres_url.replace(PASSWORD, "guess-4711"))
    done = here(command, str(file))
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert 'password authentication failed for user "cae"' in done.stderr
    assert "guess-4711" not in done.stdout + done.stderr


MANY = pretended("many", 4, {"values": [0.001, 0.002, 0.003]}, seeds=[0, 1, 2, 3])
SEARCHED = {"method": "random", "metric": {"name": "reconstruction/mse"}, "run_cap": 6}
RANDOM = pretended("many", 4, {"min": 0.001, "max": 0.01}, **SEARCHED)


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STANDIN_SECONDS", "0.3")
    path = tmp_path / "many.yaml"
    path.write_text(MANY)
    return path


def check_exactly_once(sweep: str, cells: int) -> None:
    table = runs_by_cell(sweep)
    assert len(table) == cells
    assert {counts["FINISHED"] for counts in table.values()} == {1}
    assert sum(table.values(), Counter())["RUNNING"] == 0


def test_four_workers_on_both_servers(tracking_server: MlflowServer, storage: str, many: Path) -> None:
    process = start("run", str(many), "--workers", "4", module=STANDIN)
    read_until(process, "epoch 1")
    assert "4 running" in here("status", str(many)).stdout
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    check_exactly_once("many", 12)


def on_another_machine(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """The same command under another host name, with another mlruns: nothing is shared but the servers."""
    command = ["unshare", "--uts", "sh", "-c", 'hostname far && exec "$0" "$@"', sys.executable, "-m", STANDIN]
    variables = os.environ | {"CAE_HOME": str(home)}
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables,
        start_new_session=True,
    )  # fmt: skip


@pytest.fixture
def _other_host_names() -> None:
    possible = shutil.which("unshare") and subprocess.run(["unshare", "--uts", "hostname", "far"], check=False)
    if not possible or possible.returncode:
        pytest.skip("another host name needs root")


@pytest.mark.usefixtures("_other_host_names")
def test_two_machines_share_a_sweep(tracking_server: MlflowServer, storage: str, many: Path, tmp_path: Path) -> None:
    here = start("run", str(many), "--workers", "2", module=STANDIN)
    there = on_another_machine(tmp_path / "far", "run", str(many), "--workers", "2")
    outputs = [process.communicate(timeout=300)[0] for process in (here, there)]
    assert [process.returncode for process in (here, there)] == [0, 0], outputs
    check_exactly_once("many", 12)
    assert {record.host for record in tracking.records("many").values()} == {"far", socket.gethostname()}


@pytest.mark.usefixtures("_other_host_names")
@pytest.mark.parametrize("method", [pytest.param("grid", marks=pytest.mark.soak), "random"])
def test_the_cells_of_a_dead_machine_are_taken_over(
    tracking_server: MlflowServer,
    storage: str,
    many: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    monkeypatch.setenv("CAE_LEASE_SECONDS", "8")
    if method == "random":
        many.write_text(RANDOM)
    there = on_another_machine(tmp_path / "far", "run", str(many), "--workers", "2")
    read_until(there, "epoch 1")
    os.killpg(there.pid, signal.SIGKILL)
    there.communicate(timeout=60)
    held = [record for record in tracking.records("many").values() if record.status == "RUNNING"]
    assert held
    output = start("run", str(many), "--workers", "2", module=STANDIN).communicate(timeout=300)[0]
    check_exactly_once("many", 12 if method == "grid" else 6)
    taken = tracking.records("many")[held[0].config_hash]
    assert (taken.attempt, taken.host) == (2, socket.gethostname()), output


@pytest.mark.soak
def test_a_server_that_is_down_for_a_while(
    tracking_server: MlflowServer, storage: str, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    process = start("run", str(many), "--workers", "2", module=STANDIN)
    read_until(process, "epoch 2")
    tracking_server.stop()
    said = read_until(process, "cannot be used now")
    assert "wait in" in said or "waits in" in said
    time.sleep(5)
    tracking_server.start()
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    check_exactly_once("many", 12)
    for record in tracking.records("many").values():
        history = tracking.client().get_metric_history(record.run_id, "training/loss")
        assert [metric.step for metric in history] == [1, 2, 3, 4]


@pytest.mark.parametrize("method", ["grid", pytest.param("random", marks=pytest.mark.soak)])
def test_a_database_that_is_restarted_in_the_middle(
    tracking_server: MlflowServer, storage: str, postgres: Postgres, many: Path, method: str
) -> None:
    if method == "random":
        many.write_text(RANDOM)
    process = start("run", str(many), "--workers", "2", module=STANDIN)
    read_until(process, "epoch 2")
    postgres.stop()
    time.sleep(3)
    postgres.start()
    output = process.communicate(timeout=300)[0]
    assert "Traceback" not in output
    if process.returncode:
        assert start("run", str(many), module=STANDIN).wait(300) == 0
    check_exactly_once("many", 12 if method == "grid" else 6)
