"""Train an autoencoder epoch by epoch; killed at any moment, it goes on after its last finished epoch."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae.config import TrainingConfig
from cae.datasets.imageset import ImageSet
from cae.model import Autoencoder

# Learning rate of the last step over that of the first, for the exponential schedule.
EXPONENTIAL_END = 0.01


class TrainingDiverged(RuntimeError):
    """The loss became NaN or infinite; the message names the epoch and the likely cause."""


@dataclass(frozen=True)
class Progress:
    """Where the training stands: `done` of `total` images of the 1-based `epoch`; `loss` so far in this epoch."""

    epoch: int
    done: int
    total: int
    loss: float
    images_per_second: float


@dataclass(frozen=True)
class Epoch:
    """A finished epoch (1-based): mean losses over the training images and, after it, over the held-out ones."""

    epoch: int
    loss: float
    held_out_loss: float
    images_per_second: float


class Batches(keras.utils.PyDataset):
    """Batches of uint8 images as (input, target), in the given order of indices into a memory map."""

    def __init__(self, images: np.ndarray, order: np.ndarray, batch_size: int) -> None:
        super().__init__()
        self.images, self.order, self.batch_size = images, order, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        # Reading a memory map in ascending order spares the disk; the order inside a batch does not matter.
        batch = self.images[np.sort(self.order[i * self.batch_size : (i + 1) * self.batch_size])]
        return batch, batch


def train(
    autoencoder: Autoencoder,
    images: ImageSet,
    config: TrainingConfig,
    checkpoints: Path,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Epoch]:
    """Trains in place and yields each finished epoch, from the one after the newest checkpoint in `checkpoints`.

    The order of the images depends on the seed and the epoch alone, so an interrupted training sees the same batches
    as one that was not. Raises TrainingDiverged.
    """
    model = autoencoder.model
    model.compile(optimizer=_optimizer(config, len(images.train)), loss=LOSSES[config.loss], jit_compile=False)
    held_out = Batches(images.images, images.test, config.batch_size)
    for epoch in range(restore(model, checkpoints) + 1, config.epochs + 1):
        order = np.random.default_rng([config.seed, epoch]).permutation(images.train)
        watch = _Watch(epoch, len(order), config, on_progress)
        model.fit(Batches(images.images, order, config.batch_size), shuffle=False, verbose=0, callbacks=[watch])
        held_out_loss = float(model.evaluate(held_out, verbose=0))
        watch.check(held_out_loss)
        yield Epoch(epoch, watch.loss, held_out_loss, len(order) / watch.seconds)
        # After the caller has written the epoch down: killed in between, the epoch is repeated, never lost.
        save(model, checkpoints, epoch)


def binary_crossentropy(pixels: Any, pictures: Any) -> Any:
    """Mean binary cross-entropy per colour value, natural logarithm. pixels: uint8; pictures: float in [0, 1]."""
    return keras.ops.mean(keras.losses.binary_crossentropy(_unit(pixels), pictures))


def mean_squared_error(pixels: Any, pictures: Any) -> Any:
    """Mean squared error per colour value, for colours in [0, 1]. pixels: uint8; pictures: float in [0, 1]."""
    return keras.ops.mean(keras.losses.mean_squared_error(_unit(pixels), pictures))


LOSSES = {"bce": binary_crossentropy, "mse": mean_squared_error}


def _unit(pixels: Any) -> Any:
    return keras.ops.cast(pixels, "float32") / 255.0


def _optimizer(config: TrainingConfig, count: int) -> keras.optimizers.Optimizer:
    steps = config.epochs * math.ceil(count / config.batch_size)
    schedules: dict[str, Any] = {
        "constant": config.learning_rate,
        "cosine": keras.optimizers.schedules.CosineDecay(config.learning_rate, steps),
        "exponential": keras.optimizers.schedules.ExponentialDecay(config.learning_rate, steps, EXPONENTIAL_END),
    }
    return keras.optimizers.Adam(schedules[config.schedule])


def save(model: keras.Model, folder: Path, epoch: int) -> None:
    """Writes weights and optimizer state after `epoch`, whole or not at all, and drops older checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    older = list(folder.glob("*.weights.h5"))
    unfinished = folder / "unfinished.weights.h5"
    model.save_weights(unfinished, overwrite=True)
    os.replace(unfinished, folder / f"epoch-{epoch:05d}.weights.h5")
    for path in older:
        path.unlink(missing_ok=True)


def restore(model: keras.Model, folder: Path) -> int:
    """Loads the newest checkpoint of a compiled model and returns its epoch; 0 where there is none."""
    newest = max(folder.glob("epoch-*.weights.h5"), default=None)
    if newest is None:
        return 0
    model.optimizer.build(model.trainable_variables)
    model.load_weights(newest)
    return int(newest.name.split(".")[0].removeprefix("epoch-"))


class _Watch(keras.callbacks.Callback):
    """Reports progress and stops at a non-finite loss, looking a few times a second so that it costs nothing."""

    def __init__(self, epoch: int, total: int, config: TrainingConfig, on_progress: Callable[[Progress], None]) -> None:
        super().__init__()
        self.epoch, self.total, self.config, self.on_progress = epoch, total, config, on_progress
        self.start = self.last = time.perf_counter()
        self.loss, self.seconds = math.nan, math.nan

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if time.perf_counter() - self.last > 0.3:
            self._report(min((batch + 1) * self.config.batch_size, self.total), logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds = time.perf_counter() - self.start
        self._report(self.total, logs)

    def _report(self, done: int, logs: dict[str, Any] | None) -> None:
        self.last = time.perf_counter()
        self.loss = float((logs or {})["loss"])
        self.check(self.loss)
        self.on_progress(Progress(self.epoch, done, self.total, self.loss, done / (self.last - self.start)))

    def check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"the loss became {loss} in epoch {self.epoch}: the likely cause is training.learning_rate "
                f"{self.config.learning_rate:g}; try {self.config.learning_rate / 10:g}, or training.precision float32"
            )
