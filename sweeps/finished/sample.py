"""New faces from a finished run, outside of any sweep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

import cae.layers  # noqa: F401  registers what saved models are made of
from cae.config import AnalysisConfig, RunConfig
from cae.datasets.imageset import DataError, ImageSet
from cae.faces import save_png
from cae.model import load_network
from sweeps.errors import SweepError
from sweeps.finished.lookup import FinishedRun, fetched
from sweeps.pipeline.draw import plot_points
from sweeps.pipeline.latents import load_latents
from sweeps.pipeline.sheets import Choice, Sheet, sheet_of
from sweeps.pipeline.trained_model import TrainedModel, cloud_of

MODELS = ("encoder", "decoder")


def sample(
    text: str,
    name: str,
    settings: dict[str, Any],
    chosen: Choice,
    out: Path,
    points: Path | None = None,
    plot: Path | None = None,
) -> Iterator[str]:
    """Writes the sheet that `drawn` gives, and says so.

    points: file for its latent vectors. plot: file for where they lie among those of the run. Raises SweepError.
    """
    shown, sheet = drawn(text, name, settings, chosen)
    if shown.without:
        yield f"without photographs: {shown.without}"
    save_png(sheet.picture, out)
    yield f"{out}: {name} of {shown.title}"
    yield from (f"left out: {reason}" for reason in sheet.omitted.values())
    if sheet.points is None:
        return
    if points is not None:
        np.save(points, sheet.points)
        yield f"{points}: {len(sheet.points)} latent vectors of {sheet.points.shape[1]} components"
    if plot is not None:
        reasons = plot_points(shown, {name: sheet.points}, plot)
        yield f"{plot}: {next(iter(reasons.values()), 'where they lie in planes of dominant components')}"


def drawn(text: str, name: str, settings: dict[str, Any], chosen: Choice) -> tuple[TrainedModel, Sheet]:
    """A sheet of the run that `text` means, and that run.

    name: of the sheet. settings: values of the run's `analysis` section to use instead, such as mnd_sigma. Raises
    SweepError for what cannot be done.
    """
    draw = sheet_of(name)
    with fetched(text) as run:
        shown = trained(run, settings)
    try:
        return shown, draw(shown, chosen)
    except ValueError as error:
        raise SweepError(f"--method {name}: {error}") from None


def trained(run: FinishedRun, settings: dict[str, Any]) -> TrainedModel:
    """The run's autoencoder and data; without photographs where they are not at hand.

    settings: values of its `analysis` section to use instead, such as mnd_sigma. Raises SweepError for one that is out
    of its range.
    """
    sides = load_latents(run.folder / "latents" / "latents.npz")
    encoder, decoder = (load_network(run.folder / "model" / f"{name}.keras", run.config()) for name in MODELS)
    config = _changed(run.config(), settings)
    images, reason = _images(run)
    cloud = cloud_of(sides["train"])
    return TrainedModel(config, encoder, decoder, sides, cloud, images, run.title, reason)


def _changed(config: RunConfig, settings: dict[str, Any]) -> RunConfig:
    try:
        analysis = AnalysisConfig.model_validate(config.analysis.model_dump() | settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise SweepError(f"{first['loc'][0]} = {first['input']}: {first['msg']}") from None
    return config.model_copy(update={"analysis": analysis})


def _images(run: FinishedRun) -> tuple[ImageSet | None, str]:
    """The run's photographs, or else the reason why they are not at hand."""
    try:
        return run.images(), ""
    except DataError as error:
        return None, str(error)
