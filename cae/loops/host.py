"""Batch by batch from the host: any backend, any device."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from cae.loops.order import Order, batches


class HostLoop:
    """One call of Keras for each batch, which waits for its loss.

    Not model.fit: when it ends, tf.data's autotuning holds it back until its next look, which comes at doubling
    intervals (1.3, 2.6, 5.1, 10.2 s), so that an epoch took up to twice its time.
    """

    def __init__(self, model: keras.Model, images: np.ndarray) -> None:
        self._model, self._images = model, images

    def train(self, order: Order) -> Iterator[tuple[int, float]]:
        for batch in batches(self._images, order):
            yield len(batch), step(self._model, batch)

    def test(self, order: Order) -> float:
        losses = (float(self._model.test_on_batch(b, b)) * len(b) for b in batches(self._images, order))
        return sum(losses) / len(order.rows)


def step(model: keras.Model, batch: np.ndarray) -> float:
    """Trains a compiled `Autoencoder.model` on one batch, uint8 (n, h, w, 3); its mean loss before that."""
    pixels = keras.ops.convert_to_tensor(batch)  # once, for input and target
    return float(model.train_on_batch(pixels, pixels))
