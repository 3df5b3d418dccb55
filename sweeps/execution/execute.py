"""What a worker does with one cell: lock it, open its MLflow run, compute, record, close the run whatever happens."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Literal

from cae.config import RunConfig
from sweeps import errors, tracking, workspace
from sweeps.errors import cause
from sweeps.execution.callbacks import Interrupted, Lost, Pruned, RunCallbacks, stop_after_epoch
from sweeps.execution.task import Outcome, Task
from sweeps.files import is_disk_full
from sweeps.locks.work_lock import WorkLock, try_lock
from sweeps.planning.state import remark
from sweeps.tracking.errors import FOR_GOOD, is_refused


def execute(task: Task) -> Outcome:
    """Runs one cell from where it stands to FINISHED. No exception of the run itself leaves this function."""
    if stop_after_epoch.is_set():
        return Outcome("killed", "not begun")
    try:
        lock = try_lock(task.config_hash, task.storage)
    except errors.TrackingError as error:
        return Outcome("waiting", str(error))
    if lock is None:
        return Outcome("busy")
    outcome = None
    try:
        outcome = _held(task, lock)
        return outcome
    finally:
        lock.release(forget=outcome is not None and outcome.state in ("finished", "pruned"))


def _held(task: Task, lock: WorkLock) -> Outcome:
    try:
        record = tracking.record_of(task.sweep, task.config_hash)
        outcome = _outcome_so_far(task, record) or (_adopted(task, record) if task.reuse else None)
    except errors.TrackingError as error:
        return Outcome("waiting", str(error))
    return outcome or _locked(task, record, lock)


def _outcome_so_far(task: Task, record: tracking.Record | None) -> Outcome | None:
    """The outcome that the record already has, None where there is work to do."""
    if record is None:
        return None
    if record.status == "FINISHED":
        return Outcome("finished", "by another process")
    # We hold its lease, where it had one: that machine is not at work any more.
    leased = task.storage is not None and tracking.LEASED in record.tags
    if record.status == "RUNNING" and record.host not in ("", socket.gethostname()) and not leased:
        return Outcome("elsewhere", f"on {record.host}, which must finish or close it first")
    return None


def _adopted(task: Task, record: tracking.Record | None) -> Outcome | None:
    """The outcome of a run that another sweep has finished, which stands in this one's record from now on; None where
    none has."""
    original = tracking.others(task.sweep, [task.digest], [task.config_hash]).get(task.config_hash)
    if original is None:
        return None
    from sweeps.tracking.adoption import adopt

    begun = record.run_id if record is not None and tracking.ADOPTED in record.tags else None
    own = {tracking.SWEEP: task.sweep} | _more_tags(task)
    adopt(original, task.experiment_id, task.label, own, _asked_beside(task, original), begun)
    return Outcome("finished", f"adopted from {tracking.sweep_of(original)}", adopted=True)


def _asked_beside(task: Task, original: tracking.Record) -> dict[str, float]:
    """The numbers that the sweep names or makes by formula and that MLflow was not given of the original."""
    names = {*(name for name in task.asked if name not in original.metrics), *task.formulas}
    if not names:
        return {}
    whole = tracking.with_all_metrics({task.config_hash: original}, task.formulas)[task.config_hash].metrics
    return {name: whole[name] for name in sorted(names) if name in whole}


def _more_tags(task: Task) -> dict[str, str]:
    return ({tracking.LEASED: "yes"} if task.storage else {}) | task.tags


def _locked(task: Task, record: tracking.Record | None, lock: WorkLock) -> Outcome:
    folder = workspace.work_folder(task.config_hash)
    run_id, said = None, ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _output_to(folder / "log.txt"):
            try:
                run_id = _open(task, record)
                said = remark(_compute_and_record(task, run_id, folder, lock))
            except Exception as error:
                if not isinstance(error, Pruned):
                    traceback.print_exc()
                raise
    except Interrupted:
        return _close(run_id, "KILLED", "interrupted; the next cae run goes on from its last finished epoch")
    except Lost:
        return Outcome("elsewhere", "another machine took it over while this one was not heard of")
    except Pruned as reason:
        outcome = _prune(run_id, str(reason))
    except Exception as error:
        return _failure(error, run_id, folder)
    else:
        outcome = Outcome("finished", said)
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _failure(error: Exception, run_id: str | None, folder: Path) -> Outcome:
    """The outcome of a run that an exception ended. Its files stay, so nothing that was computed is lost."""
    if is_disk_full(error):
        reason = f"{folder}: the disk is full; free some space, and the same command goes on from the last epoch"
        return replace(_close(run_id, "FAILED", reason), state="full")
    reason = _reason(error)
    if (folder / "result.json").exists():
        if is_refused(error):
            remedy = f"correct that name where it comes from; what was computed is in {folder}"
            return _close(run_id, "FAILED", f"{reason}; {FOR_GOOD}: {remedy}")
        reason += f"; what it computed waits in {folder}"
    if not tracking.answers():
        return Outcome("waiting", reason)
    return _close(run_id, "FAILED", reason)


def _open(task: Task, record: tracking.Record | None) -> str:
    from sweeps.tracking.recording import open_run, tags

    # A run that was cut off goes on in the same MLflow run; one that failed keeps its record and gets a successor.
    previous = record.run_id if record is not None and _goes_on(record) else None
    again = previous is not None and workspace.is_computed(task.config_hash)  # only what is there is to be uploaded
    attempt = (record.attempt if record else 0) + (0 if again else 1)
    run_tags = tags(task.config, task.sweep, task.config_hash, task.cell_hash, task.digest, attempt)
    return open_run(task.experiment_id, task.label, run_tags | _more_tags(task), task.config, previous)


def _goes_on(record: tracking.Record) -> bool:
    """Whether a run was cut off; not an adoption, which has nothing to go on with."""
    return record.status in ("RUNNING", "KILLED", "SCHEDULED") and tracking.ADOPTED not in record.tags


def _compute_and_record(task: Task, run_id: str, folder: Path, lock: WorkLock) -> dict[str, float]:
    """The metrics of the run."""
    from sweeps.tracking.recording import log_history, record, system_metrics

    compute = resolve_name(task.compute)
    log = partial(log_history, run_id, folder)
    callbacks = RunCallbacks(folder, task.config.training.epochs, log, task.stop_rule, lock.is_lost)
    title = f"{task.sweep}  ·  {task.label}"
    with system_metrics(run_id) if task.system_metrics else nullcontext(), _replicates(task) as replicates:
        result = compute(task.config, folder, title, callbacks, task.digest, replicates)
    callbacks.on_step("record")
    try:
        record(run_id, folder, task.config, result, task.asked, task.formulas)
    except Exception as error:  # two processes that record in the same moment can collide in MLflow's database
        print(f"recorded once more after: {error}", file=sys.stderr)
        time.sleep(1)
        record(run_id, folder, task.config, result, task.asked, task.formulas)
    return dict(result["metrics"])


@contextmanager
def _replicates(task: Task) -> Iterator[list[tuple[RunConfig, Path]]]:
    """Configuration and folder of those that are trained with it; nobody else works on them meanwhile."""
    held = []
    with ExitStack() as locks:
        for config, config_hash in task.replicates:
            lock = try_lock(config_hash, task.storage)
            if lock is not None:
                locks.callback(lock.release, forget=False)
                folder = workspace.work_folder(config_hash)
                folder.mkdir(parents=True, exist_ok=True)
                held.append((config, folder))
        yield held


def _prune(run_id: str | None, reason: str) -> Outcome:
    """The outcome of a run that was stopped early. MLflow has no such status: it is KILLED with a tag of its own."""
    if run_id is not None:
        tracking.client().set_tag(run_id, tracking.PRUNED, reason)
    return replace(_close(run_id, "KILLED", f"pruned {reason}"), state="pruned")


def _close(run_id: str | None, status: Literal["KILLED", "FAILED"], reason: str) -> Outcome:
    """The outcome of a run that did not finish; `waiting` where that cannot even be written down."""
    if run_id is not None:
        try:
            tracking.close(run_id, status, reason)
        except errors.TrackingError as error:
            return Outcome("waiting", f"{reason} (and its MLflow run could not be closed: {error})")
    return Outcome("killed" if status == "KILLED" else "failed", reason)


def _reason(error: Exception) -> str:
    known = type(error).__module__.startswith(("cae.", "sweeps."))
    return str(error).splitlines()[0] if known else f"{type(error).__name__}: {cause(error)}"


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Everything this process and its libraries print goes to a file, also what C++ code writes."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, number in zip(saved, (1, 2), strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)
