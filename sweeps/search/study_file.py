"""Optuna's study of a search as a file of JSON lines, and back into a database."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from sweeps.errors import SweepError
from sweeps.search.study import find_study, open_storage


def write_study(sweep: str, url: str | None, path: Path) -> bool:
    """Writes the study of a sweep, as Optuna's journal; False where there is none. Creates no database."""
    study = find_study(sweep, url)
    if study is None:
        return False
    _copy(study, JournalStorage(JournalFileBackend(str(path))))
    return True


def read_study(sweep: str, path: Path, url: str | None) -> bool:
    """Brings the study into the database; False where it has one of that name, which stays as it is.

    Cells that such a study lacks are told to it from the record by the next `cae run`. Raises SweepError where the file
    holds no study of this sweep.
    """
    storage = open_storage(url)
    if sweep in optuna.get_all_study_names(storage):
        return False
    try:
        study = optuna.load_study(study_name=sweep, storage=JournalStorage(JournalFileBackend(str(path))))
    except Exception as error:  # whatever a file may make Optuna do
        raise SweepError(f"{path.name} is no study of {sweep}: {error}") from None
    _copy(study, storage)
    return True


def _copy(study: optuna.Study, target: optuna.storages.BaseStorage) -> None:
    """As optuna.copy_study, but trials that still run are queued anew: where they run, nobody hears of the copy."""
    copy = optuna.create_study(study_name=study.study_name, storage=target, directions=study.directions)
    for name, value in study.user_attrs.items():
        copy.set_user_attr(name, value)
    for trial in study.get_trials(deepcopy=False):
        if trial.state == TrialState.RUNNING:
            copy.enqueue_trial(trial.params)
        else:
            copy.add_trial(trial)
