"""Files under `mlruns` that runs of a sweep have left behind."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

import psutil

from sweeps import tracking, workspace
from sweeps.errors import TrackingError
from sweeps.locks import file_lock
from sweeps.locks.work_lock import try_lock
from sweeps.tracking import HASH, PRUNED, Record


def finished_keys(sweep: str, runs: Iterable[Record]) -> list[str]:
    """The config hashes of those runs that are finished or pruned and still have something in `mlruns/work`.

    Not those that a process works on, nor those whose files another sweep with the same cell needs.
    """
    done = [run.config_hash for run in runs if run.status == "FINISHED" or PRUNED in run.tags]
    return [key for key in standing(done) if not file_lock.is_held(key) and not is_needed(key, {sweep})]


def trial_keys(sweep: str) -> dict[str, int]:
    """The names of the sweep's locks of Optuna's trials, each with the trial's number."""
    found = (re.fullmatch(rf"({sweep}-trial-(\d+))\.lock", path.name) for path in _work().glob(f"{sweep}-trial-*.lock"))
    return {match[1]: int(match[2]) for match in found if match}


def launch_keys(sweep: str) -> list[str]:
    """The names of the locks that launches of the sweep hold or have left behind."""
    found = (
        re.fullmatch(rf"({sweep}-launch-[0-9a-f]+)\.lock", path.name) for path in _work().glob(f"{sweep}-launch-*")
    )
    return [match[1] for match in found if match]


def standing(keys: Iterable[str]) -> list[str]:
    """Those of the keys that have a folder or a lock in `mlruns/work`."""
    return [key for key in keys if workspace.work_folder(key).exists() or (_work() / f"{key}.lock").exists()]


def _work() -> Path:
    return workspace.home() / "work"


def is_needed(config_hash: str, own: Collection[str]) -> bool:
    """Whether an experiment other than these has the same cell and has not finished it: its files are the same ones."""
    client = tracking.client()
    others = [found.experiment_id for found in client.search_experiments() if found.name not in own]
    statuses: dict[str, set[str]] = {}
    for run in client.search_runs(others, f"tags.`{HASH}` = '{config_hash}'") if others else []:
        statuses.setdefault(run.info.experiment_id, set()).add(run.info.status)
    return any("FINISHED" not in seen for seen in statuses.values())


def remove_work(key: str, storage: str | None = None) -> bool:
    """Removes folder, lock and lease of a run or trial; False where a process holds it. Raises TrackingError."""
    lock = try_lock(key, storage)
    if lock is None:
        return False
    try:
        remove(workspace.work_folder(key))
    finally:
        lock.release(forget=True)
    return True


def remove(path: Path) -> None:
    """Removes a file or a whole folder; one that is not there is no error. Raises TrackingError."""
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise TrackingError(
            f"{path}: cannot be removed: {error.strerror}; remove what is in the way and repeat"
        ) from None


def unfinished_files(sweep: str, keys: Iterable[str]) -> list[Path]:
    """Temporary files of processes that are gone: `.NAME.PID`, beside the file that they were to become.

    keys: config hashes of the runs whose folders are looked into.
    """
    found = list((workspace.home() / "sweeps").glob(f".{sweep}.json.*"))
    for key in keys:
        if not file_lock.is_held(key):
            found += workspace.work_folder(key).rglob(".*")
    return sorted(path for path in found if _is_abandoned(path))


def _is_abandoned(path: Path) -> bool:
    name = re.fullmatch(r"\..+\.(\d+)", path.name)
    return name is not None and path.is_file() and not psutil.pid_exists(int(name[1]))


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 where there is nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
