"""Files of recorded runs, fetched from a local store or from a server."""

from __future__ import annotations

from pathlib import Path

from sweeps import workspace
from sweeps.tracking.client import client
from sweeps.tracking.errors import store_errors
from sweeps.tracking.experiment import check_place


def listing(run_id: str, path: str = "") -> dict[str, int]:
    """Size in bytes of every file below `path` among a run's artifacts, by its path. Raises TrackingError."""
    found: dict[str, int] = {}
    with store_errors(workspace.uri()):
        _check_place(run_id)
        folders = [path]
        while folders:
            for entry in client().list_artifacts(run_id, folders.pop()):
                if entry.is_dir:
                    folders.append(entry.path)
                else:
                    found[entry.path] = entry.file_size
    return found


def fetch(run_id: str, path: str, folder: Path) -> Path:
    """Where a file or folder of a run's artifacts, "" for all, lies below `folder` now. Raises TrackingError."""
    with store_errors(workspace.uri()):
        _check_place(run_id)
        return Path(client().download_artifacts(run_id, path, dst_path=str(folder)))


def store(run_id: str, file: Path) -> None:
    """Puts a file into the root of a run's artifacts, in place of what has its name there. Raises TrackingError."""
    with store_errors(workspace.uri()):
        _check_place(run_id)
        client().log_artifact(run_id, str(file))


def _check_place(run_id: str) -> None:
    if workspace.is_local():
        check_place(client().get_run(run_id).info.artifact_uri)
