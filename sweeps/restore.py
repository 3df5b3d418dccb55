"""A sweep out of an archive into the record at hand, as if its runs had been made here."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.entities import Param, RunTag
from pydantic import ValidationError

from sweeps import archive, lastrun, tracking
from sweeps.archive import Manifest
from sweeps.definition import SweepError
from sweeps.export import Moved, recorded
from sweeps.files import whole
from sweeps.holds import try_hold
from sweeps.runfile import IMPORTED, IMPORTING, RunFile, original_id
from sweeps.stores import answering
from sweeps.studyfile import read_study

# What MLflow takes in one call.
PARAMS, METRICS = 100, 1000


def missing(manifest: Manifest) -> list[str]:
    """The runs of an archive that the record lacks or has in part, in the archive's order."""
    here = {original_id(run) for run in recorded(manifest.sweep) if IMPORTING not in run.data.tags}
    return [run for run in manifest.runs if run not in here]


def restore(path: Path, manifest: Manifest, storage: str | None) -> Iterator[Moved]:
    """Imports the runs of a checked archive that are not here yet, one after the other; then Optuna's study, if any.

    What was cut off goes on with the next call. Raises SweepError, TrackingError.
    """
    with _alone(manifest.sweep), zipfile.ZipFile(path) as content:
        experiment_id = _experiment(manifest)
        begun = {run.data.tags.get(IMPORTING): run.info.run_id for run in recorded(manifest.sweep)}
        for run_id in missing(manifest):
            with tempfile.TemporaryDirectory(prefix="cae-import-") as scratch:
                folder = archive.extract(content, f"runs/{run_id}/", Path(scratch))
                yield _restore_run(path, folder, experiment_id, begun.get(run_id))
        if archive.STUDY in manifest.members:
            with tempfile.TemporaryDirectory(prefix="cae-import-") as scratch:
                read_study(manifest.sweep, archive.extract(content, archive.STUDY, Path(scratch)), storage)
    if manifest.overrides and not lastrun.recall(manifest.sweep).told():
        lastrun.remember(manifest.sweep, manifest.overrides, storage)


@contextmanager
def _alone(sweep: str) -> Iterator[None]:
    """Two imports at once would both miss the same runs."""
    hold = try_hold(f"{sweep}-import")
    if hold is None:
        raise SweepError(f"another process imports {sweep} just now; wait for its end")
    try:
        yield
    finally:
        hold.release(forget=True)


def _experiment(manifest: Manifest) -> str:
    """The experiment's id. One that is here keeps its description."""
    with answering(tracking.uri()):
        found = tracking.client().get_experiment_by_name(manifest.sweep)
    here = found is not None and found.lifecycle_stage == "active"
    description = found.tags.get("mlflow.note.content", "") if here else manifest.description
    return tracking.experiment(manifest.sweep, description)


# --- one run -----------------------------------------------------------------------------------------------------


def _restore_run(path: Path, folder: Path, experiment_id: str, begun: str | None) -> Moved:
    """begun: the run of an import that was cut off, to be gone on with."""
    run = _read(path, folder / "run.json")
    files = folder / "artifacts"
    with answering(tracking.uri()):
        run_id = begun or _create(run, experiment_id)
        _log(run, run_id)
        if files.is_dir():
            tracking.client().log_artifacts(run_id, str(files))
        _close(run, run_id)
    return Moved(run.name, run.status, sum(file.is_file() for file in files.rglob("*")))


def _read(path: Path, file: Path) -> RunFile:
    try:
        run = RunFile.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise SweepError(f"{path}: {file.parent.name}: {first['loc']}: {first['msg']}") from None
    if run.run_id != file.parent.name:
        raise SweepError(f"{path}: {file.parent.name}: is the record of another run, {run.run_id!r}")
    return run


def _create(run: RunFile, experiment_id: str) -> str:
    # Without its other tags it is no run of the sweep yet, to whoever looks before it is whole.
    tags = {"mlflow.user": run.user, IMPORTING: run.run_id}
    created = tracking.client().create_run(experiment_id, start_time=run.start, tags=tags, run_name=run.name)
    return str(created.info.run_id)


def _log(run: RunFile, run_id: str) -> None:
    """Parameters, metrics and inputs; MLflow keeps what it has once, however often it is told."""
    client = tracking.client()
    params = [Param(name, value) for name, value in run.params.items()]
    for start in range(0, len(params), PARAMS):
        client.log_batch(run_id, params=params[start : start + PARAMS])
    points = run.points()
    for start in range(0, len(points), METRICS):
        client.log_batch(run_id, metrics=points[start : start + METRICS])
    if run.inputs:
        client.log_inputs(run_id, datasets=run.datasets())


def _close(run: RunFile, run_id: str) -> None:
    """The last steps, in an order in which no half of a run can be taken for the whole."""
    client = tracking.client()
    client.set_terminated(run_id, status=run.status, end_time=run.end)
    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in (run.tags | {IMPORTED: run.run_id}).items()])
    client.delete_tag(run_id, IMPORTING)


# --- the sweep file ----------------------------------------------------------------------------------------------


def unpack_sweep_file(path: Path, manifest: Manifest, folder: Path) -> tuple[Path, bool]:
    """The place of the archive's sweep file in `folder`, and whether it has its content now.

    It is written where there is none; another file of that name stays as it is. Raises SweepError.
    """
    target = folder / f"{manifest.sweep}.yaml"
    with zipfile.ZipFile(path) as content:
        wanted = content.read(archive.SWEEP_FILE)
    try:
        if not target.exists():
            with whole(target) as unfinished:
                unfinished.write_bytes(wanted)
        return target, target.read_bytes() == wanted
    except OSError as error:
        raise SweepError(f"{target}: cannot be written: {error.strerror}") from None
