"""A search through the command line, with real training: a plan, a kill, a run that is stopped early, a second time."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import optuna
import pytest

from sweeps import tracking, workspace
from tests.conftest import TINY_SWEEP
from tests.end_to_end.pretended import STANDIN
from tests.end_to_end.test_sweep import cae, here, pretend, read_until, start, statuses, steps

pytestmark = [pytest.mark.thorough, pytest.mark.slow(seconds=30)]
SEARCH = TINY_SWEEP.replace(
    "  model.activation: {values: [relu, tanh]}\n",
    "  model.maps: {values: [[4, 8], [8, 16]]}\n"
    "  training.learning_rate: {min: 1e-7, max: 1e-2, distribution: log_uniform_values}\n",
).replace("  model.maps: {value: [8, 16]}\n", "")
SEARCH += """
method: bayes
metric: {name: mnd/radius_agreement, goal: maximize}
constraints: ["reconstruction/mse <= 0.2"]
include:
  - {training.learning_rate: 5e-3, model.maps: [8, 16]}
  - {training.learning_rate: 2e-7, model.maps: [8, 16]}
run_cap: 2
"""


@pytest.fixture
def tiny_search(tmp_path: Path) -> Path:
    path = tmp_path / "search.yaml"
    path.write_text(SEARCH, encoding="utf-8")
    return path


@pytest.mark.soak
def test_a_search_with_a_run_that_is_stopped_early(database: Path, tiny_search: Path) -> None:
    with tiny_search.open("a") as file:
        file.write("early_terminate: {type: hyperband, min_iter: 1}\n")
    before = here("plan", str(tiny_search))
    assert "tiny: 2 trials: 2 to come" in before.stdout
    assert "1e-07 to 0.01, log" in before.stdout
    assert "subject to reconstruction/mse <= 0.2" in before.stdout

    done = cae("run", str(tiny_search))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pruned after epoch 1 of 2: others had a better held_out_loss by then" in done.stdout
    assert "2 trials: 1 finished, 1 pruned; 1 of the finished keep the constraints" in done.stdout
    assert statuses("tiny") == ["FINISHED", "KILLED"]

    status = json.loads(here("status", str(tiny_search), "--json").stdout)
    assert [cell["state"] for cell in status["cells"]] == ["finished", "pruned"]
    first, second = (tracking.records("tiny")[cell["config_hash"]] for cell in status["cells"])
    assert json.loads(first.tags["sweep.trial"]) == {"model.maps": "[8, 16]", "training.learning_rate": 5e-3}
    assert (steps(first, "training/held_out_loss"), steps(second, "training/held_out_loss")) == ([1, 2], [1])

    again = here("run", str(tiny_search))
    assert again.exit_code == 0
    assert "starting" not in again.stdout
    assert [path.name for path in (workspace.home() / "work").iterdir()] == ["tiny-search.lock"]


def test_a_search_goes_on_after_kill_9(database: Path, tiny_search: Path, tmp_path: Path, hold: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    options = ["--set", "training.epochs=5", "--storage", storage]
    process = start("run", str(tiny_search), *options, module=STANDIN)
    read_until(process, "epoch 3")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    shown = json.loads(here("plan", str(tiny_search), *options, "--json").stdout)
    assert [cell["state"] for cell in shown["cells"]] == ["failed"]

    hold.unlink()
    done = pretend("run", str(tiny_search), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses("tiny") == ["FINISHED", "FINISHED"]
    record = tracking.records("tiny")[shown["cells"][0]["config_hash"]]
    assert record.attempt == 2
    assert steps(record, "training/loss") == list(range(1, 6))
    study = optuna.load_study(study_name="tiny", storage=storage)
    assert [(trial.number, trial.state.name) for trial in study.trials] == [(0, "COMPLETE"), (1, "COMPLETE")]
    assert study.trials[0].value == pytest.approx(record.metrics["mnd/radius_agreement"])
    assert not (workspace.home() / "optuna.db").exists()


@pytest.mark.parametrize("storage", ["nonsense", "postgresql://user:secret@127.0.0.1:9/x", "sqlite:////nowhere/x.db"])
def test_a_storage_that_cannot_be_opened_is_one_line(database: Path, tiny_search: Path, storage: str) -> None:
    done = here("run", str(tiny_search), "--storage", storage)
    assert done.exit_code == 2
    assert "--storage" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "secret" not in done.stdout + done.stderr
