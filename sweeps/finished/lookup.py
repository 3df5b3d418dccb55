"""Finished runs out of the record: found by what a user has at hand, their files fetched, their models loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae.config import RunConfig
from cae.datasets import ImageSet, load
from cae.datasets.imageset import DataError
from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.files import read_json
from sweeps.spec.display import plural
from sweeps.spec.fields import nearest
from sweeps.spec.order import best_first
from sweeps.spec.sweep import Metric, Sweep
from sweeps.spec.sweep_file import load as load_sweep
from sweeps.tracking.artifacts import fetch
from sweeps.tracking.errors import store_errors

SWEEP_FILES = (".yaml", ".yml")
# Characters of a hash or id that must be given, as with git.
SHORTEST = 4
FILES = ("config.json", "result.json", "latents", "model")


@dataclass(frozen=True)
class FinishedRun:
    """A finished run and the folder that holds its files for now."""

    run_id: str
    name: str
    sweep: str
    folder: Path

    @property
    def title(self) -> str:
        return f"{self.sweep}  ·  {self.name}"

    def config(self) -> RunConfig:
        return RunConfig.model_validate(read_json(self.folder / "config.json"))

    def images(self) -> ImageSet:
        """The run's images. Raises DataError where they are not at hand, or no longer those it was trained on."""
        config, result = self.config(), read_json(self.folder / "result.json")
        images = load(config.data, recorded=[result["data_digest"]])
        if images.digest != result["data_digest"]:
            place = config.data.path or config.data.name
            raise DataError(
                f"{place}: not the images of this run (digest {images.digest}, not {result['data_digest']})"
            )
        return images


def find_run(text: str) -> tuple[str, str, str]:
    """Run id, name and sweep of the finished run that `text` means: MLflow's run id, the hash that `cae plan` shows,
    the first characters of either, or a sweep file with a single finished run. Raises SweepError."""
    path = Path(text)
    if path.suffix in SWEEP_FILES:
        sweep = load_sweep(path)
        only = only_run(sweep)
        return only.run_id, only.name, sweep.name
    return _by_id(text) or _by_beginning(text)


def only_run(sweep: Sweep) -> tracking.Record:
    """The one finished run of a sweep. Raises SweepError where there is none, or several."""
    found = _finished(sweep)
    if len(found) != 1:
        hashes = ", ".join(record.config_hash for record in found)
        remedy = f"name one by its hash: {hashes}; cae sample takes the best with --best" if found else "none to take"
        raise SweepError(f"{sweep.file}: {len(found)} finished runs; {remedy}")
    return found[0]


def best_run(text: str) -> tuple[str, str]:
    """Run id of the finished run of a sweep file that is best by the file's (first) metric, and a sentence on it.

    Raises SweepError.
    """
    path = Path(text)
    if path.suffix not in SWEEP_FILES:
        raise SweepError(f"{text}: --best chooses among the runs of a sweep file; this is one run")
    best, told = best_of(load_sweep(path))
    return best.run_id, told


def best_of(sweep: Sweep) -> tuple[tracking.Record, str]:
    """The finished run of a sweep that is best by its (first) metric, and a sentence on it. Raises SweepError."""
    finished, metric = _finished(sweep, whole=bool(sweep.metrics)), sweep.metric[0]
    order = best_first(finished, metric, sweep.constraints)
    if not order:
        known = {name for record in finished for name in record.metrics}
        none = f"none measures {metric.name}{nearest(metric.name, known)}" if finished else "start: cae run"
        raise SweepError(f"{sweep.file}: --best: {len(finished)} finished runs; {none}")
    return order[0], _told(order, metric)


def _told(order: Sequence[tracking.Record], metric: Metric) -> str:
    """Which run was taken, out of how many, and what the other seeds of its cell have."""
    best, name = order[0], metric.name
    cell = best.tags.get(tracking.CELL)
    seeds = [run for run in order[1:] if cell is not None and run.tags.get(tracking.CELL) == cell]
    others = ", ".join(f"{run.metrics[name]:.4g}" for run in seeds)
    beside = f"; {plural(len(seeds), 'other seed')} of its cell: {others}" if seeds else ""
    place = f"best of {plural(len(order), 'finished run')} by {name}"
    return f"{best.name} ({best.config_hash}), {place} with {best.metrics[name]:.4g}{beside}"


def _finished(sweep: Sweep, whole: bool = False) -> list[tracking.Record]:
    """The finished runs; `whole` with every number, which costs a file for each, and those by formula."""
    records = tracking.records(sweep.name)
    if whole:
        records = tracking.with_all_metrics(records, sweep.metrics)
    return [record for record in records.values() if record.status == "FINISHED"]


def _by_id(text: str) -> tuple[str, str, str] | None:
    if not tracking.exists():
        raise _missing(text)
    run = tracking.find_run(text)
    if run is None:
        return None
    if run.info.lifecycle_stage == "deleted":
        raise SweepError(f"{text}: the run lies in MLflow's trash; restore it there")
    if run.info.status != "FINISHED":
        raise SweepError(f"{text}: the run is {run.info.status}; faces are made from finished ones")
    return _found(run)


def _by_beginning(text: str) -> tuple[str, str, str]:
    """The finished run whose hash or id begins so, as git does it; of runs with the same hash the latest."""
    if not text.isalnum():
        raise _missing(text)
    end = "%" if len(text) >= SHORTEST else ""
    runs = _search(f"tags.`{tracking.HASH}` LIKE '{text}{end}'") + _search(f"attributes.run_id LIKE '{text}{end}'")
    by_hash = {run.data.tags[tracking.HASH]: run for run in reversed(runs) if tracking.HASH in run.data.tags}
    if not by_hash:
        raise _missing(text)
    if len(by_hash) > 1:
        which = "; ".join(_listed(key, run) for key, run in by_hash.items())
        raise SweepError(f"{text}: {len(by_hash)} finished runs begin so; give more characters of one: {which}")
    return _found(next(iter(by_hash.values())))


def _listed(config_hash: str, run: Any) -> str:
    run_id, name, sweep = _found(run)
    return f"{config_hash} (id {run_id}, {name} of {sweep})"


def _search(condition: str) -> list[Any]:
    """The finished runs of all sweeps that meet it, the latest first."""
    client = tracking.client()
    with store_errors(workspace.uri()):
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        return list(client.search_runs(experiments, f"{condition} and attributes.status = 'FINISHED'"))


def _found(run: Any) -> tuple[str, str, str]:
    """Of one that was adopted the id is the original's, which has the files."""
    return (
        run.data.tags.get(tracking.ADOPTED, run.info.run_id),
        str(run.info.run_name),
        str(run.data.tags.get(tracking.SWEEP, "run")),
    )


def _missing(text: str) -> SweepError:
    few = "" if len(text) >= SHORTEST else f" (of the beginning of one, {SHORTEST} characters are needed)"
    return SweepError(
        f"{text}: no finished run of that id or hash in {workspace.uri()}{few}; `cae status FILE` shows the hashes"
    )


@contextmanager
def fetched(text: str) -> Iterator[FinishedRun]:
    """The finished run that `text` means, with its files in a temporary folder."""
    run_id, name, sweep = find_run(text)
    with tempfile.TemporaryDirectory(prefix="cae-run-") as scratch:
        for item in FILES:
            fetch(run_id, item, Path(scratch))
        yield FinishedRun(run_id, name, sweep, Path(scratch))
