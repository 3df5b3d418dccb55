"""A run that another sweep has finished is adopted: shown in both, trained once, and never lost unasked."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient
from mlflow.entities import Metric, Run

import sweeps
from sweeps import api, tracking
from sweeps.cli import main
from sweeps.errors import SweepError
from sweeps.execution.execute import execute
from sweeps.execution.orphans import close_orphans
from sweeps.execution.pool import _task
from sweeps.execution.task import LaunchOptions, Outcome
from sweeps.finished.lookup import find_run
from sweeps.locks import file_lock
from sweeps.planning.plan import SweepRun
from sweeps.search.known import known
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.tracking import database as database_reader
from sweeps.tracking import run_file, store
from sweeps.tracking.artifacts import listing
from sweeps.tracking.recording import RENEWED, log_formulas, renew_scores
from sweeps.tracking.run_file import recorded
from tests.faults import Killed, die, on_call
from tests.sweeps.fakes import record_run, record_runs
from tests.sweeps.tracking.test_reading import POSTGRES, SERVERS, postgres_address

__all__ = ["postgres_address"]

FIXED = {"data.name": {"value": "digits"}, "data.resolution": {"value": 32}, "training.epochs": {"value": 2}}


def sweep_of(name: str, *activations: str, reuse: bool = False, **content: Any) -> Sweep:
    parameters = FIXED | {"model.activation": {"values": list(activations)}}
    return Sweep.model_validate({"name": name, "parameters": parameters, "reuse": reuse} | content)


FIRST = sweep_of("first", "relu", "tanh")
SECOND = sweep_of("second", "tanh", reuse=True)


def launch(sweep: Sweep) -> list[Outcome]:
    """`cae run` in this process, with a training that only pretends."""
    options = LaunchOptions(compute="benchmarks.standin:compute")
    experiment = tracking.experiment(sweep.name, "?")
    close_orphans(sweep.name)
    return [execute(_task(sweep, experiment, cell, options)) for cell in api.unfinished(sweep, api.cells(sweep))]


def cells(sweep: Sweep) -> dict[str, SweepRun]:
    return {cell.parameters["model.activation"]: cell for cell in api.cells(sweep)}


def run(run_id: str | None) -> Run:
    found = tracking.find_run(str(run_id))
    assert found is not None
    return found


@pytest.fixture
def first(database: Path) -> None:
    """A finished sweep whose runs have a curve."""
    record_runs(FIRST, lambda cell: {"score": 0.5})
    for cell in api.cells(FIRST):
        curve = [Metric("training/loss", 1 / step, step, step) for step in (1, 2, 3)]
        tracking.client().log_batch(cell.run_id, metrics=curve)


@pytest.fixture
def both(first: None) -> None:
    """The first sweep is finished, the second has adopted one of its cells."""
    launch(SECOND)


# --- plan --------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_a_launch_would_adopt(first: None) -> None:
    more = sweep_of("second", "tanh", "elu", reuse=True)
    planned = cells(more)
    assert {name: (cell.state, cell.note) for name, cell in planned.items()} == {
        "tanh": ("new", "finished in first, will be adopted"),
        "elu": ("new", ""),
    }
    assert [cell.adoptable for cell in api.unfinished(more, list(planned.values()), limit=1)] == [True, False]
    with on_call(store.others, die):  # without the key nothing is asked
        assert [cell.note for cell in api.cells(sweep_of("second", "tanh", "elu"))] == ["", ""]


def test_all_cells_are_looked_for_at_once(database: Path) -> None:
    wide = sweep_of("wide", "relu", "tanh", "elu", seeds=list(range(6)))
    record_runs(wide, lambda cell: {}, lambda cell: cell.parameters["training.seed"] % 2 == 0)
    asked: list[object] = []
    with on_call(database_reader.elsewhere, asked.append):
        found = api.cells(sweep_of("other", "relu", "tanh", "elu", seeds=list(range(6)), reuse=True))
    assert (sum(cell.adoptable for cell in found), len(asked)) == (9, 1)


# --- adopt -------------------------------------------------------------------------------------------------------


def test_what_is_finished_elsewhere_is_not_trained(first: None) -> None:
    original, sweep = cells(FIRST)["tanh"], sweep_of("second", "tanh", "elu", reuse=True)
    outcomes = launch(sweep)
    assert [(o.state, o.message, o.adopted) for o in outcomes] == [
        ("finished", "adopted from first", True),
        ("finished", "", False),
    ]
    adopted = cells(sweep)["tanh"]
    assert (adopted.state, adopted.note) == ("finished", "adopted from first")
    assert replace(adopted, note="", link=None) == original
    link, trained = run(adopted.link), run(original.run_id)
    assert link.info.experiment_id == tracking.client().get_experiment_by_name("second").experiment_id
    assert (link.info.status, link.data.params) == ("FINISHED", trained.data.params)
    whole = run_file.read(link), run_file.read(trained)
    assert [file.metrics for file in whole] == [whole[1].metrics] * 2
    assert len(whole[0].metrics["training/loss"]) == 3
    said = link.data.tags["mlflow.note.content"]
    page = f"#/experiments/{trained.info.experiment_id}/runs/{original.run_id}"
    assert said.startswith(
        f"**Adopted from first**, not trained again. Files and pictures are on [the page of its run]({page})."
    )
    assert link.data.tags[tracking.ADOPTED] == original.run_id
    assert link.data.tags[tracking.SWEEP] == "second"
    assert trained.data.tags[f"{tracking.ADOPTED_BY}second"] == adopted.link
    assert launch(sweep) == []
    with on_call(store.others, die):  # nothing is left to look for
        assert {cell.state for cell in cells(sweep).values()} == {"finished"}


def test_what_the_sweep_names_stands_with_its_own_run(first: None) -> None:
    sweep = sweep_of("second", "tanh", reuse=True, metric={"name": "twice"}, metrics={"twice": "2 * score"})
    launch(sweep)
    more = sweep_of("second", "tanh", reuse=True, metrics={"twice": "2 * score", "half": "score / 2"})
    for _ in range(2):
        log_formulas(more)
    link, original = (run(run_id) for run_id in (cells(sweep)["tanh"].link, cells(FIRST)["tanh"].run_id))
    assert original.data.metrics.keys() == {"score", "training/loss"}
    assert {name: link.data.metrics[name] for name in ("twice", "half")} == {"twice": 1.0, "half": 0.25}
    assert [len(run_file.read(link).metrics[name]) for name in ("twice", "half")] == [1, 1]
    assert cells(sweep)["tanh"].metrics["twice"] == 1.0


def test_of_several_originals_the_latest_is_adopted_and_never_an_adopted_one(both: None) -> None:
    third = sweep_of("third", "tanh")
    record_run(third, api.cells(third)[0], {"score": 0.5})
    fourth = sweep_of("fourth", "tanh", reuse=True)
    launch(sweep_of("late", "tanh", reuse=True))
    launch(fourth)
    assert cells(fourth)["tanh"].run_id == cells(third)["tanh"].run_id
    assert cells(fourth)["tanh"].note == "adopted from third"


def test_without_the_key_an_own_run_is_trained(first: None) -> None:
    assert [outcome.adopted for outcome in launch(sweep_of("second", "tanh"))] == [False]


def test_only_who_holds_the_lock_adopts(first: None) -> None:
    with file_lock.run_lock(str(cells(FIRST)["tanh"].config_hash)):
        assert [outcome.state for outcome in launch(SECOND)] == ["busy"]


STEPS: list[Callable[..., Any]] = [
    MlflowClient.create_run,
    run_file.log,
    MlflowClient.set_tag,
    MlflowClient.set_terminated,
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_an_adoption_that_is_killed_goes_on(first: None, step: Callable[..., Any]) -> None:
    tracking.experiment("second", "?")
    with on_call(step, die), pytest.raises(Killed):
        launch(SECOND)
    gc.collect()  # the locks of a killed process are free
    assert [outcome.adopted for outcome in launch(SECOND)] == [True]
    (link,) = recorded("second")
    assert link.info.status == "FINISHED"
    assert run_file.read(link).metrics == run_file.read(run(cells(FIRST)["tanh"].run_id)).metrics


def test_what_was_cut_off_is_no_training_to_go_on_with(first: None) -> None:
    """The key was removed before the adoption went on."""
    with on_call(MlflowClient.set_terminated, die), pytest.raises(Killed):
        launch(SECOND)
    gc.collect()
    assert [(o.state, o.adopted) for o in launch(sweep_of("second", "tanh"))] == [("finished", False)]
    assert cells(SECOND)["tanh"].link is None


@pytest.mark.thorough
@pytest.mark.slow(seconds=30)
def test_a_cell_that_two_sweeps_run_at_once_is_trained_once(database: Path, tmp_path: Path) -> None:
    """One trains it, the other waits with two processes, and one of these adopts it."""
    hold, fixed = tmp_path / "hold", FIXED | {"model.activation": {"value": "tanh"}, "training.epochs": {"value": 5}}
    hold.touch()
    sweep, other = sweep_of("first", parameters=fixed), sweep_of("second", reuse=True, parameters=fixed)
    started = [launched(sweep.save(tmp_path / "first.yaml"), hold)]
    until(lambda: any(cell.state == "running" for cell in api.cells(sweep)))
    started += [launched(other.save(tmp_path / "second.yaml"), hold) for _ in range(2)]
    for process in started[1:]:
        assert process.stdout is not None
        until(lambda of=process: b"another process works on it" in of.stdout.readline())
    hold.unlink()
    assert [process.wait(120) for process in started] == [0, 0, 0]
    (link,) = recorded("second")
    assert link.data.tags[tracking.ADOPTED] == cells(sweep)["tanh"].run_id


def launched(file: Path, hold: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.standin", "run", str(file)]
    return subprocess.Popen(command, env=os.environ | {"STANDIN_HOLD": str(hold)}, stdout=subprocess.PIPE)


def until(happens: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("store", [POSTGRES, *SERVERS])
def test_over_a_database_and_a_server(
    store: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue(store)
    monkeypatch.chdir(tmp_path)  # where MLflow leaves what is recorded in a database of no server
    launch(FIRST)
    assert cells(SECOND)["tanh"].note == "finished in first, will be adopted"
    assert [outcome.message for outcome in launch(SECOND)] == ["adopted from first"]
    original, adopted = cells(FIRST)["tanh"], cells(SECOND)["tanh"]
    assert replace(adopted, note="", link=None, label=original.label) == original
    assert run_file.read(run(adopted.link)).metrics == run_file.read(run(original.run_id)).metrics
    found = sweep_of("third", "elu", "selu", reuse=True, method="random", run_cap=4)
    assert known(space(found)) == []
    found = sweep_of("third", "relu", "tanh", "selu", reuse=True, method="random", run_cap=4)
    assert known(space(found)) == [{"model.activation": "relu"}, {"model.activation": "tanh"}]
    tracking.client().delete_run(original.run_id)
    assert cells(SECOND)["tanh"].state == "new"


# --- what becomes of it ------------------------------------------------------------------------------------------


def cae(command: str, sweep: Sweep, tmp_path: Path, *options: str) -> Result:
    file = sweep.save(tmp_path / f"{sweep.name}.yaml")
    return CliRunner().invoke(main, [command, str(file), *options])


def test_whoever_looks_for_it_finds_the_original(both: None) -> None:
    adopted, original = cells(SECOND)["tanh"], cells(FIRST)["tanh"]
    for text in (adopted.link, original.run_id, original.config_hash, str(original.config_hash)[:6]):
        assert find_run(str(text))[0] == original.run_id


def test_what_is_measured_again_is_new_in_both(both: None, tmp_path: Path) -> None:
    adopted = cells(SECOND)["tanh"]
    for name in RENEWED:
        (tmp_path / name).mkdir() if "." not in name else (tmp_path / name).write_text("{}", encoding="utf-8")
    renew_scores(str(adopted.run_id), {"score": 0.75}, {}, tmp_path, "again")
    assert [run(run_id).data.metrics["score"] for run_id in (adopted.link, adopted.run_id)] == [0.75, 0.75]


def test_a_run_without_its_original_is_new(both: None, tmp_path: Path) -> None:
    tracking.client().delete_run(cells(FIRST)["tanh"].run_id)
    assert cells(SECOND)["tanh"].state == "new"
    assert [outcome.adopted for outcome in launch(SECOND)] == [False]
    assert (cells(SECOND)["tanh"].state, cells(SECOND)["tanh"].link) == ("finished", None)


@pytest.mark.thorough
@pytest.mark.slow(seconds=14)
def test_deleting_what_adopted_leaves_the_original(both: None, tmp_path: Path) -> None:
    before = cells(FIRST)
    done = cae("clean", SECOND, tmp_path, "--delete", "--yes")
    assert done.exit_code == 0, done.output
    assert cells(FIRST) == before
    assert not [tag for tag in run(before["tanh"].run_id).data.tags if tag.startswith(tracking.ADOPTED_BY)]
    assert recorded("second") == []


def test_what_others_adopted_is_not_deleted_unasked(both: None, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="adopted by second"):
        sweeps.delete(FIRST)
    refused = cae("clean", FIRST, tmp_path, "--delete", "--yes")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert refused.stderr.startswith("first: its runs are adopted by second (1 run), which would have to train them")
    assert cae("clean", FIRST, tmp_path, "--even-if-adopted").exit_code == 2


@pytest.mark.thorough
@pytest.mark.slow(seconds=14)
def test_what_others_adopted_is_new_where_it_is_deleted_all_the_same(both: None, tmp_path: Path) -> None:
    done = cae("clean", FIRST, tmp_path, "--delete", "--yes", "--even-if-adopted")
    assert done.exit_code == 0, done.output
    assert cells(SECOND)["tanh"].state == "new"
    assert launch(SECOND)[0].state == "finished"


def test_an_archive_is_whole(fresh: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch(FIRST)
    launch(SECOND)
    monkeypatch.chdir(tmp_path)  # where the archive's sweep file goes
    artifacts = {path.name for path in artifacts_of(cells(FIRST)["tanh"])}
    archive = tmp_path / "second.zip"
    assert cae("export", SECOND, tmp_path, "--out", str(archive)).exit_code == 0
    again = CliRunner().invoke(main, ["import", str(archive)])
    assert "0 runs imported, 1 were here already" in again.output
    fresh()
    imported = CliRunner().invoke(main, ["import", str(archive)])
    assert imported.exit_code == 0, imported.output
    found = cells(SECOND)["tanh"]
    assert (found.state, found.link, found.note) == ("finished", None, "")
    assert {path.name for path in artifacts_of(found)} == artifacts != set()
    assert len(run_file.read(run(found.run_id)).metrics["training/loss"]) == 2


def artifacts_of(cell: SweepRun) -> list[Path]:
    return [Path(path) for path in listing(str(cell.run_id))]
