from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from sweeps import workspace
from sweeps.search.study import open_storage
from sweeps.search.study_file import read_study, write_study

SPACE = {
    "training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    "model.maps": CategoricalDistribution(("[8, 16]", "[4, 8]")),
}


@pytest.fixture
def study() -> optuna.Study:
    """Two objectives; a finished, a pruned, a failed, a queued and a running trial."""
    made = optuna.create_study(study_name="s", storage=open_storage(None), directions=["maximize", "minimize"])
    made.set_user_attr("space", "digest")
    for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
        trial = optuna.trial.create_trial(
            state=state,
            values=[0.5, 1 / 3] if state == TrialState.COMPLETE else None,
            params={"training.learning_rate": 1e-3 / 3, "model.maps": "[4, 8]"},
            distributions=SPACE,
            intermediate_values={1: 0.25, 2: 0.125},
            user_attrs={"host": "here", "reason": "ä"},
        )
        trial.set_constraint("reconstruction/mse <= 0.1", -0.05)
        made.add_trial(trial)
    made.enqueue_trial({"training.learning_rate": 2e-3})
    made.enqueue_trial({"training.learning_rate": 3e-3, "model.maps": "[8, 16]"})
    running = made.ask()
    running.suggest_float("training.learning_rate", 1e-4, 1e-2, log=True)
    return made


def described(trial: optuna.trial.FrozenTrial) -> dict[str, object]:
    values = {name: getattr(trial, name) for name in ("number", "state", "params", "distributions", "values")}
    attributes = {name: getattr(trial, name) for name in ("user_attrs", "intermediate_values", "constraints")}
    return values | attributes | {"start": trial.datetime_start, "end": trial.datetime_complete}


def test_a_study_comes_back_as_it_was(study: optuna.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = study.get_trials()
    assert write_study("s", None, tmp_path / "study.log")
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "elsewhere"))
    assert read_study("s", tmp_path / "study.log", None)
    copy = optuna.load_study(study_name="s", storage=open_storage(None))
    assert (copy.directions, copy.user_attrs) == (study.directions, study.user_attrs)
    for old, new in zip(before, copy.get_trials(), strict=True):
        if old.state != TrialState.RUNNING:
            assert described(new) == described(old)
    states = [trial.state.name for trial in copy.get_trials()]
    # The trial that was running is queued with what had been chosen for it.
    assert states == ["COMPLETE", "PRUNED", "FAIL", "WAITING", "WAITING"]
    assert copy.ask().suggest_float("training.learning_rate", 1e-4, 1e-2, log=True) == 2e-3


def test_a_study_that_is_here_stays(study: optuna.Study, tmp_path: Path) -> None:
    write_study("s", None, tmp_path / "study.log")
    study.add_trial(optuna.trial.create_trial(values=[1, 1], params={}, distributions={}))
    assert not read_study("s", tmp_path / "study.log", None)
    assert len(study.get_trials()) == 6


def test_without_a_study_nothing_is_made(tmp_path: Path) -> None:
    assert not write_study("s", None, tmp_path / "study.log")
    assert not workspace.home().exists()
    assert not (tmp_path / "study.log").exists()


def test_another_database_is_read_and_written(study: optuna.Study, tmp_path: Path) -> None:
    assert not write_study("s", f"sqlite:///{tmp_path / 'empty.db'}", tmp_path / "study.log")
    write_study("s", None, tmp_path / "study.log")
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert read_study("s", tmp_path / "study.log", other)
    assert optuna.get_all_study_names(open_storage(other)) == ["s"]
