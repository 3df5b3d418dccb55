"""Optuna's study of a search: which cells were tried, and what came of them, as far as sampling needs to know.

The record of runs is MLflow's. A study that is lost, or that no longer fits a changed sweep file, is made anew from it.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from sweeps import workspace
from sweeps.errors import SweepError, TrackingError
from sweeps.locks.database import address, engine_options, shown, storage_lock, unusable
from sweeps.locks.work_lock import WorkLock, lock_holder, try_lock
from sweeps.search.distributions import chosen, distribution, distributions, drawn
from sweeps.search.sampler import SeededByTrial, check_installed
from sweeps.search.trial_result import TrialResult
from sweeps.spec.search_settings import sampler_of
from sweeps.spec.space import Params, Space
from sweeps.spec.sweep import Sweep

SPACE, HOST, REJECTED = "space", "host", "rejected"
# Of a trial that other sweeps have trained, which run_cap does not count.
ADOPTED = "adopted"
TOLD = (TrialState.COMPLETE, TrialState.PRUNED)

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_storage(url: str | None) -> RDBStorage:
    """The database of studies: the given one, else the SQLite file in `mlruns`. Raises TrackingError.

    It is created if need be, by one process while the others wait.
    """
    place = address(url)
    try:
        with storage_lock(place, "create"):
            return RDBStorage(place, engine_kwargs=engine_options(place))
    except Exception as error:
        raise unusable(url or place, error) from None


def open_study(space: Space, url: str | None) -> optuna.Study:
    """The study of a search, to be asked and told; made anew where it belongs to another version of the sweep file.

    Raises SweepError where a trial of that other version is still running.
    """
    storage = open_storage(url)
    study = _create(space, storage)
    if study.user_attrs.get(SPACE, space.digest()) != space.digest():
        running = [trial for trial in study.trials if trial.state == TrialState.RUNNING]
        busy = next((trial for trial in running if is_alive(space.sweep.name, trial, url)), None)
        if busy is not None:
            raise SweepError(
                f"{space.sweep.name}: the sweep file has changed while trial {busy.number} of it runs on "
                f"{busy.user_attrs.get(HOST)}; wait for its end, or give the changed file another name"
            )
        optuna.delete_study(study_name=study.study_name, storage=storage)
        study = _create(space, storage)
    study.set_user_attr(SPACE, space.digest())
    return study


def _create(space: Space, storage: RDBStorage) -> optuna.Study:
    sweep = space.sweep
    settings = sampler_of(sweep.method, sweep.sampler)
    check_installed(settings, sweep.file)
    always = {axis.name: distribution(axis) for axis in space.axes if not axis.when}
    return optuna.create_study(
        study_name=sweep.name,
        storage=storage,
        sampler=SeededByTrial(settings, sweep.seeds[0], always),
        directions=[metric.goal for metric in sweep.metric],
        load_if_exists=True,
    )


def tried(space: Space, url: str | None) -> list[Params]:
    """What the study of this space has asked for so far, in its order. Creates nothing."""
    study = find_study(space.sweep.name, url)
    if study is None or study.user_attrs.get(SPACE) != space.digest():
        return []
    return [chosen(space, trial) for trial in study.get_trials(deepcopy=False) if trial.params]


def find_study(sweep: str, url: str | None) -> optuna.Study | None:
    """The study of a sweep, of whichever version of its file; None where there is none. Creates no study."""
    if url is None and not (workspace.home() / "optuna.db").exists():
        return None
    storage = open_storage(url)
    if sweep not in optuna.get_all_study_names(storage):
        return None
    return optuna.load_study(study_name=sweep, storage=storage)


def lock_trial(sweep: str, number: int, url: str | None) -> WorkLock:
    """What a process holds while it works on a trial. The caller knows that nobody else does."""
    lock = try_lock(_lock_name(sweep, number), url)
    if lock is None:
        raise RuntimeError(f"trial {number} of {sweep} is held by another process")
    return lock


def is_alive(sweep: str, trial: FrozenTrial, url: str | None) -> bool:
    """Whether some process works on a RUNNING trial; of another machine's, only a shared database can tell."""
    if url is None and _host(trial) != socket.gethostname():
        return True
    return lock_holder(_lock_name(sweep, trial.number), url) is not None


def _lock_name(sweep: str, number: int) -> str:
    return f"{sweep}-trial-{number}"


@dataclass(frozen=True)
class OpenTrial:
    """A trial that the study calls RUNNING. host: the machine on which it was begun. alive: whether a process is known
    to work on it, or, of another machine without a shared database, taken to."""

    number: int
    trial_id: int
    host: str
    alive: bool


def open_trials(sweep: str, url: str | None) -> list[OpenTrial]:
    """The trials of a sweep that are RUNNING; empty where there is no study."""
    study = find_study(sweep, url)
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)) if study else []
    return [OpenTrial(t.number, t._trial_id, _host(t), is_alive(sweep, t, url)) for t in running]


def _host(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get(HOST, socket.gethostname()))


def take_over(trials: Sequence[OpenTrial], url: str | None) -> None:
    """Makes trials of a dead machine those of this one, where no process holds them: the next `cae run` goes on."""
    for trial in trials:
        open_storage(url).set_trial_user_attr(trial.trial_id, HOST, socket.gethostname())


def count_trials(sweep: str, url: str | None) -> int | None:
    """How many trials the study of a sweep has, None where there is none."""
    study = find_study(sweep, url)
    return len(study.get_trials(deepcopy=False)) if study else None


def delete_study(sweep: str, url: str | None) -> None:
    """Deletes the study of a sweep for good. Raises TrackingError."""
    try:
        optuna.delete_study(study_name=sweep, storage=open_storage(url))
    except optuna.exceptions.OptunaError as error:
        reason = str(error).splitlines()[0]
        raise TrackingError(f"{shown(url)}: {reason}; the same command finishes the deletion") from error


def finished_trial(space: Space, params: Params, verdict: TrialResult) -> FrozenTrial:
    """A cell that is finished or pruned as a trial that a study can be given."""
    complete = verdict.state == "finished"
    trial = optuna.trial.create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        values=list(verdict.values) if complete else None,
        params=drawn(space, params),
        distributions=distributions(space, params),
        user_attrs={ADOPTED: True} if verdict.adopted else {},
    )
    for name, violation in verdict.violations.items():
        trial.set_constraint(name, violation)
    return trial


def best(sweep: Sweep, verdicts: Sequence[TrialResult]) -> list[int]:
    """Positions of the best of these cells: of several objectives, all that no other beats in every one.

    Cells that break a constraint, reconstruct next to nothing or are not finished do not take part.
    """
    study = optuna.create_study(directions=[metric.goal for metric in sweep.metric])
    rows = [row for row, verdict in enumerate(verdicts) if verdict.feasible]
    study.add_trials([optuna.trial.create_trial(values=list(verdicts[row].values)) for row in rows])
    return [rows[trial.number] for trial in study.best_trials] if rows else []
