"""Finished runs measured again from their stored latent vectors, when the scores have changed since."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric

from cae.config import RunConfig
from metrics import VERSION
from sweeps import tracking
from sweeps.definition import SweepError
from sweeps.describe import describe
from sweeps.files import read_json, write_json
from sweeps.measure import measure
from sweeps.plots import write_measured
from sweeps.record import log_steps, upload
from sweeps.sides import SIDES, load_latents

# What a run's record holds that measuring it again needs.
STORED = ("latents/latents.npz", "config.json", "result.json")


@dataclass(frozen=True)
class Finished:
    """A finished run and the version of the scores it was measured with."""

    run_id: str
    name: str
    version: str

    @property
    def stale(self) -> bool:
        return self.version != VERSION


def finished_runs(sweep: str) -> list[Finished]:
    """The finished runs of a sweep. Raises SweepError where there is none."""
    done = [record for record in tracking.records(sweep).values() if record.status == "FINISHED"]
    if not done:
        raise SweepError(f"no run of {sweep} is finished in {tracking.uri()}; there is nothing to measure again")
    return [Finished(record.run_id, record.name, record.tags.get(tracking.METRICS, "1")) for record in done]


def rescore(sweep: str, runs: list[Finished]) -> Iterator[tuple[Finished, dict[str, float]]]:
    """Measures each run again and records it in place; gives the run and its new metrics.

    Everything is computed and written before the first number is recorded, and the version is changed last: what is
    cut off in between stays stale, and is done again.
    """
    for run in runs:
        with tempfile.TemporaryDirectory(prefix="cae-rescore-") as scratch:
            yield run, _rescore(sweep, run, Path(scratch))


def _rescore(sweep: str, run: Finished, folder: Path) -> dict[str, float]:
    client = tracking.client()
    stored = {name: Path(client.download_artifacts(run.run_id, name, dst_path=str(folder))) for name in STORED}
    config = RunConfig.model_validate(read_json(stored["config.json"]))
    sides = load_latents(stored["latents/latents.npz"])
    measured = measure(sides, config.analysis)
    omitted = write_measured(measured, sides, folder, f"{sweep}  ·  {run.name}")
    result = _renewed(read_json(stored["result.json"]), measured.metrics, measured.steps, omitted)
    write_json(folder / "result.json", result)
    stamp, step = int(time.time() * 1000), _step(run.run_id)
    numbers = [Metric(name, value, stamp, step) for name, value in measured.metrics.items()]
    client.log_batch(run.run_id, metrics=numbers)
    log_steps(run.run_id, measured.steps, stamp)
    for name in ("scores", "plots", "result.json"):
        upload(run.run_id, folder / name)
    client.set_tag(run.run_id, "mlflow.note.content", describe(config, result))
    client.set_tag(run.run_id, tracking.METRICS, VERSION)
    return measured.metrics


def _step(run_id: str) -> int:
    """The step at which the run has its scores: 0, of a run recorded before that its last epoch. MLflow shows the
    value of the highest step."""
    history = tracking.client().get_metric_history(run_id, "mnd/radius_agreement")
    return max((metric.step for metric in history), default=0)


def _renewed(
    result: dict[str, Any], metrics: dict[str, float], steps: dict[str, dict[int, float]], omitted: dict[str, str]
) -> dict[str, Any]:
    """The result with every number that comes from the latent vectors replaced."""
    renewed = {*SIDES, "attributes"}
    others = {name: value for name, value in result["metrics"].items() if name.partition("/")[0] not in renewed}
    return result | {"metrics": metrics | others, "steps": steps, "omitted": omitted, "metrics_version": VERSION}
