from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.locks import file_lock
from sweeps.spec.sweep_file import load
from sweeps.tracking import ATTEMPT, HASH, Record, views
from sweeps.tracking.errors import store_errors


def make_run(name: str, config_hash: str, status: str, attempt: int = 1) -> str:
    client = tracking.client()
    run = client.create_run(tracking.experiment(name, "why?"), tags={HASH: config_hash, ATTEMPT: str(attempt)})
    client.set_terminated(run.info.run_id, status=status)
    return run.info.run_id


def test_mlruns_stands_in_cae_home_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.home() == tmp_path / "home" / "mlruns"
    monkeypatch.delenv("CAE_HOME")
    monkeypatch.chdir(tmp_path)
    assert workspace.home() == tmp_path / "mlruns"


def test_a_server_named_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.uri() == f"sqlite:///{workspace.home() / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert workspace.uri() == "http://127.0.0.1:9"
    assert tracking.exists()


def test_reading_creates_nothing() -> None:
    assert tracking.records("nothing") == {}
    assert not workspace.home().exists()


def test_the_users_environment_is_left_alone(database: Path) -> None:
    tracking.experiment("a", "why?")
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_artifacts_stand_under_mlruns(database: Path) -> None:
    made = tracking.client().get_experiment(tracking.experiment("a", "why?"))
    place = (workspace.home() / "artifacts").as_uri()
    assert re.fullmatch(rf"{re.escape(place)}/a-[0-9a-f]{{8}}", made.artifact_location)
    assert made.tags["mlflow.note.content"] == "why?"


def test_what_is_deleted_stays_deleted(database: Path) -> None:
    """A run deleted by hand and done again, then the experiment deleted: neither counts, and neither comes back."""
    client = tracking.client()
    client.delete_run(make_run("a", "one", "FINISHED"))
    again = make_run("a", "one", "FINISHED")
    assert tracking.trash("a") == "1 run of a in MLflow's trash: deleted, so not counted"
    first = client.get_run(again).info.experiment_id
    client.delete_experiment(first)
    assert tracking.records("a") == {}
    assert str(tracking.trash("a")).startswith("the experiment with 2 runs of a lies in MLflow's trash")
    second = tracking.experiment("a", "why?")
    assert second != first
    assert tracking.records("a") == {}
    assert tracking.trash("a") is None
    assert client.get_experiment(first).lifecycle_stage == "deleted"
    assert {run.info.lifecycle_stage for run in client.search_runs([first], run_view_type=ViewType.ALL)} == {"deleted"}


def test_a_renamed_experiment_and_the_next_of_its_name_share_no_folder(database: Path) -> None:
    first = tracking.experiment("a", "why?")
    tracking.client().rename_experiment(first, "a-v1")
    second = tracking.experiment("a", "why?")
    assert len({tracking.client().get_experiment(found).artifact_location for found in (first, second)}) == 2


def test_the_finished_run_counts_else_the_latest(database: Path) -> None:
    make_run("a", "one", "FAILED")
    done = make_run("a", "one", "FINISHED", attempt=2)
    make_run("a", "one", "FAILED", attempt=3)
    make_run("a", "two", "FAILED")
    last = make_run("a", "two", "KILLED", attempt=2)
    make_run("b", "three", "FINISHED")
    records = tracking.records("a")
    assert {key: record.run_id for key, record in records.items()} == {"one": done, "two": last}
    assert records["two"].attempt == 2


def test_latest_prefers_finished() -> None:
    runs = [Record(str(i), "", "h", status, 1, "") for i, status in enumerate(["FAILED", "FINISHED", "RUNNING"])]
    assert tracking.latest(runs)["h"].run_id == "1"


def test_more_runs_than_a_page_are_all_read(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tracking.client()
    experiment = tracking.experiment("a", "why?")
    for i in range(5):
        client.create_run(experiment, tags={HASH: f"{i}"})
    search = client.search_runs
    monkeypatch.setattr(client, "search_runs", lambda *args, **kwargs: search(*args, **{**kwargs, "max_results": 2}))
    assert len(list(tracking.pages(client, experiment))) == 5


@pytest.mark.thorough
def test_processes_that_start_together_create_one_database(tmp_path: Path) -> None:
    code = "from sweeps import tracking\nprint(tracking.experiment('a', 'why?'))"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(set(answers)) == 1


def test_a_store_that_does_not_answer_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingError, match=r"http://127.0.0.1:9 does not answer"):
        tracking.experiment("a", "why?")
    with pytest.raises(TrackingError, match=r"http://127.0.0.1:9 does not answer"):
        tracking.records("a")


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "file"))
    with pytest.raises(TrackingError, match="set CAE_HOME to a writable folder"):
        tracking.client()


def test_a_lock_tells_that_a_run_is_worked_on() -> None:
    assert not file_lock.is_held("cafe")
    with file_lock.run_lock("cafe"):
        assert file_lock.is_held("cafe")
    assert not file_lock.is_held("cafe")


def test_tags_are_text_of_limited_length() -> None:
    assert tracking.tag_values({"a": 1, "b": None, "c": "x" * 9000}) == {"a": "1", "c": "x" * 8000}


@pytest.mark.parametrize(("tag", "attempt"), [("3", 3), ("second try", 1), ("", 1), ("-2", 1), ("²", 1)])
def test_a_tag_that_was_edited_in_mlflow_stops_nothing(database: Path, tag: str, attempt: int) -> None:
    run = make_run("a", "one", "FINISHED")
    tracking.client().set_tag(run, tracking.ATTEMPT, tag)
    assert tracking.records("a")["one"].attempt == attempt


@pytest.mark.parametrize("address", ["./mlruns", "/data/mlruns", "file:///data/mlruns", "ftp://x/y"])
def test_an_address_that_is_no_store_is_one_line(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(TrackingError, match=r"neither a server .* nor a database") as caught:
        tracking.records("a")
    assert "\n" not in str(caught.value)


def test_what_a_store_refuses_is_not_called_silence(database: Path) -> None:
    with pytest.raises(TrackingError, match=r"refuses: .*exceeds"), store_errors(workspace.uri()):
        tracking.client().set_experiment_tag(tracking.experiment("a", "why?"), "mlflow.note.content", "x" * 30_000)


@pytest.mark.parametrize(("code", "tries"), [("BAD_REQUEST", 2), ("INTERNAL_ERROR", 1)])
def test_a_tag_that_two_set_at_once_for_the_first_time_is_set(
    database: Path, monkeypatch: pytest.MonkeyPatch, code: str, tries: int
) -> None:
    """As MLflow answers the later of two that found no tag, and had both to add one; another refusal stays one."""
    experiment_id, calls, really = tracking.experiment("a", "why?"), [], MlflowClient.set_experiment_tag

    def refused_at_first(self: MlflowClient, *tag: str) -> None:
        calls.append(tag)
        if len(calls) == 1:
            raise MlflowException("UNIQUE constraint failed: experiment_tags.key", error_code=ErrorCode.Value(code))
        really(self, *tag)

    monkeypatch.setattr(MlflowClient, "set_experiment_tag", refused_at_first)
    with nullcontext() if tries == 2 else pytest.raises(TrackingError):
        tracking.set_sweep_tag("a", "sweep.launch.x", "here")
    assert calls == [(experiment_id, "sweep.launch.x", "here")] * tries
    assert tracking.sweep_tags("a", "sweep.") == ({"sweep.launch.x": "here"} if tries == 2 else {})


def test_a_database_of_another_version_is_said(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'fedcba987654'")
    command = [sys.executable, "-c", "from sweeps import tracking; tracking.records('a')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "is of another version of MLflow" in last
    assert "mlflow db upgrade" in last


def test_a_long_description_is_shortened(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"name: s\ndescription: {'why ' * 8000}\nparameters: {{data.name: {{value: digits}}}}\n")
    views.publish(load(file))
    assert tracking.client().get_experiment_by_name("s") is not None
