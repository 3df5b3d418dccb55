"""Optuna's study of a search: which cells were tried, and what came of them, as far as sampling needs to know.

The record of runs is MLflow's. A study that is lost, or that no longer fits a changed sweep file, is made anew from it.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

import optuna
from filelock import FileLock
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from sweeps import tracking
from sweeps.definition import Sweep, SweepError
from sweeps.holds import Hold, holder, try_hold
from sweeps.objective import Verdict
from sweeps.sampler import SeededByTrial
from sweeps.space import Params, Space
from sweeps.storage import connect_options, unusable

SPACE, HOST, REJECTED = "space", "host", "rejected"
TOLD = (TrialState.COMPLETE, TrialState.PRUNED)

optuna.logging.set_verbosity(optuna.logging.WARNING)


def address(url: str | None) -> str:
    """Where studies are stored: the given database, else the SQLite file in `mlruns`."""
    return url or f"sqlite:///{tracking.home() / 'optuna.db'}"


def open_storage(url: str | None) -> RDBStorage:
    """The database of studies, created if need be by one process while the others wait. Raises TrackingError."""
    place = address(url)
    options = {"connect_args": connect_options(place)}
    try:
        tracking.home().mkdir(parents=True, exist_ok=True)
        with FileLock(tracking.home() / ".create.lock"):
            return RDBStorage(place, engine_kwargs=options)
    except Exception as error:
        raise unusable(place, error) from None


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
    assert sweep.method != "grid"
    return optuna.create_study(
        study_name=sweep.name,
        storage=storage,
        sampler=SeededByTrial(sweep.method, sweep.seeds[0]),
        directions=[metric.goal for metric in sweep.metric],
        load_if_exists=True,
    )


def tried(space: Space, url: str | None) -> list[Params]:
    """What the study of this space has asked for so far, in its order. Creates nothing."""
    if url is None and not (tracking.home() / "optuna.db").exists():
        return []
    storage = open_storage(url)
    if space.sweep.name not in optuna.get_all_study_names(storage):
        return []
    study = optuna.load_study(study_name=space.sweep.name, storage=storage)
    if study.user_attrs.get(SPACE) != space.digest():
        return []
    return [trial.params for trial in study.get_trials(deepcopy=False) if trial.params]


def hold_trial(sweep: str, number: int, url: str | None) -> Hold:
    """What a process holds while it works on a trial. The caller knows that nobody else does."""
    hold = try_hold(_hold_name(sweep, number), url)
    if hold is None:
        raise RuntimeError(f"trial {number} of {sweep} is held by another process")
    return hold


def is_alive(sweep: str, trial: FrozenTrial, url: str | None) -> bool:
    """Whether some process works on a RUNNING trial; of another machine's, only a shared database can tell."""
    if url is None and trial.user_attrs.get(HOST, socket.gethostname()) != socket.gethostname():
        return True
    return holder(_hold_name(sweep, trial.number), url) is not None


def _hold_name(sweep: str, number: int) -> str:
    return f"{sweep}-trial-{number}"


def finished_trial(space: Space, params: Params, verdict: Verdict) -> FrozenTrial:
    """A cell that is finished or pruned as a trial that a study can be given."""
    complete = verdict.state == "finished"
    trial = optuna.trial.create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        values=list(verdict.values) if complete else None,
        params=params,
        distributions=space.distributions(),
    )
    for name, violation in verdict.violations.items():
        trial.set_constraint(name, violation)
    return trial


def best(sweep: Sweep, verdicts: Sequence[Verdict]) -> list[int]:
    """Positions of the best of these cells: of several objectives, all that no other beats in every one.

    Cells that break a constraint or are not finished do not take part.
    """
    study = optuna.create_study(directions=[metric.goal for metric in sweep.metric])
    rows = [row for row, verdict in enumerate(verdicts) if verdict.feasible]
    study.add_trials([optuna.trial.create_trial(values=list(verdicts[row].values)) for row in rows])
    return [rows[trial.number] for trial in study.best_trials] if rows else []
