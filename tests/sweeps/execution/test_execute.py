from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE

from cae.config import RunConfig
from sweeps import tracking, workspace
from sweeps.execution.execute import _output_to, _replicates, execute
from sweeps.execution.task import Task
from sweeps.files import write_json
from sweeps.locks import file_lock
from sweeps.planning.state import state_of
from sweeps.tracking import HASH, HOST, recording

TASK = Task("s", "0", "seed=0", RunConfig(), "cafe", "cafe", "d")


def recorded(status: str, host: str = "") -> None:
    client = tracking.client()
    run = client.create_run(tracking.experiment("s", "?"), tags={HASH: "cafe", HOST: host})
    if status != "RUNNING":
        client.set_terminated(run.info.run_id, status=status)


def test_a_cell_that_another_process_holds_is_busy(database: Path) -> None:
    with file_lock.run_lock("cafe"):
        assert execute(TASK).state == "busy"


def test_a_cell_that_was_finished_meanwhile_is_not_run_again(database: Path) -> None:
    recorded("FINISHED")
    assert execute(TASK).state == "finished"


def test_a_cell_that_runs_on_another_machine_is_left_to_it(database: Path) -> None:
    recorded("RUNNING", "another-machine")
    outcome = execute(TASK)
    assert outcome.state == "elsewhere"
    assert "another-machine" in outcome.message


def test_a_failure_before_the_run_opens_is_an_outcome(database: Path) -> None:
    """The experiment does not exist: nothing is raised, and nothing is left locked."""
    outcome = execute(Task("s", "999", "seed=0", RunConfig(), "cafe", "cafe", "d"))
    assert outcome.state == "failed"
    assert "999" in outcome.message
    assert not file_lock.is_held("cafe")


def computed(metrics: dict[str, float]) -> Task:
    """A run whose numbers wait to be recorded."""
    folder = workspace.work_folder("cafe")
    images = {"train": 9, "held_out": 1, "report": "10 images"}
    scores = {"reconstruction/bce": 0.5, "reconstruction/mse": 0.01, "reconstruction/ssim": 0.8} | metrics
    result = {"metrics": scores, "omitted": {}, "seconds": {}, "images": images, "data_digest": "d"}
    write_json(folder / "result.json", result)
    return Task("s", tracking.experiment("s", "?"), "seed=0", RunConfig(), "cafe", "cafe", "d")


def test_names_of_an_earlier_version_that_mlflow_refuses_are_recorded_under_others(database: Path) -> None:
    names = {"faces/visible_own>30 (%)": 0.7, "faces/visible_mnd": 0.9, "faces/visible_own<30": 0.6}
    assert execute(computed(names)).state == "finished"
    found = tracking.records("s")["cafe"].metrics
    expected = {"faces/visible_own_30": 0.7, "faces/visible_mnd": 0.9, "faces/visible_own_30_2": 0.6}
    assert {name: value for name, value in found.items() if name.startswith("faces/")} == expected


@pytest.mark.parametrize(
    ("error", "for_good"),
    [
        (MlflowException("Invalid value 'a//b' for parameter 'name'", INVALID_PARAMETER_VALUE), True),
        (MlflowException("try later", TEMPORARILY_UNAVAILABLE), False),
        (OSError("connection reset"), False),
    ],
)
def test_a_record_that_can_never_succeed_says_so(
    database: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, for_good: bool
) -> None:
    def record(*_: object) -> None:
        raise error

    monkeypatch.setattr(recording, "record", record)
    outcome = execute(computed({}))
    assert outcome.state == "failed"
    assert ("MLflow will refuse it each time: correct that name" in outcome.message) == for_good
    assert str(workspace.work_folder("cafe")) in outcome.message
    state, note = state_of(tracking.records("s")["cafe"])
    assert state == "failed"
    assert (note == outcome.message) == for_good
    assert ("the next cae run uploads it" in note) != for_good
    assert workspace.is_computed("cafe")


def test_all_output_goes_to_the_file_and_back(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with _output_to(tmp_path / "log.txt"):
        print("python")
        os.write(1, b"as C++ would\n")
    print("after")
    assert (tmp_path / "log.txt").read_text().splitlines().count("as C++ would") == 1
    assert "after" in capfd.readouterr().out


def test_a_reopened_run_forgets_why_it_was_cut_off(database: Path) -> None:
    from sweeps.tracking.recording import open_run

    client = tracking.client()
    run = client.create_run(tracking.experiment("s", "?"), tags={HASH: "cafe"})
    client.set_tag(run.info.run_id, tracking.PRUNED, "after epoch 2")
    tracking.close(run.info.run_id, "KILLED", "interrupted")
    assert open_run("0", "seed=0", {tracking.ATTEMPT: "2"}, RunConfig(), run.info.run_id) == run.info.run_id
    found = client.get_run(run.info.run_id)
    assert found.info.status == "RUNNING"
    assert found.data.tags[tracking.ATTEMPT] == "2"
    assert not {tracking.ERROR, tracking.PRUNED} & set(found.data.tags)


def test_replicates_are_held_while_they_are_trained(database: Path) -> None:
    """One that another process works on is left to it."""
    both = tuple((RunConfig(), name) for name in ("beef", "babe"))
    with file_lock.run_lock("babe"), _replicates(replace(TASK, replicates=both)) as held:
        assert [folder.name for _, folder in held] == ["beef"]
        assert held[0][1].is_dir()
        assert file_lock.is_held("beef")
    assert not file_lock.is_held("beef")
