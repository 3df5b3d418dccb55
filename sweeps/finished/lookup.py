"""Finished runs out of the record: found by what a user has at hand, their files fetched, their models loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cae.config import RunConfig
from cae.datasets import ImageSet, load
from cae.datasets.imageset import DataError
from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.files import read_json
from sweeps.spec.sweep_file import load as load_sweep
from sweeps.tracking.artifacts import fetch
from sweeps.tracking.errors import store_errors

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
        images = load(config.data)
        if images.digest != result["data_digest"]:
            place = config.data.path or config.data.name
            raise DataError(
                f"{place}: not the images of this run (digest {images.digest}, not {result['data_digest']})"
            )
        return images


def find_run(text: str) -> tuple[str, str, str]:
    """Run id, name and sweep of the finished run that `text` means: MLflow's run id, the hash that `cae plan` shows, or
    a sweep file with a single finished run. Raises SweepError."""
    path = Path(text)
    if path.suffix in (".yaml", ".yml"):
        sweep = load_sweep(path)
        found = [record for record in tracking.records(sweep.name).values() if record.status == "FINISHED"]
        if len(found) != 1:
            hashes = ", ".join(record.config_hash for record in found)
            raise SweepError(
                f"{path}: {len(found)} finished runs; name one by its hash{f': {hashes}' if found else ''}"
            )
        return found[0].run_id, found[0].name, sweep.name
    return _by_id(text) or _by_hash(text)


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
    return text, str(run.info.run_name), str(run.data.tags.get(tracking.SWEEP, "run"))


def _by_hash(text: str) -> tuple[str, str, str]:
    client = tracking.client()
    wanted = f"tags.`{tracking.HASH}` = '{text}' and attributes.status = 'FINISHED'"
    if not text.isalnum():
        raise _missing(text)
    with store_errors(workspace.uri()):
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(experiments, wanted, max_results=1)
    if not runs:
        raise _missing(text)
    return runs[0].info.run_id, str(runs[0].info.run_name), str(runs[0].data.tags.get(tracking.SWEEP, "run"))


def _missing(text: str) -> SweepError:
    return SweepError(
        f"{text}: no finished run of that id or hash in {workspace.uri()}; `cae status FILE` shows the hashes"
    )


@contextmanager
def fetched(text: str) -> Iterator[FinishedRun]:
    """The finished run that `text` means, with its files in a temporary folder."""
    run_id, name, sweep = find_run(text)
    with tempfile.TemporaryDirectory(prefix="cae-run-") as scratch:
        for item in FILES:
            fetch(run_id, item, Path(scratch))
        yield FinishedRun(run_id, name, sweep, Path(scratch))
