"""Every test works in its own mlruns; prepared images and a migrated MLflow database are made once a session."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from sqlalchemy import Engine, event

pytest_plugins = ["tests.servers"]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["MPLBACKEND"] = "agg"
# A test that is right is right on a machine that has much else to do, too. What is found with examples that are drawn
# anew each time is found where somebody looks for it (make tests-all), not in the middle of another's change.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.register_profile("exploring", deadline=None)
settings.load_profile("untimed")


@event.listens_for(Engine, "connect")
def _no_waiting_for_disks(connection: Any, _: Any) -> None:
    """Tests need not survive a power failure: SQLite leaves it to the system when its files reach the disk."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest first: of two processes neither is left alone with one of them at the end."""
    items.sort(key=seconds, reverse=True)


def seconds(item: pytest.Item) -> float:
    """About how long a test takes, as far as its mark says; a file's mark keeps its tests together."""
    slow = item.get_closest_marker("slow")
    return slow.kwargs.get("seconds", 10) if slow else 0


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared images and null distributions, shared by all processes of a session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAE_CACHE", str(shared_cache))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("CAE_STORAGE", raising=False)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database: creating one takes 5 s, copying it none."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def database(migrated_database: Path, _own_folders: None) -> Path:
    """The MLflow database of this test's mlruns, already migrated."""
    from sweeps import workspace

    workspace.home().mkdir(parents=True)
    return Path(shutil.copy(migrated_database, workspace.home() / "mlflow.db"))


@pytest.fixture
def fresh(database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Makes `mlruns` anew, to do the same again."""
    from sweeps import workspace

    original = database.read_bytes()

    def renew() -> None:
        monkeypatch.setenv("CAE_HOME", str(tmp_path / f"home-{len(list(tmp_path.iterdir()))}"))
        workspace.home().mkdir(parents=True)
        (workspace.home() / "mlflow.db").write_bytes(original)

    return renew


TINY_SWEEP = """
name: tiny
description: Does the whole path work?
parameters:
  data.name: {value: digits}
  data.resolution: {value: 32}
  model.maps: {value: [8, 16]}
  model.latent_dim: {value: 8}
  model.activation: {values: [relu, tanh]}
  training.epochs: {value: 2}
  analysis.images_per_grid: {value: 8}
  analysis.contour_pairs: {value: 10}
  analysis.face_detector: {value: false}
  analysis.judged_faces: {value: 8}
"""


@pytest.fixture
def tiny_sweep(tmp_path: Path) -> Path:
    """A sweep file of two cells on scikit-learn's digits, a few seconds of training each."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_SWEEP, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def recorded_home(shared_cache: Path, migrated_database: Path) -> tuple[Path, Path]:
    """A finished sweep that tests only read from: the folder of its mlruns, and its file. Made once a session.

    `said.txt` in the folder is what `cae run` printed.
    """
    home = shared_cache.parent / "recorded"
    file, done = home / "tiny.yaml", home / "done"
    with FileLock(f"{home}.lock"):
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)  # of another worker whose try failed
            (home / "mlruns").mkdir(parents=True)
            shutil.copy(migrated_database, home / "mlruns" / "mlflow.db")
            file.write_text(TINY_SWEEP, encoding="utf-8")
            environment = os.environ | {"CAE_HOME": str(home), "CAE_CACHE": str(shared_cache)}
            command = [sys.executable, "-m", "sweeps", "run", str(file)]
            with (home / "said.txt").open("wb") as said:
                subprocess.run(command, check=True, env=environment, timeout=800, stdout=said)
            done.touch()
    return home, file


@pytest.fixture
def finished(recorded_home: tuple[Path, Path], _own_folders: None, tmp_path: Path) -> Path:
    """The file of a sweep that is finished in this test's own mlruns: a copy of the recorded one, to be changed."""
    from sweeps import workspace
    from sweeps.transfer import relocate

    shutil.copytree(recorded_home[0] / "mlruns", workspace.home())
    relocate.correct(workspace.home())
    return Path(shutil.copy(recorded_home[1], tmp_path))
