"""What a worker does with one cell: lock it, open its MLflow run, compute, record, close the run whatever happens."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cae.config import RunConfig
from sweeps import tracking
from sweeps.files import is_disk_full
from sweeps.holds import Hold, try_hold
from sweeps.listener import Interrupted, Lost, Pruned, RunListener, stop_after_epoch
from sweeps.pruning import Watch
from sweeps.stores import cause


@dataclass(frozen=True)
class Task:
    """A cell to run, as plain values that travel to a worker.

    tags: more of them for its MLflow run. watch: who may stop it early. storage: the database of leases, if any.
    """

    sweep: str
    experiment_id: str
    label: str
    config: RunConfig
    config_hash: str
    cell_hash: str
    digest: str
    tags: dict[str, str] = field(default_factory=dict)
    watch: Watch | None = None
    storage: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    pruned: stopped early by a search. killed: interrupted on request. died: its process is gone. lost: its machine is
    gone. busy: another process works on it. elsewhere: it runs on another machine. waiting: the tracking store or the
    database does not answer, results wait on disk. full: the disk is.
    """

    state: Literal["finished", "pruned", "failed", "killed", "died", "lost", "busy", "elsewhere", "waiting", "full"]
    message: str = ""
    memory: int = 0


def execute(task: Task) -> Outcome:
    """Runs one cell from where it stands to FINISHED. No exception of the run itself leaves this function."""
    if stop_after_epoch.is_set():
        return Outcome("killed", "not begun")
    try:
        hold = try_hold(task.config_hash, task.storage)
    except tracking.TrackingError as error:
        return Outcome("waiting", str(error))
    if hold is None:
        return Outcome("busy")
    outcome = None
    try:
        outcome = _held(task, hold)
        return outcome
    finally:
        hold.release(forget=outcome is not None and outcome.state in ("finished", "pruned"))


def _held(task: Task, hold: Hold) -> Outcome:
    try:
        record = tracking.record_of(task.sweep, task.config_hash)
    except tracking.TrackingError as error:
        return Outcome("waiting", str(error))
    return _recorded(task, record) or _locked(task, record, hold)


def _recorded(task: Task, record: tracking.Record | None) -> Outcome | None:
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


def _locked(task: Task, record: tracking.Record | None, hold: Hold) -> Outcome:
    folder = tracking.work_folder(task.config_hash)
    run_id = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _output_to(folder / "log.txt"):
            try:
                run_id = _open(task, record)
                _compute_and_record(task, run_id, folder, hold)
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
        outcome = Outcome("finished")
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _failure(error: Exception, run_id: str | None, folder: Path) -> Outcome:
    """The outcome of a run that an exception ended. Its files stay, so nothing that was computed is lost."""
    if is_disk_full(error):
        reason = f"{folder}: the disk is full; free some space, and the same command goes on from the last epoch"
        return replace(_close(run_id, "FAILED", reason), state="full")
    reason = _reason(error)
    if (folder / "result.json").exists():
        reason += f"; what it computed waits in {folder}"
    if not tracking.answers():
        return Outcome("waiting", reason)
    return _close(run_id, "FAILED", reason)


def _open(task: Task, record: tracking.Record | None) -> str:
    from sweeps.record import open_run, tags

    # A run that was cut off goes on in the same MLflow run; one that failed keeps its record and gets a successor.
    previous = record.run_id if record is not None and record.status in ("RUNNING", "KILLED", "SCHEDULED") else None
    again = previous is not None and tracking.is_computed(task.config_hash)  # only what is there is to be uploaded
    attempt = (record.attempt if record else 0) + (0 if again else 1)
    run_tags = tags(task.config, task.sweep, task.config_hash, task.cell_hash, task.digest, attempt)
    leased = {tracking.LEASED: "yes"} if task.storage else {}
    return open_run(task.experiment_id, task.label, run_tags | leased | task.tags, task.config, previous)


def _compute_and_record(task: Task, run_id: str, folder: Path, hold: Hold) -> None:
    from sweeps.record import record
    from sweeps.run import compute

    listener = RunListener(run_id, folder, task.config.training.epochs, task.watch, hold.is_lost)
    with _system_metrics(run_id):
        result = compute(task.config, folder, f"{task.sweep}  ·  {task.label}", listener, task.digest)
    listener.on_step("record")
    try:
        record(run_id, folder, task.config, result)
    except Exception as error:  # two processes that record in the same moment can collide in MLflow's database
        print(f"recorded once more after: {error}", file=sys.stderr)
        time.sleep(1)
        record(run_id, folder, task.config, result)


@contextmanager
def _system_metrics(run_id: str) -> Iterator[None]:
    """CPU, memory, disk and GPU load of the run, every 5 s, in the system metrics of its MLflow page."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, sampling_interval=5, resume_logging=True, tracking_uri=tracking.uri())
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


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
        except tracking.TrackingError as error:
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
