"""Finished runs measured again from their stored latent vectors, when the scores have changed since."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae.config import RunConfig
from cae.datasets import DataError, ImageSet
from cae.latents import mean_image_error
from cae.model import load_network
from metrics import VERSION
from sweeps import tracking, workspace
from sweeps.errors import SweepError, TrackingError
from sweeps.files import read_json, write_json
from sweeps.finished.lookup import FinishedRun
from sweeps.pipeline.compute import untrained
from sweeps.pipeline.controls import gains, measure_controls, measure_elliptical
from sweeps.pipeline.description import describe
from sweeps.pipeline.latents import SIDES, LatentSplit, load_latents, with_properties
from sweeps.pipeline.measure import measure
from sweeps.pipeline.plots import write_measured
from sweeps.pipeline.reactions import map_reactions
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
    before = read_json(stored["result.json"])
    sides = load_latents(stored["latents/latents.npz"])
    fresh, reasons = _from_images(FinishedRun(run.run_id, run.name, sweep, folder), before["metrics"], sides)
    measured = measure(sides, config.analysis)
    elliptical = measure_elliptical(sides["train"].sample, config)
    fresh, reasons = fresh | elliptical.metrics, reasons | elliptical.omitted
    kept = {name: value for name, value in before["metrics"].items() if name.startswith("control/")} | fresh
    omitted = write_measured(measured, sides, kept, folder, f"{sweep}  ·  {run.name}") | reasons
    metrics = measured.metrics | fresh
    metrics |= gains(measured.metrics | kept)
    result = _renewed(before, metrics, measured.steps, omitted)
    write_json(folder / "result.json", result)
    renew_scores(run.run_id, metrics, measured.steps, folder, describe(config, result))
    return metrics


def _from_images(
    run: FinishedRun, before: Mapping[str, float], sides: dict[str, LatentSplit]
) -> tuple[dict[str, float], dict[str, str]]:
    """What needs the run's images, and its encoder, trained and untrained: controls, yardsticks, what innermost maps
    react to, and, put into the sides, properties of the images. Where these are not at hand, nothing and the reason."""
    config = run.config()
    try:
        images = run.images()
    except DataError as error:
        return {}, {"control": f"not measured again, as the images are not at hand: {error}"}
    for name, index in (("train", images.train), ("test", images.test)):
        if len(index) == len(sides[name].vectors):
            sides[name] = with_properties(sides[name], images, index)
    found = measure_controls(config, images, lambda: untrained(config).encoder)
    reactions, reasons = _reactions(run, images)
    metrics = found.metrics | reactions
    mean_image = mean_image_error(images)
    metrics["reconstruction/mse_mean_image"] = mean_image
    if mean_image > 0 and "reconstruction/mse" in before:
        metrics["reconstruction/explained"] = 1 - before["reconstruction/mse"] / mean_image
    return metrics, found.omitted | reasons


def _reactions(run: FinishedRun, images: ImageSet) -> tuple[dict[str, float], dict[str, str]]:
    """What the innermost maps of the stored encoder react to; nothing and the reason where it was not kept."""
    try:
        encoder = fetch(run.run_id, "model/encoder.keras", run.folder)
    except TrackingError as error:
        return {}, {"maps": f"not measured again, as the encoder is not at hand: {error}"}
    return map_reactions(load_network(encoder, run.config()), images), {}


def _renewed(
    result: dict[str, Any], metrics: dict[str, float], steps: dict[str, dict[int, float]], omitted: dict[str, str]
) -> dict[str, Any]:
    """The result with every number replaced that comes from the latent vectors, and from the images where at hand."""
    renewed = {*SIDES, "latents", "attributes"}
    others = {name: value for name, value in result["metrics"].items() if name.partition("/")[0] not in renewed}
    formed = {name: curve for name, curve in result.get("steps", {}).items() if name.startswith("formation/")}
    parts = {"metrics": others | metrics, "steps": formed | steps, "omitted": omitted, "metrics_version": VERSION}
    return result | parts
