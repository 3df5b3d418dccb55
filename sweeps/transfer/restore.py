"""A sweep out of an archive into the record at hand, as if its runs had been made here."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cae.config import RunConfig, flatten, named_plugins
from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.execution import last_run
from sweeps.files import atomic_write
from sweeps.locks.work_lock import try_lock
from sweeps.search.study_file import read_study
from sweeps.spec import yaml_text
from sweeps.spec.fields import shown
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load, parse_override
from sweeps.tracking import views
from sweeps.tracking.errors import store_errors
from sweeps.tracking.run_file import IMPORTING, RunFile, original_id, recorded, write
from sweeps.transfer import archive
from sweeps.transfer.archive import Manifest
from sweeps.transfer.export import Moved


def checked(path: Path, trust_plugins: bool, tell: Callable[[int, int], None] = lambda done, total: None) -> Manifest:
    """What is in an archive, after a look at all of it.

    trust_plugins: whether its sweep may name code outside this package. tell: bytes done of how many.
    Raises SweepError.
    """
    manifest = archive.check(path, tell)
    check_name(path, manifest)
    if not trust_plugins:
        refuse_plugins(path, manifest)
    return manifest


def missing(manifest: Manifest) -> list[str]:
    """The runs of an archive that the record lacks or has in part, in the archive's order."""
    here = {original_id(run) for run in recorded(manifest.sweep) if IMPORTING not in run.data.tags}
    return [run for run in manifest.runs if run not in here]


def check_name(path: Path, manifest: Manifest) -> None:
    """Raises SweepError where a checked archive holds the file of another sweep than its manifest names."""
    with zipfile.ZipFile(path) as content:
        try:
            inside = yaml_text.read(content.read(archive.SWEEP_FILE).decode("utf-8-sig"))
        except (SweepError, UnicodeDecodeError) as error:
            raise SweepError(f"{path}: {archive.SWEEP_FILE}: {error}") from None
    name = inside.get("name") if isinstance(inside, dict) else None
    if name != manifest.sweep:
        raise SweepError(
            f"{path}: its manifest names the sweep {manifest.sweep}, its {archive.SWEEP_FILE} {shown(name)}; "
            "export it again where it comes from"
        )


def refuse_plugins(path: Path, manifest: Manifest) -> None:
    """Raises SweepError where the sweep of a checked archive names code outside this package: what works with its runs
    from now on would import that code, whatever it is."""
    found: set[str] = set()
    with zipfile.ZipFile(path) as content, tempfile.TemporaryDirectory(prefix="cae-import-") as scratch:
        file = archive.extract(content, archive.SWEEP_FILE, Path(scratch))
        sweep = load(file, dict(map(parse_override, manifest.overrides)))
        for fields in [*sweep.include, *_choices(sweep)]:
            found |= {f"{field} {name}" for field, name in named_plugins(fields)}
        for run in manifest.runs:
            config = f"runs/{run}/artifacts/config.json"
            if config in manifest.members:
                fields = flatten(RunConfig.model_validate_json(content.read(config)))
                found |= {f"{field} {name}" for field, name in named_plugins(fields)}
    if found:
        raise SweepError(
            f"{path}: names code that would be imported on this machine: {', '.join(sorted(found))}; "
            "if you know and trust it, give --trust-plugins"
        )


def _choices(sweep: Sweep) -> list[dict[str, Any]]:
    listed = {name: parameter.choices for name, parameter in sweep.parameters.items() if not parameter.is_drawn}
    return [{name: value} for name, values in listed.items() for value in values]


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
    if manifest.overrides and not last_run.recall(manifest.sweep).told():
        last_run.remember(manifest.sweep, manifest.overrides, storage)


@contextmanager
def _alone(sweep: str) -> Iterator[None]:
    """Two imports at once would both miss the same runs."""
    lock = try_lock(f"{sweep}-import")
    if lock is None:
        raise SweepError(f"another process imports {sweep} just now; wait for its end")
    try:
        yield
    finally:
        lock.release(forget=True)


def _experiment(manifest: Manifest) -> str:
    """The experiment's id. One that is here keeps its description."""
    with store_errors(workspace.uri()):
        found = tracking.client().get_experiment_by_name(manifest.sweep)
    here = found is not None and found.lifecycle_stage == "active"
    description = found.tags.get("mlflow.note.content", "") if here else manifest.description
    return tracking.experiment(manifest.sweep, description)


# --- one run -----------------------------------------------------------------------------------------------------


def _restore_run(path: Path, folder: Path, experiment_id: str, begun: str | None) -> Moved:
    run = _read(path, folder / "run.json")
    files = folder / "artifacts"
    write(run, experiment_id, files, begun)
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


# --- the sweep file ----------------------------------------------------------------------------------------------


def place_sweep_file(path: Path, manifest: Manifest, folder: Path = Path()) -> tuple[Path, bool]:
    """As `unpack_sweep_file`; the views of the sweep's experiment are made where the file is the archive's."""
    file, same = unpack_sweep_file(path, manifest, folder)
    if same:  # to which its description links
        views.publish_views(load(file, dict(map(parse_override, manifest.overrides))))
    return file, same


def unpack_sweep_file(path: Path, manifest: Manifest, folder: Path) -> tuple[Path, bool]:
    """The place of the archive's sweep file in `folder`, and whether it has its content now.

    It is written where there is none; another file of that name stays as it is. Raises SweepError.
    """
    target = folder / f"{manifest.sweep}.yaml"
    with zipfile.ZipFile(path) as content:
        wanted = content.read(archive.SWEEP_FILE)
    try:
        if not target.exists():
            with atomic_write(target) as unfinished:
                unfinished.write_bytes(wanted)
        return target, target.read_bytes() == wanted
    except OSError as error:
        raise SweepError(f"{target}: cannot be written: {error.strerror}") from None
