"""Train an autoencoder epoch by epoch; killed at any moment, it goes on after its last finished epoch."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from cae.config import ONE_VALUE, TrainingConfig
from cae.datasets.imageset import ImageSet
from cae.latent_layers import reseed
from cae.losses import LOSSES
from cae.model import Autoencoder
from cae.optimizer import optimizer

# A loss that is so many times that of the untrained network, in the middle of a training or at its end, has left the
# range it started in. A first epoch may raise it a little, and a network of one gray ends where it began.
RISE, RISE_AT_END = 10, 1.5
DEFAULT_RATE = TrainingConfig().learning_rate


class TrainingDiverged(RuntimeError):
    """The loss is no number, negative, or far above where it started; the message says when, and the likely cause."""


class Untrainable(ValueError):
    """What the network cannot learn from; the message says why, and what to change."""


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
    """A finished epoch (1-based): mean losses over the training images and, after it, over the held-out ones.

    With kl_weight > 0 both contain the weighted KL term per color value, and the reconstruction is that of random
    points of the posterior distributions in `loss`, that of their means in `held_out_loss`.
    """

    epoch: int
    loss: float
    held_out_loss: float
    images_per_second: float


def train(
    autoencoder: Autoencoder,
    images: ImageSet,
    config: TrainingConfig,
    checkpoints: Path,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Epoch]:
    """Trains in place and yields each finished epoch, from the one after the newest checkpoint in `checkpoints`.

    Everything random depends on the seed and the epoch alone, so an interrupted training sees the same batches as one
    that was not. With `patience` the network ends with the weights of the epoch of the lowest held-out loss. Raises
    Untrainable for batches of one image of which batch norm leaves nothing; TrainingDiverged, also where the weights
    that stay leave the held-out images worse off than an untrained network.
    """
    model = autoencoder.model
    least = _least(model)
    if min(config.batch_size, len(images.train)) < least:
        raise Untrainable(f"training.batch_size: a batch of 1 image {ONE_VALUE}")
    compile_model(model, config, steps=config.epochs * len(_ends(len(images.train), config.batch_size, least)))
    start_loss = _held_out_loss(model, images, config)
    best = read_best(checkpoints) if config.patience else None
    for epoch in range(restore(model, checkpoints) + 1, config.epochs + 1):
        if best is not None and epoch - 1 - best.epoch >= config.patience:
            break
        start = time.perf_counter()
        for progress in _one_epoch(model, images, config, epoch):
            _check(progress.loss, epoch, config, start_loss, RISE)
            on_progress(progress)
        seconds = time.perf_counter() - start
        held_out_loss = _held_out_loss(model, images, config)
        # With patience it is the best epoch that stays, and is looked at in the end.
        stays = epoch == config.epochs and not config.patience
        _check(held_out_loss, epoch, config, start_loss, RISE_AT_END if stays else RISE)
        yield Epoch(epoch, progress.loss, held_out_loss, len(images.train) / seconds)
        # After the caller has written the epoch down: killed in between, the epoch is repeated, never lost.
        if config.patience and (best is None or held_out_loss < best.loss):
            best = save_best(model, checkpoints, Best(epoch, held_out_loss))
        save(model, checkpoints, epoch)
    if best is not None:
        _check(best.loss, best.epoch, config, start_loss, RISE_AT_END)
        model.load_weights(checkpoints / BEST)


def compile_model(model: keras.Model, config: TrainingConfig, steps: int) -> None:
    """Readies `Autoencoder.model` for `steps` steps of training. XLA would halve the speed on a CPU."""
    chosen = optimizer(config, steps, model.trainable_variables)
    model.compile(optimizer=chosen, loss=LOSSES[config.loss], jit_compile=False)


def step(model: keras.Model, batch: np.ndarray) -> float:
    """Trains a compiled `Autoencoder.model` on one batch, uint8 (n, h, w, 3); its mean loss before that."""
    pixels = keras.ops.convert_to_tensor(batch)  # once, for input and target
    return float(model.train_on_batch(pixels, pixels))


def batches(images: np.ndarray, order: np.ndarray, size: int, least: int = 1) -> Iterator[np.ndarray]:
    """uint8 (at most size, h, w, 3): the images at the indices `order`, batch by batch, read from a memory map.

    A last batch of fewer than `least` joins the one before it.
    """
    start = 0
    for end in _ends(len(order), size, least):
        # In ascending order, which spares the disk; the order inside a batch does not matter.
        yield images[np.sort(order[start:end])]
        start = end


def _ends(count: int, size: int, least: int) -> list[int]:
    """Where each batch ends."""
    ends = [*range(size, count, size), count]
    if len(ends) > 1 and count - ends[-2] < least:
        del ends[-2]
    return ends


def _least(model: keras.Model) -> int:
    """Images that a batch needs: two where batch norm has one value of each per channel, which is its own mean."""
    return 2 if any(_has_one_value(layer) for layer in _layers(model)) else 1


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _has_one_value(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization) and math.prod(layer.input.shape[1:-1]) == 1


def _one_epoch(model: keras.Model, images: ImageSet, config: TrainingConfig, epoch: int) -> Iterator[Progress]:
    """Trains on every image once; tells the mean loss so far a few times a second, and at the end.

    Not model.fit: when it ends, tf.data's autotuning holds it back until its next look, which comes at doubling
    intervals (1.3, 2.6, 5.1, 10.2 s), so that an epoch took up to twice its time.
    """
    order, least = np.random.default_rng([config.seed, epoch]).permutation(images.train), _least(model)
    mirrored = np.random.default_rng([config.seed, epoch, 1]).random(len(order)) < (0.5 if config.flips else 0)
    reseed(model, config.seed, epoch)
    start = told = time.perf_counter()
    done, total = 0, 0.0
    for batch in batches(images.images, order, config.batch_size, least):
        flipped = mirrored[done : done + len(batch)]
        batch[flipped] = batch[flipped, :, ::-1]
        total += step(model, batch) * len(batch)
        done += len(batch)
        now = time.perf_counter()
        if now - told > 0.3 or done == len(order):
            told = now
            yield Progress(epoch, done, len(order), total / done, done / (now - start))


def _held_out_loss(model: keras.Model, images: ImageSet, config: TrainingConfig) -> float:
    test = batches(images.images, images.test, config.batch_size)
    return sum(float(model.test_on_batch(batch, batch)) * len(batch) for batch in test) / len(images.test)


def _check(loss: float, epoch: int, config: TrainingConfig, start_loss: float, rise: float) -> None:
    # Gray images are next to no loss for an untrained network.
    if 0 <= loss <= rise * max(start_loss, 0.01):
        return
    what = f"became {loss:.4g} in epoch {epoch}, from {start_loss:.4g} before the training"
    rate = min(config.learning_rate / 10, DEFAULT_RATE)
    raise TrainingDiverged(
        f"the training diverged: the loss {what}; the likely cause is training.learning_rate "
        f"{config.learning_rate:g}: try {rate:g}, or training.precision float32"
    )


def save(model: keras.Model, folder: Path, epoch: int) -> None:
    """Writes weights and optimizer state after `epoch`, whole or not at all, and drops older checkpoints."""
    older = [path for path in folder.glob("epoch-*.weights.h5") if path.name != _file(epoch)]
    _save_weights(model, folder / _file(epoch))
    for path in older:
        path.unlink(missing_ok=True)


def _file(epoch: int) -> str:
    return f"epoch-{epoch:05d}.weights.h5"


def _save_weights(model: keras.Model, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name("unfinished.weights.h5")
    model.save_weights(unfinished, overwrite=True)
    os.replace(unfinished, path)


def restore(model: keras.Model, folder: Path) -> int:
    """Loads the newest checkpoint of a compiled model and returns its epoch; 0 where there is none."""
    newest = max(folder.glob("epoch-*.weights.h5"), default=None)
    if newest is None:
        return 0
    model.load_weights(newest)
    return int(newest.name.split(".")[0].removeprefix("epoch-"))


# --- the best epoch --------------------------------------------------------------------------------------------------

BEST, BEST_LOSS = "best.weights.h5", "best.json"


@dataclass(frozen=True)
class Best:
    """The epoch of the lowest held-out loss so far."""

    epoch: int
    loss: float


def save_best(model: keras.Model, folder: Path, best: Best) -> Best:
    """Writes weights and which epoch they are of. Killed in between, that epoch is repeated, and so is this."""
    _save_weights(model, folder / BEST)
    unfinished = folder / f"unfinished-{BEST_LOSS}"
    unfinished.write_text(json.dumps(asdict(best)), encoding="utf-8")
    os.replace(unfinished, folder / BEST_LOSS)
    return best


def read_best(folder: Path) -> Best | None:
    """What `save_best` wrote; None where there is none."""
    path = folder / BEST_LOSS
    return Best(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
