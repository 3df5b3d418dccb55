"""Finished runs measured again from their stored latent vectors, when the scores have changed since."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae.config import RunConfig
from metrics import VERSION
from sweeps import tracking, workspace
from sweeps.errors import SweepError
from sweeps.files import read_json, write_json
from sweeps.run.description import describe
from sweeps.run.latents import SIDES, load_latents
from sweeps.run.measure import measure
from sweeps.run.plots import write_measured
from sweeps.tracking.artifacts import fetch
from sweeps.tracking.recording import renew_scores

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
        raise SweepError(f"no run of {sweep} is finished in {workspace.uri()}; there is nothing to measure again")
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
    stored = {name: fetch(run.run_id, name, folder) for name in STORED}
    config = RunConfig.model_validate(read_json(stored["config.json"]))
    sides = load_latents(stored["latents/latents.npz"])
    measured = measure(sides, config.analysis)
    omitted = write_measured(measured, sides, folder, f"{sweep}  ·  {run.name}")
    result = _renewed(read_json(stored["result.json"]), measured.metrics, measured.steps, omitted)
    write_json(folder / "result.json", result)
    files = [folder / name for name in ("scores", "plots", "result.json")]
    renew_scores(run.run_id, measured.metrics, measured.steps, files, describe(config, result))
    return measured.metrics


def _renewed(
    result: dict[str, Any], metrics: dict[str, float], steps: dict[str, dict[int, float]], omitted: dict[str, str]
) -> dict[str, Any]:
    """The result with every number that comes from the latent vectors replaced."""
    renewed = {*SIDES, "attributes"}
    others = {name: value for name, value in result["metrics"].items() if name.partition("/")[0] not in renewed}
    return result | {"metrics": metrics | others, "steps": steps, "omitted": omitted, "metrics_version": VERSION}
