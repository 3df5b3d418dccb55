"""Train an autoencoder epoch by epoch; killed at any moment, it goes on after its last finished epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from cae.checkpoints import BEST, Best, read_best, restore, save, save_best
from cae.config import ONE_VALUE, TrainingConfig
from cae.datasets.imageset import ImageSet
from cae.latent_layers import reseed
from cae.loops import Loop, MakeLoop, fastest
from cae.loops.order import Order, batch_ends, in_batches
from cae.model import Autoencoder
from cae.optimizer import compile_model

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
    make_loop: MakeLoop = fastest,
) -> Iterator[Epoch]:
    """Trains in place and yields each finished epoch, from the one after the newest checkpoint in `checkpoints`.

    make_loop: how the steps are done, if not in the fastest way for the backend and device.
    Everything random depends on the seed and the epoch alone, so an interrupted training sees the same batches as one
    that was not. With `patience` the network ends with the weights of the epoch of the lowest held-out loss. Raises
    Untrainable for batches of one image of which batch norm leaves nothing; TrainingDiverged, also where the weights
    that stay leave the held-out images worse off than an untrained network.
    """
    state = begin(autoencoder, images, config, checkpoints)
    model = autoencoder.model
    loop, held_out = make_loop(model, images.images), in_batches(images.test, config.batch_size)
    state.start_loss = loop.test(held_out)
    for epoch in range(restore(model, checkpoints) + 1, config.epochs + 1):
        if state.is_over(epoch):
            break
        start = time.perf_counter()
        reseed(model, config.seed, epoch)
        for progress in _one_epoch(loop, epoch_order(images.train, config, epoch, least_batch(model)), epoch):
            state.check(progress.loss, epoch)
            on_progress(progress)
        seconds = time.perf_counter() - start
        held_out_loss = loop.test(held_out)
        state.check_end(held_out_loss, epoch)
        yield Epoch(epoch, progress.loss, held_out_loss, len(images.train) / seconds)
        # After the caller has written the epoch down: killed in between, the epoch is repeated, never lost.
        state.keep(epoch, held_out_loss)
    state.end()


def begin(autoencoder: Autoencoder, images: ImageSet, config: TrainingConfig, checkpoints: Path) -> TrainingState:
    """Readies the network for its training. Raises Untrainable."""
    model, count = autoencoder.model, len(images.train)
    least = least_batch(model)
    if min(config.batch_size, count) < least:
        raise Untrainable(f"training.batch_size: a batch of 1 image {ONE_VALUE}")
    compile_model(model, config, steps=config.epochs * len(batch_ends(count, config.batch_size, least)))
    return TrainingState(model, config, checkpoints, read_best(checkpoints) if config.patience else None)


@dataclass
class TrainingState:
    """One training between its epochs: whether it goes on, went wrong, and what stays of it.

    best: the epoch of the lowest held-out loss, with patience. start_loss: held out, of the untrained network.
    """

    model: keras.Model
    config: TrainingConfig
    checkpoints: Path
    best: Best | None = None
    start_loss: float = math.nan

    def is_over(self, epoch: int) -> bool:
        """Whether patience leaves this epoch out."""
        return self.best is not None and epoch - 1 - self.best.epoch >= self.config.patience

    def check(self, loss: float, epoch: int) -> None:
        """Raises TrainingDiverged."""
        _check(loss, epoch, self.config, self.start_loss, RISE)

    def check_end(self, held_out_loss: float, epoch: int) -> None:
        """Raises TrainingDiverged, also where the weights that stay are worse than none."""
        # With patience it is the best epoch that stays, and is looked at in the end.
        stays = epoch == self.config.epochs and not self.config.patience
        _check(held_out_loss, epoch, self.config, self.start_loss, RISE_AT_END if stays else RISE)

    def keep(self, epoch: int, held_out_loss: float) -> None:
        """Writes the epoch's weights to disk."""
        if self.config.patience and (self.best is None or held_out_loss < self.best.loss):
            self.best = save_best(self.model, self.checkpoints, Best(epoch, held_out_loss))
        save(self.model, self.checkpoints, epoch)

    def end(self) -> None:
        """Leaves the network with the weights that stay. Raises TrainingDiverged."""
        if self.best is not None:
            _check(self.best.loss, self.best.epoch, self.config, self.start_loss, RISE_AT_END)
            self.model.load_weights(self.checkpoints / BEST)


def epoch_order(rows: np.ndarray, config: TrainingConfig, epoch: int, least: int = 1) -> Order:
    """The order in which an epoch sees the images `rows`; it depends on the seed and the epoch alone."""
    shuffled = np.random.default_rng([config.seed, epoch]).permutation(rows)
    mirrored = np.random.default_rng([config.seed, epoch, 1]).random(len(rows)) < (0.5 if config.flips else 0)
    return in_batches(shuffled, config.batch_size, least, mirrored)


def _one_epoch(loop: Loop, order: Order, epoch: int) -> Iterator[Progress]:
    """Trains on every image once; tells the mean loss so far a few times a second, and at the end."""
    start = told = time.perf_counter()
    done, total, count = 0, 0.0, len(order.rows)
    for images, loss in loop.train(order):
        done, total, now = done + images, total + loss * images, time.perf_counter()
        if now - told > 0.3 or done == count:
            told = now
            yield Progress(epoch, done, count, total / done, done / (now - start))


def least_batch(model: keras.Model) -> int:
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
