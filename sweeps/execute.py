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
from typing import Any, Literal

from filelock import Timeout

from cae.config import RunConfig
from sweeps import tracking
from sweeps.files import write_json
from sweeps.pruning import Watch


class Interrupted(BaseException):
    """The process was asked to stop; like KeyboardInterrupt no error handler may swallow it."""


class Pruned(Exception):
    """The search has better use for the time; the message says after which epoch it was stopped."""


@dataclass(frozen=True)
class Task:
    """A cell to run, as plain values that travel to a worker.

    tags: more of them for its MLflow run. watch: who may stop it early.
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


@dataclass(frozen=True)
class Outcome:
    """How it ended. killed: interrupted on request. died: its process is gone. busy: another process works on it.

    elsewhere: it runs on another machine. pruned: stopped early by a search.
    """

    state: Literal["finished", "pruned", "failed", "killed", "died", "busy", "elsewhere"]
    message: str = ""
    memory: int = 0


def execute(task: Task) -> Outcome:
    """Runs one cell from where it stands to FINISHED. No exception of the run itself leaves this function."""
    lock = tracking.run_lock(task.config_hash)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return Outcome("busy")
    try:
        record = tracking.records(task.sweep).get(task.config_hash)
        outcome = _recorded(record) or _locked(task, record)
        if outcome.state in ("finished", "pruned"):
            Path(lock.lock_file).unlink(missing_ok=True)
        return outcome
    finally:
        lock.release()


def _recorded(record: tracking.Record | None) -> Outcome | None:
    """The outcome that the record already has, None where there is work to do."""
    if record is not None and record.status == "FINISHED":
        return Outcome("finished", "by another process")
    if record is not None and record.status == "RUNNING" and record.host not in ("", socket.gethostname()):
        return Outcome("elsewhere", f"on {record.host}, which must finish or close it first")
    return None


def _locked(task: Task, record: tracking.Record | None) -> Outcome:
    folder = tracking.work_folder(task.config_hash)
    folder.mkdir(parents=True, exist_ok=True)
    with _output_to(folder / "log.txt"):
        run_id = None
        try:
            run_id = _open(task, record)
            _compute_and_record(task, run_id, folder)
        except Interrupted:
            return _close(run_id, "KILLED", "interrupted; the next cae run goes on from its last finished epoch")
        except Pruned as reason:
            outcome = _prune(run_id, str(reason))
        except Exception as error:
            traceback.print_exc()
            waiting = f"; what it computed waits in {folder}" if (folder / "result.json").exists() else ""
            return _close(run_id, "FAILED", _reason(error) + waiting)
        else:
            outcome = Outcome("finished")
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _open(task: Task, record: tracking.Record | None) -> str:
    from sweeps.record import open_run, tags

    attempt = (record.attempt if record else 0) + 1
    # A run that was cut off goes on in the same MLflow run; one that failed keeps its record and gets a successor.
    previous = record.run_id if record is not None and record.status in ("RUNNING", "KILLED", "SCHEDULED") else None
    run_tags = tags(task.config, task.sweep, task.config_hash, task.cell_hash, task.digest, attempt)
    return open_run(task.experiment_id, task.label, run_tags | task.tags, task.config, previous)


def _compute_and_record(task: Task, run_id: str, folder: Path) -> None:
    from sweeps.record import log_history, record
    from sweeps.run import Listener, compute

    state: dict[str, Any] = {"started": time.time(), "epochs": task.config.training.epochs}

    def tell(**values: Any) -> None:
        state.update(values)
        write_json(folder / "progress.json", state)

    def on_epoch(epoch: Any) -> None:
        tell(finished_epochs=epoch.epoch, held_out_loss=epoch.held_out_loss, last_loss=epoch.loss)
        try:
            log_history(run_id, folder)
        except Exception as error:  # the files have it; it is logged when the run is recorded
            print(f"epoch {epoch.epoch} could not be logged yet: {error}", file=sys.stderr)
        if task.watch is not None:
            _stop_if_poor(task.watch, epoch)

    listener = Listener(
        on_step=lambda step: tell(step=step),
        on_progress=lambda p: tell(epoch=p.epoch, done=p.done, total=p.total, loss=p.loss, speed=p.images_per_second),
        on_epoch=on_epoch,
    )
    with _system_metrics(run_id):
        result = compute(task.config, folder, f"{task.sweep}  ·  {task.label}", listener)
    tell(step="record")
    record(run_id, folder, task.config, result)


def _stop_if_poor(watch: Watch, epoch: Any) -> None:
    """Raises Pruned. A storage that is down stops no training."""
    try:
        poor = watch.poor(epoch.epoch, getattr(epoch, watch.loss))
    except Exception as error:
        print(f"epoch {epoch.epoch} could not be judged: {error}", file=sys.stderr)
        return
    if poor:
        raise Pruned(f"after epoch {epoch.epoch} of {watch.epochs}: others had a better {watch.loss} by then")


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
    """The outcome of a run that did not finish. Its files stay, so nothing that was computed is lost."""
    if run_id is not None:
        try:
            tracking.close(run_id, status, reason)
        except Exception as error:
            reason = f"{reason} (and its MLflow run could not be closed: {_reason(error)})"
    return Outcome("killed" if status == "KILLED" else "failed", reason)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["no message"]
    known = type(error).__module__.startswith(("cae.", "sweeps."))
    return lines[0] if known else f"{type(error).__name__}: {lines[0]}"


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
