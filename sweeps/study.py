"""Optuna's study of a search: which cells were tried, and what came of them, as far as sampling needs to know.

The record of runs is MLflow's. A study that is lost, or that no longer fits a changed sweep file, is made anew from it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import optuna
from filelock import FileLock
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import NullPool, create_engine, make_url, text

from sweeps import tracking
from sweeps.definition import Sweep, SweepError
from sweeps.objective import Verdict
from sweeps.sampler import SeededByTrial
from sweeps.space import Params, Space
from sweeps.stores import TrackingError, cause

SPACE, HOST, REJECTED = "space", "host", "rejected"
TOLD = (TrialState.COMPLETE, TrialState.PRUNED)

optuna.logging.set_verbosity(optuna.logging.WARNING)


def address(url: str | None) -> str:
    """Where studies are stored: the given database, else the SQLite file in `mlruns`. Raises TrackingError.

    PostgreSQL without a driver means psycopg2: what SQLAlchemy takes by default depends on its version.
    """
    if url is None:
        return f"sqlite:///{tracking.home() / 'optuna.db'}"
    try:
        given = make_url(url)
    except Exception:
        raise TrackingError("--storage: not a database URL; write postgresql://USER@HOST/NAME, say") from None
    if given.drivername == "postgresql":
        given = given.set(drivername="postgresql+psycopg2")
    return given.render_as_string(hide_password=False)


def open_storage(url: str | None) -> RDBStorage:
    """The database of studies, created if need be by one process while the others wait. Raises TrackingError."""
    place = address(url)
    # SQLite lets one process write at a time; the others wait for this long. A server may have been restarted.
    local = place.startswith("sqlite")
    options = {"connect_args": {"timeout": 60}} if local else {"pool_pre_ping": True}
    try:
        with storage_lock(place, "create"):
            return RDBStorage(place, engine_kwargs=options)
    except ImportError:
        reason = "its driver is not installed; for PostgreSQL: pip install 'cae-mnd[postgres]'"
    except Exception as error:
        reason = cause(error)
    shown = make_url(place).render_as_string(hide_password=True)
    raise TrackingError(f"--storage {shown}: cannot be opened: {reason}")


@contextmanager
def storage_lock(place: str, name: str) -> Iterator[None]:
    """Held by one process at a time: of this machine, or with PostgreSQL of all that use this database.

    place: as `address` gives it. The lock is freed however its process ends.
    """
    if place.startswith("postgresql"):
        with create_engine(place, poolclass=NullPool).connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
            yield
    else:
        tracking.home().mkdir(parents=True, exist_ok=True)
        with FileLock(tracking.home() / f".{name}.lock"):
            yield


def open_study(space: Space, url: str | None) -> optuna.Study:
    """The study of a search, to be asked and told; made anew where it belongs to another version of the sweep file.

    Raises SweepError where a trial of that other version is still running.
    """
    storage = open_storage(url)
    study = _create(space, storage)
    if study.user_attrs.get(SPACE, space.digest()) != space.digest():
        busy = next((t for t in study.trials if t.state == TrialState.RUNNING and is_alive(space.sweep.name, t)), None)
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


def trial_lock(sweep: str, number: int) -> FileLock:
    """The lock that a process holds while it works on a trial; the system frees it however the process ends."""
    return tracking.run_lock(_lock_name(sweep, number))


def is_alive(sweep: str, trial: FrozenTrial) -> bool:
    """Whether some process works on a RUNNING trial; of another machine's trials it is taken for granted."""
    if trial.user_attrs.get(HOST, socket.gethostname()) != socket.gethostname():
        return True
    return tracking.is_held(_lock_name(sweep, trial.number))


def _lock_name(sweep: str, number: int) -> str:
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
