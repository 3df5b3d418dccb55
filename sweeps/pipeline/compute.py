"""One run, as steps from values to values: load, train, encode, score, sample, draw. Everything ends up in a folder.

Nothing here knows MLflow: the folder is recorded afterwards (`sweeps.tracking.recording`), so that a tracking store
which is down loses nothing. `result.json` is written last; a folder that has it is complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import keras

from cae import latents, model
from cae.checkpoints import newest_epoch, read_best
from cae.config import RunConfig
from cae.datasets import DataError, ImageSet, load, report
from cae.devices import accelerator
from cae.export import save_networks
from cae.model import Autoencoder
from cae.training import Epoch, Progress, train
from metrics import VERSION as METRICS_VERSION
from sweeps.files import read_json, write_json
from sweeps.pipeline import formation
from sweeps.pipeline.controls import gains, measure_controls, measure_elliptical
from sweeps.pipeline.draw import write_faces, write_judged
from sweeps.pipeline.folder import append_history, read_history
from sweeps.pipeline.formation import observe
from sweeps.pipeline.latents import LatentSplit, load_latents, save_latents
from sweeps.pipeline.measure import measure
from sweeps.pipeline.plots import write_measured
from sweeps.pipeline.reactions import map_reactions
from sweeps.pipeline.trained_model import TrainedModel, cloud_of


class Callbacks(Protocol):
    """What hears how a run goes on; it may raise, to stop it."""

    def on_step(self, step: str, part: str = "") -> None: ...

    def on_progress(self, p: Progress) -> None: ...

    def on_epoch(self, epoch: Epoch) -> None: ...


@dataclass
class Clock:
    """Seconds spent in each step."""

    callbacks: Callbacks
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Gives what tells which part of the step begins."""
        self.callbacks.on_step(name)
        start = time.perf_counter()
        yield partial(self.callbacks.on_step, name)
        self.seconds[name] = round(time.perf_counter() - start, 2)


def compute(
    config: RunConfig,
    folder: Path,
    title: str,
    callbacks: Callbacks,
    digest: str,
    replicates: Sequence[tuple[RunConfig, Path]] = (),
) -> dict[str, Any]:
    """Does the whole run in `folder` and returns the content of `result.json`; goes on where it was cut off.

    digest: of the images that the run was planned with. replicates: configuration and folder of runs of the same cell
    that are to be trained together with it, and with nothing more than that. Raises DataError where the images are
    others now.
    """
    done = read_json(folder / "result.json")
    if done is not None:
        return dict(done)
    clock = Clock(callbacks)
    write_json(folder / "config.json", config.model_dump(mode="json"))
    with clock.step("load"):
        images = planned_images(config, digest)
    with clock.step("control") as tell:
        autoencoder = untrained(config)
        controls = measure_controls(config, images, lambda: autoencoder.encoder, tell)
        observe(autoencoder, images, config, folder, 0)
    with clock.step("train"):
        fit_together(autoencoder, config, images, folder, clock.callbacks, replicates)
        fit(autoencoder, config, images, folder, clock.callbacks)
    with clock.step("encode"):
        sides = encode(autoencoder, images, folder)
    with clock.step("score") as tell:
        measured = measure(sides, config.analysis, tell)
        tell("an elliptical cloud of the same radii")
        controls |= measure_elliptical(sides["train"].sample, config)
        tell("innermost maps")
        reactions = map_reactions(autoencoder.encoder, images)
        tell("reconstructions")
        means = sides["test"].vectors
        if config.model.enforced[0] == "kl":
            means = latents.posterior_means(autoencoder.encoder, images.images, images.test)
        quality = latents.reconstruction(autoencoder.decoder, images, means)
        quality["mse_mean_image"] = latents.mean_image_error(images)
        if quality["mse_mean_image"] > 0:
            quality["explained"] = 1 - quality["mse"] / quality["mse_mean_image"]
        omitted = write_measured(measured, sides, controls.metrics, folder, title, tell)
    cloud = cloud_of(sides["train"])
    trained = TrainedModel(config, autoencoder.encoder, autoencoder.decoder, sides, cloud, images, title)
    with clock.step("draw") as tell:
        omitted |= write_faces(trained, folder, tell)
        save_networks(autoencoder, folder / "model")
    with clock.step("judge") as tell:
        judged = write_judged(trained, folder, tell)
    reconstruction = {f"reconstruction/{name}": value for name, value in quality.items()}
    metrics = measured.metrics | reconstruction | controls.metrics | reactions
    result = {
        "metrics": metrics | gains(metrics) | judged.metrics,
        "steps": measured.steps | formation.read(folder),
        "omitted": omitted | controls.omitted | judged.omitted,
        "generators": judged.rows(),
        "seconds": clock.seconds,
        "images": {"train": len(images.train), "held_out": len(images.test), "report": report.summary(images.report)},
        "epochs": epochs(folder),
        "data_digest": images.digest,
        "metrics_version": METRICS_VERSION,
        "versions": versions(),
        "backend": keras.config.backend(),
        "device": accelerator() or "CPU",
    }
    write_json(folder / "result.json", result)
    return result


def versions() -> dict[str, str]:
    """Of what the numbers come from."""
    backend = keras.config.backend()
    # Its own word: TensorFlow's package may have another name.
    return {name: version(name) for name in ("cae-mnd", "keras", "numpy", "scipy")} | {
        backend: str(import_module(backend).__version__)
    }


# --- load --------------------------------------------------------------------------------------------------------


def planned_images(config: RunConfig, digest: str) -> ImageSet:
    """The images of a run. Raises DataError where they are not those it was planned with."""
    images = load(config.data, recorded=[digest])
    if images.digest != digest:
        place = config.data.path or config.data.name
        raise DataError(
            f"{place}: the images changed since the plan (digest {images.digest}, not {digest}); run it again"
        )
    return images


# --- train -------------------------------------------------------------------------------------------------------


def untrained(config: RunConfig) -> Autoencoder:
    """The autoencoder before its first step, its weights drawn with training.seed."""
    return model.untrained(config.model, config.data.resolution, config.training)


def fit(autoencoder: Autoencoder, config: RunConfig, images: ImageSet, folder: Path, callbacks: Callbacks) -> None:
    """Trains it. The order of images and everything else random come from training.seed."""
    checkpoints = folder / "checkpoints"
    for epoch in train(autoencoder, images, config.training, checkpoints, callbacks.on_progress):
        append_history(folder, epoch)
        observe(autoencoder, images, config, folder, epoch.epoch)
        callbacks.on_epoch(epoch)


def fit_together(
    autoencoder: Autoencoder,
    config: RunConfig,
    images: ImageSet,
    folder: Path,
    callbacks: Callbacks,
    replicates: Sequence[tuple[RunConfig, Path]],
) -> None:
    """Trains it together with those replicates that are as far as it is; each is left with its last checkpoint."""
    start = newest_epoch(folder / "checkpoints")
    alike = [each for each in replicates if newest_epoch(each[1] / "checkpoints") == start]
    if not alike or start == config.training.epochs:
        return
    from cae.replicates import train_together

    runs = [(config, folder), *alike]
    networks = [autoencoder, *(untrained(other) for other, _ in alike)]
    for network, (other, place) in zip(networks, runs, strict=True):
        observe(network, images, other, place, 0)
    checkpoints = [place / "checkpoints" for _, place in runs]
    trainings = [other.training for other, _ in runs]
    for k, epoch in train_together(networks, images, trainings, checkpoints, callbacks.on_progress):
        append_history(runs[k][1], epoch)
        observe(networks[k], images, *runs[k], epoch.epoch)
        if k == 0:
            callbacks.on_epoch(epoch)


def epochs(folder: Path) -> dict[str, int]:
    """trained: how many; kept: the one whose weights the network has, which patience may have taken back."""
    trained, best = len(read_history(folder)), read_best(folder / "checkpoints")
    return {"trained": trained, "kept": best.epoch if best else trained}


# --- encode ------------------------------------------------------------------------------------------------------


def encode(autoencoder: Autoencoder, images: ImageSet, folder: Path) -> dict[str, LatentSplit]:
    """Latent vectors of both sides of the split, as they were written to `latents/latents.npz`."""
    train = latents.encode(autoencoder.encoder, images.images, images.train)
    test = latents.encode(autoencoder.encoder, images.images, images.test)
    save_latents(folder / "latents" / "latents.npz", images, train, test)
    return load_latents(folder / "latents" / "latents.npz")
