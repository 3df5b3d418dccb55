"""A folder `mlruns` that was copied from elsewhere: its record is told where its artifacts are now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sweeps import tracking, workspace
from sweeps.errors import SweepError


@dataclass(frozen=True)
class Corrected:
    """A sweep whose artifacts were recorded at the URI `old`."""

    sweep: str
    old: str
    runs: int


def correct(folder: Path) -> list[Corrected]:
    """Every sweep of the record in `folder` whose artifacts were recorded elsewhere, now at their place in `folder`.

    All in one transaction. Raises SweepError where `folder` is not the `mlruns` at hand.
    """
    if not workspace.is_local() or folder.resolve() != workspace.home():
        raise SweepError(
            f"{folder}: only the record at hand, {workspace.home()}, is corrected; "
            f"for another one set CAE_HOME={folder.resolve().parent}"
        )
    if not tracking.exists():
        raise SweepError(
            f"{folder}: holds no mlflow.db, so it is no record of runs; name a folder mlruns, or a zip file"
        )
    tracking.client()  # brings an older database up to date
    try:
        # MLflow offers no way to change these places.
        with closing(sqlite3.connect(folder / "mlflow.db", timeout=60)) as database, database:
            return [_correct(database, *row) for row in _moved(database)]
    except sqlite3.Error as error:
        raise SweepError(f"{folder / 'mlflow.db'}: cannot be corrected: {error}") from None


def _moved(database: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """Id, name and recorded place of the experiments that cae made and that are not where they should be."""
    rows = database.execute("SELECT experiment_id, name, artifact_location FROM experiments").fetchall()
    return [row for row in rows if row[2] != (_place(row[2]) or row[2])]


def _place(location: str) -> str | None:
    """Where file:///.../mlruns/artifacts/FOLDER belongs here, None for any other place. The experiment's name says
    nothing: it may be another one by now."""
    path, home = Path(unquote(urlsplit(location).path)), workspace.home()
    ours = location.startswith("file:") and path.parent.parts[-2:] == (home.name, "artifacts")
    return (home / "artifacts" / path.name).as_uri() if ours else None


def _correct(database: sqlite3.Connection, experiment_id: int, name: str, old: str) -> Corrected:
    new = _place(old)
    database.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (new, experiment_id))
    changed = database.execute(
        "UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?) WHERE experiment_id = ?",
        (f"{old}/", f"{new}/", experiment_id),
    )
    return Corrected(name, old, changed.rowcount)
