"""From one record of runs to another nothing is lost, nothing comes twice, whenever it is cut off."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner, Result
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run
from mlflow.tracking import MlflowClient
from optuna.distributions import IntDistribution
from optuna.trial import create_trial

from sweeps import tracking, workspace
from sweeps.cli import main
from sweeps.execution import last_run
from sweeps.search.study import open_storage
from sweeps.tracking.run_file import IMPORTED, IMPORTING, OWN_TAGS, recorded
from sweeps.transfer import archive, restore
from sweeps.transfer.archive import Manifest
from tests.servers import MlflowServer

Use = Callable[[str], None]
HISTORY = [Metric("training/loss", 1 / step, 1_700_000_000_000 + step, step) for step in range(1, 1501)]
ODD = [
    Metric("odd/nan", math.nan, 5, 0),
    Metric("odd/inf", math.inf, 5, 0),
    Metric("odd/same_step", 1.0, 5, 3),
    Metric("odd/same_step", 2.0, 5, 3),
    Metric("odd/same_step", 0.1 + 0.2, 6, 3),
    Metric("odd/negative step", -0.0, 7, -4),
]


def make_run(sweep: str, name: str, status: str, **tags: str) -> str:
    """A run with everything that MLflow can record of it, but artifacts; RUNNING is left open."""
    client = tracking.client()
    note = {"mlflow.note.content": "**ä** " + "x" * 7000, "mlflow.user": "käthe", tracking.SWEEP: sweep}
    experiment = tracking.experiment(sweep, "why?")
    start = 1_700_000_000_123 + len(recorded(sweep))
    run_id = client.create_run(experiment, start_time=start, tags=note | tags, run_name=name).info.run_id
    client.log_batch(run_id, params=[Param(f"section.field{i}", f"value {i} é") for i in range(40)])
    client.log_batch(run_id, metrics=HISTORY[:1] + ODD)
    used = Dataset("digits", "d1", "code", '{"tags": {}}', None, '{"rows": 5}')
    client.log_inputs(run_id, datasets=[DatasetInput(used, [InputTag("mlflow.data.context", "training")])])
    if status != "RUNNING":
        client.set_terminated(run_id, status=status, end_time=1_700_000_999_456)
    return str(run_id)


@dataclass(frozen=True)
class Origin:
    """Where a sweep was made: CAE_HOME, its sweep file, an archive of it, and all that was recorded, by run."""

    home: Path
    file: Path
    archive: Path
    record: dict[str, Any]


@pytest.fixture(scope="module")
def origin(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """Two finished runs with artifacts, a failed one, a summary and one that still runs."""
    folder = tmp_path_factory.mktemp("origin")
    file = folder / "file.yaml"
    file.write_text("name: s # ä\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_HOME", str(folder / "cluster"))
        workspace.home().mkdir(parents=True)
        shutil.copy(migrated_database, workspace.home() / "mlflow.db")
        make_runs(folder / "made")
        yield Origin(folder / "cluster", file, exported(file, folder / "s.zip"), whole_record(folder / "before"))


def make_runs(scratch: Path) -> None:
    client = tracking.client()
    for number in (1, 2):
        run_id = make_run("s", f"finished {number}", "FINISHED", **{tracking.HASH: f"hash{number}"})
        for name, content in (("faces/mnd+step+2.png", b"png" * number), ("a b/ä.txt", b""), ("log.txt", b"\0\xff")):
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_bytes(content)
        client.log_artifacts(run_id, str(scratch))
    client.log_batch(run_id, metrics=HISTORY[:900])
    client.log_batch(run_id, metrics=HISTORY[900:])
    make_run("s", "failed", "FAILED", **{tracking.HASH: "hash3", tracking.ERROR: "no memory"})
    make_run("s", "summary", "FINISHED", **{"sweep.role": "summary"})
    make_run("s", "still running", "RUNNING", **{tracking.HASH: "hash4"})
    last_run.remember("s", ["training.epochs=2"], None)


@pytest.fixture
def elsewhere(migrated_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Another record of runs on this machine, by its name; its folder is the current one."""

    def use(name: str) -> None:
        monkeypatch.setenv("CAE_HOME", str(tmp_path / name))
        if not workspace.home().exists():
            workspace.home().mkdir(parents=True)
            shutil.copy(migrated_database, workspace.home() / "mlflow.db")
        monkeypatch.chdir(tmp_path / name)

    return use


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def exported(sweep: Path, path: Path) -> Path:
    done = run("export", sweep, "--out", path)
    assert done.exit_code == 0, done.output
    return path


def imported(path: Path) -> str:
    done = run("import", path)
    assert done.exit_code == 0, done.output
    return done.output


def everything(client: MlflowClient, found: Run, folder: Path) -> dict[str, Any]:
    """All that a store has of a run, but where and under which id."""
    info, run_id = found.info, found.info.run_id
    folder.mkdir(parents=True)
    client.download_artifacts(run_id, "", dst_path=str(folder))
    histories = {name: client.get_metric_history(run_id, name) for name in found.data.metrics}
    return {
        "info": (info.run_name, info.status, info.start_time, info.end_time, info.user_id),
        "params": found.data.params,
        "tags": {name: value for name, value in found.data.tags.items() if name not in OWN_TAGS},
        "latest": {name: repr(value) for name, value in found.data.metrics.items()},
        "histories": {name: [(repr(m.value), m.timestamp, m.step) for m in h] for name, h in histories.items()},
        "inputs": [entry.to_dictionary() for entry in found.inputs.dataset_inputs],
        "artifacts": {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()},
    }


def whole_record(folder: Path) -> dict[str, Any]:
    """All closed runs of the sweep s, by name."""
    closed = [found for found in recorded("s") if found.info.status != "RUNNING"]
    return {f.info.run_name: everything(tracking.client(), f, folder / f.info.run_id) for f in closed}


def test_between_two_folders_nothing_is_lost(origin: Origin, elsewhere: Use, tmp_path: Path) -> None:
    assert set(origin.record) == {"finished 1", "finished 2", "failed", "summary"}
    assert len(origin.record["finished 2"]["histories"]["training/loss"]) == 1500
    assert origin.record["failed"]["histories"]["odd/nan"][0][0] == "nan"
    assert len(origin.record["failed"]["histories"]["odd/same_step"]) == 3
    assert set(origin.record["finished 1"]["artifacts"]) == {"faces/mnd+step+2.png", "a b/ä.txt", "log.txt"}
    elsewhere("laptop")
    assert "s: 4 runs imported" in imported(origin.archive)
    assert whole_record(tmp_path / "after") == origin.record

    experiment = tracking.client().get_experiment_by_name("s")
    assert experiment.tags["mlflow.note.content"] == "why?"
    assert experiment.artifact_location.startswith((workspace.home() / "artifacts" / "s-").as_uri())
    assert all(found.info.artifact_uri.startswith(experiment.artifact_location) for found in recorded("s"))
    assert Path("s.yaml").read_bytes() == origin.file.read_bytes()
    assert last_run.recall("s").overrides == ("training.epochs=2",)
    assert not list((workspace.home() / "work").iterdir())


@pytest.mark.thorough
def test_through_a_real_server_and_back(
    origin: Origin, elsewhere: Use, http_tracking_server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere("office")
    assert "s: 4 runs imported" in imported(origin.archive)
    assert "s: 0 runs imported, 4 were here already" in imported(origin.archive)
    assert whole_record(tmp_path / "on the server") == origin.record
    back = exported(Path("s.yaml"), tmp_path / "back.zip")
    done = run("faces", "s.yaml", "--out", tmp_path / "faces", "--where", "training/loss < 1")
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "faces").rglob("*.png"))) == 1
    assert run("faces", "s.yaml", "--out", tmp_path / "faces").output.count("1 pictures, 0 of them new") == 1
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    elsewhere("laptop")
    imported(back)
    assert whole_record(tmp_path / "after") == origin.record


def test_running_runs_are_left_out_by_name(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAE_HOME", str(origin.home))
    done = run("export", origin.file, "--out", tmp_path / "s.zip")
    assert "left out, as they still run: still running" in done.output
    assert "failed: failed, 0 files" in done.output
    assert "finished 1: finished, 3 files" in done.output


def test_twice_imports_nothing_twice(
    origin: Origin, elsewhere: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere("laptop")
    imported(origin.archive)
    assert "s: 0 runs imported, 4 were here already" in imported(origin.archive)
    assert len(recorded("s")) == 4
    again = exported(Path("s.yaml"), tmp_path / "again.zip")  # by the ids that the runs had first
    monkeypatch.setenv("CAE_HOME", str(origin.home))
    assert "s: 0 runs imported, 4 were here already" in imported(again)


def test_a_later_archive_adds_what_is_new(origin: Origin, elsewhere: Use, tmp_path: Path) -> None:
    elsewhere("laptop")
    imported(origin.archive)
    done = make_run("s", "finished 3", "FINISHED", **{tracking.HASH: "hash5"})
    tracking.client().log_text(done, "epoch 1", "log.txt")
    second = exported(Path("s.yaml"), tmp_path / "second.zip")
    elsewhere("home")
    imported(origin.archive)
    tracking.experiment("s", "another description")
    assert "s: 1 run imported, 4 were here already" in imported(second)
    assert "hash5" in tracking.records("s")
    assert tracking.client().get_experiment_by_name("s").tags["mlflow.note.content"] == "another description"


CALLS = ["create_run", "log_batch", "log_inputs", "log_artifacts", "set_terminated", "delete_tag"]


@pytest.mark.thorough
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_was_cut_off_goes_on(
    origin: Origin, elsewhere: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    """Cut off at the second run's call of the client, before it or after it has had its effect."""
    elsewhere("laptop")
    with monkeypatch.context() as patch:
        cut_off(patch, tracking.client(), call, after)
        assert run("import", origin.archive).exit_code == 130
    seen = tracking.records("s")
    assert "hash1" in seen
    for record in seen.values():  # a run is seen with all that belongs to it, or not at all
        assert record.status != "RUNNING"
        assert len(record.metrics) == 5
    whole = 2 if (call, after) == ("delete_tag", True) else 1
    assert f"{4 - whole} runs imported, {whole} were here already" in imported(origin.archive)
    assert whole_record(tmp_path / "after") == origin.record
    assert len(recorded("s")) == 4
    assert not any(IMPORTING in found.data.tags for found in recorded("s"))
    assert all(IMPORTED in found.data.tags for found in recorded("s"))


def cut_off(patch: pytest.MonkeyPatch, client: MlflowClient, call: str, after: bool) -> None:
    runs: list[str] = []
    original, create = getattr(client, call), client.create_run

    def counted(*arguments: Any, **named: Any) -> Any:
        runs.append("run")
        return create(*arguments, **named)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        if len(runs) < 2 and not (call == "create_run" and len(runs) == 1):
            return (counted if call == "create_run" else original)(*arguments, **named)
        if after:
            original(*arguments, **named)
        raise KeyboardInterrupt

    patch.setattr(client, "create_run", counted)
    patch.setattr(client, call, interrupted)


def test_a_second_import_at_the_same_time_waits_for_the_user(origin: Origin, elsewhere: Use) -> None:
    elsewhere("laptop")
    with restore._alone("s"):
        done = run("import", origin.archive)
    assert done.exit_code == 2
    assert "another process imports s just now" in done.output
    assert recorded("s") == []


def test_another_sweep_file_of_that_name_stays(origin: Origin, elsewhere: Use) -> None:
    elsewhere("laptop")
    Path("s.yaml").write_text("name: s\nseeds: [1]\n")
    assert "s.yaml: stays as it is; the archive's file of that name differs from it" in imported(origin.archive)
    assert Path("s.yaml").read_text() == "name: s\nseeds: [1]\n"


def test_a_damaged_archive_writes_nothing(origin: Origin, elsewhere: Use, tmp_path: Path) -> None:
    damaged = tmp_path / "s.zip"
    damaged.write_bytes(origin.archive.read_bytes().replace(b"finished 2", b"finished 9"))
    elsewhere("laptop")
    done = run("import", damaged)
    assert done.exit_code == 2
    assert "copy" in done.output
    assert recorded("s") == []
    assert not Path("s.yaml").exists()


def test_nothing_to_export_is_one_line(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("name: empty\n")
    done = run("export", path, "--out", tmp_path / "s.zip")
    assert done.exit_code == 2
    assert "no run of empty has ended" in done.output
    assert not (tmp_path / "s.zip").exists()


def test_a_search_comes_with_its_study(database: Path, elsewhere: Use, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\nmethod: random\nrun_cap: 5\nparameters: {model.latent_dim: {min: 4, max: 8}}\n")
    done = make_run("s", "finished", "FINISHED", **{tracking.HASH: "hash"})
    tracking.client().log_text(done, "epoch 1", "log.txt")
    study = optuna.create_study(study_name="s", storage=open_storage(None), directions=["maximize"])
    distributions = {"model.latent_dim": IntDistribution(4, 8)}
    study.add_trial(create_trial(value=0.5, params={"model.latent_dim": 5}, distributions=distributions))
    made = exported(path, tmp_path / "s.zip")
    elsewhere("laptop")
    imported(made)
    imported(made)
    (trial,) = optuna.load_study(study_name="s", storage=open_storage(None)).trials
    assert (trial.value, trial.params) == (0.5, {"model.latent_dim": 5})


def test_an_archive_of_another_name_inside_writes_nothing(origin: Origin, elsewhere: Use, tmp_path: Path) -> None:
    made = tmp_path / "s.zip"
    with archive.written(made, Manifest(sweep="other", description="", overrides=[], runs=[])) as add:
        add("sweep.yaml", origin.file)
    elsewhere("laptop")
    done = run("import", made)
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert "its manifest names the sweep other, its sweep.yaml 's'" in line
    assert tracking.client().get_experiment_by_name("other") is None


def test_a_study_that_is_none_is_one_clear_line(origin: Origin, elsewhere: Use, tmp_path: Path) -> None:
    """Of an archive whose checksums fit: whoever made it, what it says is not taken on trust."""
    made = tmp_path / "s.zip"
    (tmp_path / "study.log").write_text('{"op_code": 77}\n')
    with archive.written(made, Manifest(sweep="s", description="", overrides=[], runs=[])) as add:
        add("sweep.yaml", origin.file)
        add("study.log", tmp_path / "study.log")
    elsewhere("laptop")
    done = run("import", made)
    assert done.exit_code == 2, done.output
    assert "study.log is no study of s" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [("{}", "Field required"), ("nonsense", "Invalid JSON"), ('{"run_id": "x"}', "Field required")],
)
def test_a_record_that_is_none_is_one_clear_line(
    origin: Origin, elsewhere: Use, tmp_path: Path, content: str, words: str
) -> None:
    made, run_id = tmp_path / "s.zip", "0" * 32
    (tmp_path / "run.json").write_text(content)
    with archive.written(made, Manifest(sweep="s", description="", overrides=[], runs=[run_id])) as add:
        add("sweep.yaml", origin.file)
        add(f"runs/{run_id}/run.json", tmp_path / "run.json")
    elsewhere("laptop")
    done = run("import", made)
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert recorded("s") == []
