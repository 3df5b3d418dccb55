"""Replicates of one cell, which differ in their seed, trained together as one program. Needs JAX as Keras' backend."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from cae.checkpoints import newest_epoch, restore
from cae.config import TrainingConfig
from cae.datasets.imageset import ImageSet
from cae.latent_layers import reseed
from cae.loops.feed import Feed
from cae.loops.jax_loop import StackedLoop
from cae.loops.order import in_batches
from cae.model import Autoencoder
from cae.training import Epoch, Progress, TrainingDiverged, TrainingState, begin, epoch_order, least_batch


def train_together(
    autoencoders: Sequence[Autoencoder],
    images: ImageSet,
    configs: Sequence[TrainingConfig],
    checkpoints: Sequence[Path],
    on_progress: Callable[[Progress], None] = lambda _: None,
    feed: Feed | None = None,
) -> Iterator[tuple[int, Epoch]]:
    """Trains all as `cae.training.train` would each of them, up to rounding; yields (which one, its finished epoch).

    One that diverges, or whose patience ends, is left at its last checkpoint, where `train` goes on and says so. Within
    an epoch the first comes last. on_progress: hears of the first. Raises Untrainable, TrainingDiverged of the first,
    and ValueError where the checkpoints are not all of the same epoch.
    """
    started = {newest_epoch(folder) for folder in checkpoints}
    if len(started) > 1:
        raise ValueError(f"checkpoints of different epochs cannot go on together: {sorted(started)}")
    states = [begin(*each) for each in zip(autoencoders, [images] * len(configs), configs, checkpoints, strict=True)]
    loop = StackedLoop([state.model for state in states], images.images, feed)
    held_out, least = in_batches(images.test, configs[0].batch_size), least_batch(states[0].model)
    for state, loss in zip(states, loop.test(held_out), strict=True):
        state.start_loss = float(loss)
        restore(state.model, state.checkpoints)
    going = dict(enumerate(states))
    for epoch in range(started.pop() + 1, configs[0].epochs + 1):
        going = {k: state for k, state in going.items() if not state.is_over(epoch)}
        if not going:
            return
        start, done, total = time.perf_counter(), 0, np.zeros(len(states))
        for state in states:
            reseed(state.model, state.config.seed, epoch)
        for count, losses in loop.train([epoch_order(images.train, c.config, epoch, least) for c in states]):
            done, total = done + count, total + losses * count
            going = _without_diverged(going, total / done, epoch)
            speed = done / (time.perf_counter() - start)
            on_progress(Progress(epoch, done, len(images.train), float(total[0] / done), speed))
        held_out_losses = loop.test(held_out)
        going = _without_diverged(going, held_out_losses, epoch, at_end=True)
        for k in sorted(going, reverse=True):
            yield k, Epoch(epoch, float(total[k] / done), float(held_out_losses[k]), speed)
            going[k].keep(epoch, float(held_out_losses[k]))


def _without_diverged(
    going: dict[int, TrainingState], losses: np.ndarray, epoch: int, at_end: bool = False
) -> dict[int, TrainingState]:
    """Those whose loss is in range. Raises TrainingDiverged where it is that of the first."""
    kept = {}
    for k, state in going.items():
        try:
            (state.check_end if at_end else state.check)(float(losses[k]), epoch)
            kept[k] = state
        except TrainingDiverged:
            if k == 0:
                raise
    return kept
