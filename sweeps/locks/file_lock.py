"""Locks of this machine, which the system frees however their process ends."""

from __future__ import annotations

from filelock import FileLock, Timeout

from sweeps.workspace import home


def run_lock(config_hash: str) -> FileLock:
    """The lock that one process holds while it works on a run; the system frees it however the process ends."""
    path = home() / "work" / f"{config_hash}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def is_held(config_hash: str) -> bool:
    """Whether some process of this machine works on the run now."""
    if not (home() / "work" / f"{config_hash}.lock").exists():
        return False
    lock = run_lock(config_hash)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a record that can only be read: nobody works here
        return False
    lock.release()
    return False
