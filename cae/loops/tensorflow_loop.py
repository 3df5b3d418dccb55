"""Many steps in one function of TensorFlow: Keras' own step in a loop on the device, compiled by XLA on a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cae.devices import accelerator
from cae.loops.chunks import chunks
from cae.loops.feed import Feed
from cae.loops.order import Order


class CompiledLoop:
    """See `cae.loops.Loop`. feed: where the images come from, if not from `images`. xla: null where it is a GPU."""

    def __init__(
        self, model: keras.Model, images: np.ndarray, feed: Feed | None = None, xla: bool | None = None
    ) -> None:
        self._model, self._feed = model, feed or Feed(images)
        compiled = bool(accelerator()) if xla is None else xla
        self._steps = tf.function(self._train_steps, jit_compile=compiled, autograph=False)
        self._tests = tf.function(self._test_steps, jit_compile=compiled, autograph=False)

    def train(self, order: Order) -> Iterator[tuple[int, float]]:
        for block in self._feed.blocks(order):
            for start, end in chunks(block.count):
                self._model.reset_metrics()
                loss = self._steps(block.pixels, block.rows, block.mirrored, tf.constant(start), tf.constant(end))
                yield (end - start) * block.rows.shape[1], float(loss)

    def test(self, order: Order) -> float:
        total = 0.0
        for block in self._feed.blocks(order):
            self._model.reset_metrics()
            loss = self._tests(block.pixels, block.rows, tf.constant(block.count))
            total += float(loss) * block.count * block.rows.shape[1]
        return total / len(order.rows)

    def _train_steps(self, pixels: Any, rows: Any, mirrored: Any, start: Any, end: Any) -> Any:
        def body(i: Any) -> tuple[Any]:
            batch = tf.gather(pixels, rows[i])
            batch = tf.where(mirrored[i][:, None, None, None], batch[:, :, ::-1], batch)
            self._model.train_step((batch, batch))
            return (i + 1,)

        return self._loop(body, start, end)

    def _test_steps(self, pixels: Any, rows: Any, end: Any) -> Any:
        def body(i: Any) -> tuple[Any]:
            batch = tf.gather(pixels, rows[i])
            self._model.test_step((batch, batch))
            return (i + 1,)

        return self._loop(body, tf.constant(0), end)

    def _loop(self, body: Any, start: Any, end: Any) -> Any:
        done = tf.while_loop(lambda i: i < end, body, (start,), parallel_iterations=1)
        with tf.control_dependencies(done):
            return self._model.get_metrics_result()["loss"]


def outputs(network: keras.Model, feed: Feed, order: Order) -> np.ndarray:
    """float32 (n, d): what the network makes of the images, in the order of `order`."""
    forward = tf.function(lambda pixels, rows: network(tf.gather(pixels, rows), training=False), autograph=False)
    coming = [forward(b.pixels, b.rows[i]) for b in feed.blocks(order) for i in range(b.count)]
    return np.concatenate([part.numpy() for part in coming])
