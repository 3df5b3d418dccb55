"""One run, as steps from values to values: load, train, encode, score, sample, draw. Everything ends up in a folder.

Nothing here knows MLflow: the folder is recorded afterwards (`sweeps.record`), so that a tracking store which is down
loses nothing. `result.json` is written last; a folder that has it is complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae import faces, latents, sampling
from cae.config import RunConfig
from cae.datasets import ImageSet, load, report
from cae.model import Autoencoder, build_autoencoder, summary
from cae.training import Epoch, Progress, train
from metrics import VERSION as METRICS_VERSION
from sweeps.files import read_json, write_json
from sweeps.measure import Side, load_latents, measure, save_latents
from sweeps.plots import write_measured

HELD_OUT_SEED = 20240808
PREVIEW_PICTURES = 8


@dataclass(frozen=True)
class Listener:
    """What a caller wants to hear while a run goes on."""

    on_step: Callable[[str], None] = lambda _: None
    on_progress: Callable[[Progress], None] = lambda _: None
    on_epoch: Callable[[Epoch], None] = lambda _: None


@dataclass
class Clock:
    """Seconds spent in each step."""

    listener: Listener
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.listener.on_step(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def compute(config: RunConfig, folder: Path, title: str, listener: Listener | None = None) -> dict[str, Any]:
    """Does the whole run in `folder` and returns the content of `result.json`; goes on where it was cut off."""
    done = read_json(folder / "result.json")
    if done is not None:
        return dict(done)
    clock = Clock(listener or Listener())
    write_json(folder / "config.json", config.model_dump(mode="json"))
    with clock.step("load"):
        images = load(config.data)
    with clock.step("train"):
        autoencoder = fit(config, images, folder, clock.listener)
    with clock.step("encode"):
        sides = encode(autoencoder, images, folder)
    with clock.step("score"):
        measured = measure(sides, config.analysis)
        quality = latents.reconstruction(autoencoder.decoder, images, sides["test"].vectors)
    with clock.step("draw"):
        draw_faces(config, autoencoder, images, sides, folder, title)
        omitted = write_measured(measured, sides, folder, title)
        save_models(autoencoder, folder / "model")
    result = {
        "metrics": measured.metrics | {f"reconstruction/{name}": value for name, value in quality.items()},
        "steps": measured.steps,
        "omitted": omitted,
        "seconds": clock.seconds,
        "images": {"train": len(images.train), "held_out": len(images.test), "report": report.summary(images.report)},
        "data_digest": images.digest,
        "metrics_version": METRICS_VERSION,
        "versions": {name: version(name) for name in ("cae-mnd", "keras", "tensorflow", "numpy", "scipy")},
    }
    write_json(folder / "result.json", result)
    return result


# --- train -------------------------------------------------------------------------------------------------------


def fit(config: RunConfig, images: ImageSet, folder: Path, listener: Listener) -> Autoencoder:
    """The trained autoencoder. Weights, order of images and everything else random come from training.seed."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(config.training.seed)
    autoencoder = build_autoencoder(config.model, config.data.resolution, config.training.precision)
    checkpoints = folder / "checkpoints"
    for epoch in train(autoencoder, images, config.training, checkpoints, listener.on_progress):
        append_history(folder, epoch)
        listener.on_epoch(epoch)
    return autoencoder


def append_history(folder: Path, epoch: Epoch) -> None:
    """Adds a finished epoch and the time in milliseconds to `history.json`, in place of the same epoch before."""
    row = asdict(epoch) | {"timestamp": int(time.time() * 1000)}
    write_json(folder / "history.json", [*(r for r in read_history(folder) if r["epoch"] < epoch.epoch), row])


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The finished epochs in order."""
    return list(read_json(folder / "history.json") or [])


# --- encode ------------------------------------------------------------------------------------------------------


def encode(autoencoder: Autoencoder, images: ImageSet, folder: Path) -> dict[str, Side]:
    """Latent vectors of both sides of the split, as they were written to `latents/latents.npz`."""
    train = latents.encode(autoencoder.encoder, images.images, images.train)
    test = latents.encode(autoencoder.encoder, images.images, images.test)
    save_latents(folder / "latents" / "latents.npz", images, train, test)
    return load_latents(folder / "latents" / "latents.npz")


# --- sample, draw ------------------------------------------------------------------------------------------------


def draw_faces(
    config: RunConfig, autoencoder: Autoencoder, images: ImageSet, sides: dict[str, Side], folder: Path, title: str
) -> None:
    """`faces/NAME.png`, labelled grids, and `previews/NAME.png`, the first eight pictures of each without words."""
    cloud = sampling.describe(sides["train"].vectors)
    count = config.analysis.images_per_grid
    shown = np.random.default_rng(HELD_OUT_SEED).permutation(len(images.test))[:count]
    originals = images.images[images.test[shown]]
    copies = latents.decode(autoencoder.decoder, sides["test"].vectors[shown])
    faces.save_png(
        faces.pairs(originals, copies, "reconstruction", f"{title}  ·  the same held-out images in every run"),
        folder / "faces" / "reconstruction.png",
    )
    preview(np.concatenate([originals[:4], copies[:4]]), folder, "reconstruction")
    draws = sampling.standard_normal_draws(count, config.model.latent_dim)
    for method in config.analysis.sampling:
        points = sampling.sample(method, cloud, draws, config.analysis)
        pictures = latents.decode(autoencoder.decoder, points)
        words = f"{title}  ·  {sampling.explain(method, cloud, config.analysis)}"
        faces.save_png(faces.grid(pictures, method, words), folder / "faces" / f"{method}.png")
        preview(pictures, folder, method)
    ends = np.stack([cloud.mean, np.zeros_like(cloud.mean)]).astype(np.float32)
    pair = faces.grid(latents.decode(autoencoder.decoder, ends), "center", title, captions=["center", "origin"])
    faces.save_png(pair, folder / "faces" / "center.png")


def preview(pictures: np.ndarray, folder: Path, name: str) -> None:
    """A picture small enough for MLflow's image chart, which shrinks everything to 256 pixels."""
    faces.save_png(faces.tiles(pictures[:PREVIEW_PICTURES]), folder / "previews" / f"{name}.png")


def save_models(autoencoder: Autoencoder, folder: Path) -> None:
    """`encoder.keras`, `decoder.keras` (Keras 3 files, loaded in safe mode) and `summary.txt`."""
    folder.mkdir(exist_ok=True)
    autoencoder.encoder.save(folder / "encoder.keras")
    autoencoder.decoder.save(folder / "decoder.keras")
    (folder / "summary.txt").write_text(summary(autoencoder), encoding="utf-8")
