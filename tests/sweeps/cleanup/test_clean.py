from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from click.testing import CliRunner, Result
from optuna.trial import TrialState

from sweeps import tracking, workspace
from sweeps.cleanup.clean import clean
from sweeps.cli import main
from sweeps.errors import SweepError
from sweeps.execution.last_run import remember
from sweeps.locks import file_lock, leases
from sweeps.search.study import HOST, find_study, is_alive, open_storage
from sweeps.tracking import HASH, PRUNED

HERE = socket.gethostname()


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def make_run(config_hash: str, status: str, host: str = HERE, sweep: str = "a", **tags: str) -> str:
    client = tracking.client()
    found = tracking.experiment(sweep, "why?")
    run = client.create_run(found, run_name=f"{config_hash} of {sweep}", tags={HASH: config_hash, "host": host, **tags})
    if status != "RUNNING":
        client.set_terminated(run.info.run_id, status=status)
    return str(run.info.run_id)


def make_work(key: str) -> Path:
    """The folder of a run, with a checkpoint and a lock that nobody holds."""
    folder = workspace.work_folder(key)
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_bytes(bytes(200_000))
    with file_lock.run_lock(key):
        return folder


def make_study(sweep: str = "a", url: str | None = None, trials: int = 2) -> optuna.Study:
    study = optuna.create_study(study_name=sweep, storage=open_storage(url))
    for _ in range(trials):
        study.ask()
    return study


def statuses(sweep: str = "a") -> dict[str, str]:
    return {run.config_hash: run.status for run in tracking.attempts(sweep)}


def files() -> set[str]:
    """What stands under `mlruns`, but for what opening a database makes."""
    home = workspace.home()
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.name not in (".create.lock", "optuna.db")}


# --- runs --------------------------------------------------------------------------------------------------------


def test_what_died_here_is_closed_and_told(database: Path) -> None:
    for config_hash, host in (("dead", HERE), ("alive", HERE), ("gone", "gpu-7")):
        make_run(config_hash, "RUNNING", host)
    with file_lock.run_lock("alive"):
        lines = list(clean("a"))
    assert statuses() == {"dead": "KILLED", "alive": "RUNNING", "gone": "RUNNING"}
    closed, alive, gone = lines
    assert closed.startswith(f"closed: dead of a (dead), RUNNING on {HERE} since 20")
    assert alive.startswith("left alone: alive of a (alive), ")
    assert gone.startswith("left alone: gone of a (gone), RUNNING on gpu-7 since 20")
    assert "--host gpu-7" in gone
    assert tracking.records("a")["dead"].tags[tracking.ERROR].startswith("its process died")


def test_a_running_attempt_that_another_has_replaced_is_closed_too(database: Path) -> None:
    lost = make_run("cafe", "RUNNING")
    make_run("cafe", "FINISHED")
    assert len(list(clean("a"))) == 1
    assert tracking.client().get_run(lost).info.status == "KILLED"


def test_a_machine_that_the_user_knows_to_be_dead(database: Path) -> None:
    make_run("gone", "RUNNING", "gpu-7")
    make_run("alive", "RUNNING", "gpu-8")
    list(clean("a", host="gpu-7"))
    assert statuses() == {"gone": "KILLED", "alive": "RUNNING"}
    assert "its machine is dead" in tracking.records("a")["gone"].tags[tracking.ERROR]


@pytest.mark.parametrize(
    ("host", "words"), [(HERE, "this machine"), ("gpu-1", "nothing is RUNNING there; it is on gpu-7, gpu-8")]
)
def test_a_wrong_host_is_one_clear_line(database: Path, host: str, words: str) -> None:
    for other in ("gpu-7", "gpu-8"):
        make_run(other, "RUNNING", other)
    with pytest.raises(SweepError, match=rf"^--host {host}: {words}"):
        list(clean("a", host=host))
    assert set(statuses().values()) == {"RUNNING"}


def test_a_dead_host_that_has_been_cleaned_is_no_error(database: Path) -> None:
    make_run("gone", "RUNNING", "gpu-7")
    assert len(list(clean("a", host="gpu-7"))) == 1
    assert list(clean("a", host="gpu-7")) == []


# --- files -------------------------------------------------------------------------------------------------------


def test_only_files_of_no_use_are_removed(database: Path) -> None:
    make_run("done", "FINISHED")
    make_run("pruned", "KILLED", **{PRUNED: "after epoch 2"})
    make_run("failed", "FAILED")
    make_run("killed", "KILLED")
    make_run("held", "FINISHED")
    make_run("other", "FAILED", sweep="b")
    folders = {key: make_work(key) for key in ("done", "pruned", "failed", "killed", "held", "other")}
    with file_lock.run_lock("held"):
        lines = list(clean("a"))
    left = {key for key, folder in folders.items() if folder.exists()}
    assert left == {"failed", "killed", "held", "other"}
    assert {path.stem for path in (workspace.home() / "work").glob("*.lock")} == left
    assert lines == [f"removed: {folders[key]}: files of a finished run, 0.2 MB" for key in ("done", "pruned")]


@pytest.mark.parametrize(("status", "stays"), [("KILLED", True), ("FAILED", True), ("FINISHED", False)])
def test_the_folder_of_a_cell_that_another_sweep_goes_on_with_stays(database: Path, status: str, stays: bool) -> None:
    make_run("cafe", "FINISHED", sweep="a")
    make_run("cafe", status, sweep="b")
    folder = make_work("cafe")
    list(clean("a"))
    assert folder.exists() is stays


def test_half_files_of_dead_processes_are_removed(database: Path, dead: int) -> None:
    make_run("cafe", "KILLED")
    folder = make_work("cafe")
    sweeps = workspace.home() / "sweeps"
    sweeps.mkdir()
    gone = [folder / f".history.json.{dead}", sweeps / f".a.json.{dead}"]
    stay = [folder / f".result.json.{os.getpid()}", folder / ".hidden", folder / f"data.{dead}"]
    stay += [sweeps / f".b.json.{dead}", sweeps / "a.json"]
    for path in gone + stay:
        path.write_text("{")
    lines = list(clean("a"))
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in [*stay, folder / "checkpoint"])
    assert len(lines) == 2


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_half_files_stay_while_the_sweep_runs(database: Path, dead: int, where: str) -> None:
    """Of another machine's processes the numbers tell nothing here."""
    make_run("cafe", "KILLED")
    make_run("busy", "RUNNING", HERE if where == "here" else "gpu-7")
    half = make_work("cafe") / f".history.json.{dead}"
    half.write_text("{")
    with file_lock.run_lock("busy" if where == "here" else "unrelated"):
        list(clean("a"))
    assert half.exists()


# --- trials ------------------------------------------------------------------------------------------------------


def test_trials_of_dead_processes_are_named_and_left_to_the_next_run(database: Path) -> None:
    make_study(trials=3).tell(0, 1.0)
    for number in range(3):
        with file_lock.run_lock(f"a-trial-{number}"):
            pass
    with file_lock.run_lock("a-trial-2"):
        lines = list(clean("a"))
    assert lines == [
        "trial 1 of the search: its process is gone; the next cae run takes it over",
        f"removed: {workspace.home() / 'work' / 'a-trial-0.lock'}: of what is finished",
    ]
    study = find_study("a", None)
    assert study is not None
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.RUNNING, TrialState.RUNNING]


def test_trials_of_a_dead_machine_can_be_taken_over_here(database: Path) -> None:
    study = make_study()
    for number, host in enumerate(["gpu-7", "gpu-8"]):
        open_storage(None).set_trial_user_attr(study.trials[number]._trial_id, HOST, host)
    assert [is_alive("a", trial, None) for trial in study.trials] == [True, True]
    assert list(clean("a", host="gpu-7", dry_run=True)) == list(clean("a", host="gpu-7"))
    assert [is_alive("a", trial, None) for trial in study.trials] == [False, True]
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING] * 2


# --- leases ------------------------------------------------------------------------------------------------------


def test_leases_tell_which_machine_is_dead(database: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    for config_hash in ("dead", "alive"):
        make_run(config_hash, "RUNNING", "gpu-7", **{tracking.LEASED: "yes"})
    leases.take(url, "alive", "gpu-7:/mlruns")
    lines = list(clean("a", url, host="gpu-7"))
    assert statuses() == {"dead": "KILLED", "alive": "RUNNING"}
    assert [line.split(":")[0] for line in lines] == ["closed", "left alone"]
    assert lines[1].endswith("a process works on it")


def test_the_storage_of_the_last_run_is_used(database: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    make_run("dead", "RUNNING", "gpu-7", **{tracking.LEASED: "yes"})
    remember("a", [], url)
    assert f"with --storage {url}, as last run" in cae_clean(tmp_path).stderr
    assert statuses() == {"dead": "KILLED"}


# --- the command -------------------------------------------------------------------------------------------------


def cae_clean(tmp_path: Path, *options: str) -> Result:
    (tmp_path / "a.yaml").write_text("name: a\nparameters:\n  data.name: {value: digits}\n")
    return CliRunner().invoke(main, ["clean", str(tmp_path / "a.yaml"), *options])


def test_a_dry_run_changes_nothing(database: Path, tmp_path: Path, dead: int) -> None:
    for config_hash, status, host in (
        ("dead", "RUNNING", HERE),
        ("gone", "RUNNING", "gpu-7"),
        ("done", "FINISHED", HERE),
    ):
        make_run(config_hash, status, host)
    make_work("done")
    (make_work("dead") / f".history.json.{dead}").write_text("{")
    before = statuses(), files()
    told = cae_clean(tmp_path, "--dry-run", "--host", "gpu-7").output.splitlines()
    assert (statuses(), files()) == before
    assert [line.split(":")[0] for line in told] == ["would be closed"] * 2 + ["would be removed"] * 2 + ["a"]
    done = cae_clean(tmp_path, "--host", "gpu-7").output.splitlines()
    assert done == [line.replace("would be ", "") for line in told]
    assert cae_clean(tmp_path).output == "a: nothing more to clean\n"


def test_nothing_to_clean_creates_nothing(tmp_path: Path) -> None:
    done = cae_clean(tmp_path)
    assert (done.exit_code, done.output) == (0, "a: nothing more to clean\n")
    assert not workspace.home().exists()


def test_yes_without_delete_is_refused(tmp_path: Path) -> None:
    done = cae_clean(tmp_path, "--yes")
    assert done.exit_code == 2
    assert "--yes answers the questions of --delete" in done.output
