from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mlflow.entities import ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from sweeps import tracking, workspace
from sweeps.cleanup import delete, leftovers
from sweeps.cli import main
from sweeps.commands import clean as clean_command
from sweeps.files import write_json
from sweeps.locks import file_lock, leases
from sweeps.search import study
from sweeps.search.study import find_study
from sweeps.tracking import deletion
from tests.faults import Killed, die, on_call
from tests.servers import MlflowServer
from tests.sweeps.cleanup.test_clean import files, make_run, make_study, make_work


def cae(tmp_path: Path, *options: str, answers: str = "", sweep: str = "a") -> Result:
    file = tmp_path / f"{sweep}.yaml"
    file.write_text(f"name: {sweep}\nparameters:\n  data.name: {{value: digits}}\n")
    return CliRunner().invoke(main, ["clean", str(file), *options], input=answers)


def make_sweep(sweep: str, storage: str | None = None) -> None:
    """Two finished runs, one failed and one in MLflow's trash, with artifacts, and everything else that a sweep has."""
    client = tracking.client()
    for name, status in (("one", "FINISHED"), ("two", "FINISHED"), ("three", "FAILED"), ("trash", "FINISHED")):
        run = make_run(f"{name}-{sweep}", status, sweep=sweep)
        client.log_metric(run, "score", 1.0)
        client.log_text(run, "a face", "faces/mnd.png")
    client.delete_run(run)
    make_work(f"three-{sweep}")
    make_study(sweep, storage)
    with file_lock.run_lock(f"{sweep}-trial-0"), file_lock.run_lock(f"{sweep}-search"):
        write_json(workspace.home() / "sweeps" / f"{sweep}.json", {"set": []})
    (workspace.home() / "sweeps" / f".{sweep}.json.1").write_text("{")


def trace(sweep: str) -> list[Any]:
    """What is left of a sweep anywhere."""
    client = tracking.client()
    experiments = client.search_experiments(ViewType.ALL)
    runs = client.search_runs([found.experiment_id for found in experiments], run_view_type=ViewType.ALL)
    left: list[Any] = [found.name for found in experiments if found.name.split(" ")[0] == sweep]
    left += [run.info.run_id for run in runs if run.data.tags[tracking.HASH].endswith(f"-{sweep}")]
    left += [found for found in [find_study(sweep, None)] if found is not None]
    return left + files_of(sweep)


def files_of(sweep: str) -> list[str]:
    work = rf"work/{sweep}-(trial-\d|search)\.lock|work/three-{sweep}(\.lock|/.*)?"
    own = rf"artifacts/{sweep}(-[0-9a-f]{{8}})?(/.*)?|sweeps/\.?{sweep}\.json.*|{work}"
    return sorted(path for path in files() if re.fullmatch(own, path))


def everything_of(sweep: str) -> tuple[Any, ...]:
    """The record, files and study of a sweep, to be compared."""
    found = tracking.client().get_experiment_by_name(sweep)
    runs = [run.to_dictionary() for run in deletion._runs(found)]
    found_study = find_study(sweep, None)
    own = {path: (workspace.home() / path).stat().st_mtime_ns for path in files_of(sweep)}
    return dict(found), runs, found_study and [trial.state for trial in found_study.trials], own


# --- what goes and what stays ------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_all_of_a_sweep_goes_and_all_of_others_stays(database: Path, tmp_path: Path, shared_cache: Path) -> None:
    for sweep in ("a", "b", "a-b"):
        make_sweep(sweep)
    before = [everything_of(sweep) for sweep in ("b", "a-b")]
    images = {path for path in shared_cache.rglob("*") if path.suffix in (".json", ".npy", ".parquet")}
    done = cae(tmp_path, "--delete", "--yes")
    assert done.exit_code == 0, done.output
    assert trace("a") == []
    assert [everything_of(sweep) for sweep in ("b", "a-b")] == before
    assert images <= set(shared_cache.rglob("*"))  # the other test process may add to it meanwhile
    first, runs, trials, size, last = done.output.splitlines()
    assert (first, last) == ("a: to be deleted for good:", "a: deleted")
    assert runs == f"  4 runs (3 FINISHED, 1 FAILED) with all artifacts, in {workspace.uri()}"
    assert trials == f"  2 trials of Optuna's study, in sqlite:///{workspace.home() / 'optuna.db'}"
    assert size == f"  0.2 MB in {workspace.home()}"
    assert cae(tmp_path, "--delete").output == "a: there is nothing to delete\n"


@pytest.mark.thorough
def test_an_experiment_without_runs_goes_and_other_sweeps_trash_stays(database: Path, tmp_path: Path) -> None:
    """MLflow's own deletion of an experiment takes every deleted run of the store with it."""
    make_sweep("b")
    tracking.experiment("a", "why?")
    before = everything_of("b")
    done = cae(tmp_path, "--delete", "--yes")
    assert done.output.splitlines()[1:] == [f"  an experiment without runs, in {workspace.uri()}", "a: deleted"]
    assert trace("a") == []
    assert everything_of("b") == before


@pytest.mark.thorough
def test_an_experiment_in_mlflows_trash_goes(database: Path, tmp_path: Path) -> None:
    make_sweep("a")
    tracking.client().delete_experiment(tracking.experiment("a", "why?"))
    assert cae(tmp_path, "--delete", "--yes").exit_code == 0
    assert trace("a") == []


def test_the_study_of_another_storage_goes(database: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    make_study("a", url)
    assert cae(tmp_path, "--delete").output == "a: there is nothing to delete\n"
    done = cae(tmp_path, "--delete", "--yes", "--storage", url)
    assert f"2 trials of Optuna's study, in {url}" in done.output
    assert find_study("a", url) is None


def test_files_that_another_sweep_needs_stay(database: Path) -> None:
    make_run("cafe", "FAILED", sweep="a")
    other = make_run("cafe", "KILLED", sweep="b")
    make_work("cafe")
    assert delete.sweep_contents("a", None).keys == ()
    tracking.client().delete_run(other)
    assert delete.sweep_contents("a", None).keys == ("cafe",)


def test_a_search_without_its_study_is_told(database: Path, tmp_path: Path) -> None:
    make_run("cafe", "FINISHED")
    file = tmp_path / "search.yaml"
    file.write_text("name: a\nmethod: random\nrun_cap: 1\nparameters: {model.latent_dim: {min: 2, max: 4}}\n")
    done = CliRunner().invoke(main, ["clean", str(file), "--delete", "--dry-run"])
    assert "if it had --storage, give that here" in done.stderr
    make_study()
    done = CliRunner().invoke(main, ["clean", str(file), "--delete", "--dry-run"])
    assert done.stderr == ""


def test_nothing_to_delete_creates_nothing(tmp_path: Path) -> None:
    done = cae(tmp_path, "--delete")
    assert (done.exit_code, done.output) == (0, "a: there is nothing to delete\n")
    assert not workspace.home().exists()


@pytest.mark.thorough
@pytest.mark.parametrize("shared", [False, True])
def test_a_renamed_experiment_keeps_its_artifacts(database: Path, tmp_path: Path, shared: bool) -> None:
    """shared: as older versions had it, both experiments have their artifacts in one folder named `a`."""
    client = tracking.client()
    make_run("one", "FINISHED")
    (first,) = client.search_experiments(filter_string="name = 'a'")
    client.rename_experiment(first.experiment_id, "a-v1")
    if shared:
        client.create_experiment("a", artifact_location=first.artifact_location)
    runs = [tracking.records("a-v1")["one"].run_id, make_run("two", "FINISHED")]
    for run in runs:
        client.log_text(run, "a face", "faces/mnd.png")
    assert cae(tmp_path, "--delete", "--yes").exit_code == 0
    assert tracking.client().get_experiment_by_name("a") is None
    assert [len(list(workspace.home().glob(f"artifacts/*/{run}"))) for run in runs] == [1, 0]
    assert [found.path for found in client.list_artifacts(runs[0], "faces")] == ["faces/mnd.png"]


def test_a_copy_of_mlruns_does_not_delete_the_originals_artifacts(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sweep("a")
    original = workspace.home()
    shutil.copytree(original, tmp_path / "copy" / "mlruns")
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "copy"))
    done = cae(tmp_path, "--delete", "--yes")
    assert done.exit_code == 2
    assert f"{original}/artifacts/a-" in done.output
    assert len(list(original.glob("artifacts/a-*/*/artifacts/faces/mnd.png"))) == 4
    assert len(done.output.splitlines()) == 1


# --- asked first -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", ["", "\n", "n\n", "y\n\n", "y\nb\n", "y\ny\n"])
def test_anything_but_yes_and_the_name_deletes_nothing(database: Path, tmp_path: Path, answers: str) -> None:
    make_sweep("a")
    before = everything_of("a")
    assert cae(tmp_path, "--delete", answers=answers).exit_code == 1
    assert everything_of("a") == before


def test_a_dry_run_deletes_nothing_and_asks_nothing(database: Path, tmp_path: Path) -> None:
    make_sweep("a")
    before = everything_of("a")
    done = cae(tmp_path, "--delete", "--dry-run")
    assert done.exit_code == 0
    assert done.output.startswith("a: would be deleted for good:\n  4 runs")
    assert everything_of("a") == before


# --- running -----------------------------------------------------------------------------------------------------


def test_a_sweep_that_runs_here_is_not_deleted(database: Path, tmp_path: Path) -> None:
    make_run("cafe", "RUNNING")
    with file_lock.run_lock("cafe"):
        done = cae(tmp_path, "--delete", "--yes")
    assert done.exit_code == 2
    assert done.output.startswith("a: still running: cafe of a (cafe), RUNNING on ")
    assert list(tracking.records("a")) == ["cafe"]


def test_a_search_that_runs_here_is_not_deleted(database: Path, tmp_path: Path) -> None:
    """Between two seeds of a trial no run is held."""
    make_study()
    with file_lock.run_lock("a-trial-1"):
        done = cae(tmp_path, "--delete", "--yes")
    assert done.output.startswith(f"a: still running: trial 1 on {socket.gethostname()}; stop it first")
    assert find_study("a", None) is not None


@pytest.mark.thorough
def test_a_sweep_that_runs_elsewhere_is_deleted_when_that_machine_is_dead(database: Path, tmp_path: Path) -> None:
    make_run("cafe", "RUNNING", "gpu-7")
    make_run("babe", "RUNNING", "gpu-7")
    refused = cae(tmp_path, "--delete", "--yes")
    assert refused.exit_code == 2
    assert "RUNNING on gpu-7 since" in refused.output
    assert ", and 1 more" in refused.output
    done = cae(tmp_path, "--delete", "--host", "gpu-7", answers="y\na\n")
    assert done.exit_code == 0
    assert "[y/N]" in done.output
    assert trace("a") == []


def test_a_sweep_whose_lease_is_alive_is_not_deleted_whatever_the_user_says(database: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    make_run("cafe", "RUNNING", "gpu-7", **{tracking.LEASED: "yes"})
    leases.take(url, "cafe", "gpu-7:/mlruns")
    done = cae(tmp_path, "--delete", "--yes", "--storage", url, "--host", "gpu-7")
    assert done.exit_code == 2
    assert "still running: cafe of a (cafe), RUNNING on gpu-7" in done.output


def test_a_sweep_that_is_started_while_we_ask_is_not_deleted(database: Path, tmp_path: Path) -> None:
    make_run("cafe", "KILLED")
    lock = file_lock.run_lock("cafe")
    with on_call(clean_command._ask_twice, lambda _: lock.acquire()):
        done = cae(tmp_path, "--delete", answers="y\na\n")
    lock.release()
    assert done.exit_code == 2
    assert "still running" in done.output
    assert list(tracking.records("a")) == ["cafe"]


# --- killed in the middle ----------------------------------------------------------------------------------------


def collect_one_and_die(frame: FrameType) -> None:
    one = ["--run-ids", frame.f_locals["run_id"]]
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", workspace.uri(), *one]
    subprocess.run([*command, "--tracking-uri", workspace.uri()], check=True)
    raise Killed


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "action"),
    [(study.delete_study, die), (deletion._collect, collect_one_and_die), (leftovers.remove, die)],
)
def test_a_deletion_that_was_killed_is_finished_by_the_next(
    database: Path, tmp_path: Path, function: Callable[..., Any], action: Callable[[FrameType], None]
) -> None:
    make_sweep("a")
    found = delete.sweep_contents("a", None)
    with on_call(function, action), pytest.raises(Killed):
        delete.delete(found, None)
    assert trace("a") != []
    assert tracking.records("a") == {}, "a cae run from now on must not find half a sweep"
    assert cae(tmp_path, "--delete", "--yes").exit_code == 0
    assert trace("a") == []


@pytest.mark.thorough
def test_a_run_after_a_killed_deletion_starts_anew(database: Path, tmp_path: Path) -> None:
    make_sweep("a")
    with on_call(deletion._collect, die), pytest.raises(Killed):
        delete.delete(delete.sweep_contents("a", None), None)
    make_run("new-a", "FINISHED")
    assert list(tracking.records("a")) == ["new-a"]


def test_what_mlflow_refuses_is_one_clear_line(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("cafe", "FINISHED")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    done = cae(tmp_path, "--delete", "--yes")
    assert done.exit_code == 2
    assert "failed: no message; the same command tries again" in done.output.splitlines()[-1]


# --- a server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(http_tracking_server: MlflowServer) -> Path:
    """The folder of a real server's database and artifacts."""
    return http_tracking_server.folder


def pictures(server: Path, sweep: str) -> int:
    found = tracking.client().search_experiments(ViewType.ALL)
    ids = [one.experiment_id for one in found if one.name.split(" ")[0] == sweep]
    return sum(len(list(server.glob(f"artifacts/{one}/*/artifacts/faces/mnd.png"))) for one in ids)


@pytest.mark.thorough
@pytest.mark.slow
def test_on_a_server_artifacts_go_and_the_rest_is_told(server: Path, tmp_path: Path) -> None:
    for sweep in ("a", "b"):
        make_sweep(sweep)
    client = tracking.client()
    before = everything_of("b")
    deleted = client.get_experiment_by_name("a").experiment_id
    done = cae(tmp_path, "--delete", "--yes")
    assert done.exit_code == 0, done.output
    assert (pictures(server, "a"), pictures(server, "b")) == (0, 4)
    assert tracking.records("a") == {}

    # A new sweep of this name does not get the deleted runs back.
    make_run("new-a", "FINISHED")
    assert list(tracking.records("a")) == ["new-a"]

    # The command that is told frees the rest and nothing else.
    told = done.output.splitlines()[-1].split(" mlflow ")[1]
    command = told.replace("ITS_DATABASE", f"sqlite:///{server / 'mlflow.db'}").split()
    subprocess.run([sys.executable, "-m", "mlflow", *command], check=True)
    assert deleted not in {found.experiment_id for found in client.search_experiments(ViewType.ALL)}
    assert everything_of("b") == before
    assert list(tracking.records("a")) == ["new-a"]


@pytest.mark.thorough
@pytest.mark.slow
def test_a_deletion_on_a_server_that_was_killed_is_finished_by_the_next(server: Path, tmp_path: Path) -> None:
    make_sweep("c")
    with on_call(get_artifact_repository, die), pytest.raises(Killed):
        delete.delete(delete.sweep_contents("c", None), None)
    assert tracking.records("c") == {}
    assert pictures(server, "c") == 4
    assert cae(tmp_path, "--delete", "--yes", sweep="c").exit_code == 0
    assert pictures(server, "c") == 0
    assert cae(tmp_path, "--delete", "--yes", sweep="c").output == "c: there is nothing to delete\n"


@pytest.mark.thorough
@pytest.mark.slow
def test_artifacts_that_a_server_does_not_give_away_are_told(server: Path, tmp_path: Path) -> None:
    def refuse(_: FrameType) -> None:
        raise PermissionError("403 Forbidden")

    make_run("cafe", "FINISHED", sweep="d")
    with on_call(get_artifact_repository, refuse):
        done = cae(tmp_path, "--delete", "--yes", sweep="d")
    assert done.exit_code == 0
    assert "the artifacts of 1 run could not be deleted from here: 403 Forbidden" in done.output
    assert tracking.records("d") == {}
