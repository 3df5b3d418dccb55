"""Many steps in one program of JAX: Keras' own step, as a function of the network's state, in a loop on the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from cae.loops.chunks import chunks
from cae.loops.feed import Feed
from cae.loops.order import Order

# Trainable and other variables of the network, the optimizer's, those of its running mean loss.
State = tuple[list[Any], list[Any], list[Any], list[Any]]


class CompiledLoop:
    """See `cae.loops.Loop`. feed: where the images come from, if not from `images`."""

    def __init__(self, model: keras.Model, images: np.ndarray, feed: Feed | None = None) -> None:
        self._model, self._feed = model, feed or Feed(images)
        self._steps = jax.jit(partial(train_steps, model), donate_argnums=0)
        self._test = jax.jit(partial(test_steps, model))

    def train(self, order: Order) -> Iterator[tuple[int, float]]:
        state = read_state(self._model)
        # Not after an error: it may have come while a program was using the state up.
        with suppress(GeneratorExit):
            for block in self._feed.blocks(order):
                for start, end in chunks(block.count):
                    state, loss = self._steps(state, block.pixels, block.rows, block.mirrored, start, end)
                    yield (end - start) * block.rows.shape[1], float(loss)
        write_state(self._model, state)

    def test(self, order: Order) -> float:
        trainable, others, _, means = read_state(self._model)
        total = 0.0
        for block in self._feed.blocks(order):
            loss = self._test((trainable, others, means), block.pixels, block.rows, block.count)
            total += float(loss) * block.count * block.rows.shape[1]
        return total / len(order.rows)


class StackedLoop:
    """Trains k compiled models of one architecture as one program, each on its own order of the same images.

    `train` and `test` are those of `cae.loops.Loop`, with k orders and k losses.
    """

    def __init__(self, models: Sequence[keras.Model], images: np.ndarray, feed: Feed | None = None) -> None:
        self._models, self._feed = models, feed or Feed(images)
        one, shared = models[0], None if self._feed.fits else 0
        axes = (0, shared, 0, 0, None, None)
        self._steps = jax.jit(jax.vmap(partial(train_steps, one), in_axes=axes), donate_argnums=0)
        self._test = jax.jit(jax.vmap(partial(test_steps, one), in_axes=(0, None, None, None)))

    def train(self, orders: Sequence[Order]) -> Iterator[tuple[int, np.ndarray]]:
        state = _stacked([read_state(model) for model in self._models])
        with suppress(GeneratorExit):
            for blocks in zip(*[self._feed.blocks(order) for order in orders], strict=True):
                first = blocks[0]
                pixels = first.pixels if self._feed.fits else jnp.stack([block.pixels for block in blocks])
                rows, mirrored = (jnp.stack([getattr(b, name) for b in blocks]) for name in ("rows", "mirrored"))
                for start, end in chunks(first.count):
                    state, losses = self._steps(state, pixels, rows, mirrored, start, end)
                    yield (end - start) * first.rows.shape[1], np.asarray(losses)
        for k, model in enumerate(self._models):
            write_state(model, jax.tree.map(lambda value, k=k: value[k], state))

    def test(self, order: Order) -> np.ndarray:
        trainable, others, _, means = _stacked([read_state(model) for model in self._models])
        total = np.zeros(len(self._models))
        for block in self._feed.blocks(order):
            losses = self._test((trainable, others, means), block.pixels, block.rows, block.count)
            total += np.asarray(losses) * block.count * block.rows.shape[1]
        return total / len(order.rows)


def _stacked(states: Sequence[State]) -> State:
    return jax.tree.map(lambda *values: jnp.stack(values), *states)


def train_steps(
    model: keras.Model, state: State, pixels: Any, rows: Any, mirrored: Any, start: Any, end: Any
) -> tuple[State, Any]:
    """The state after batches `start` ... `end` - 1, and the mean loss over their images. A pure function."""
    state = (*state[:3], [jnp.zeros_like(value) for value in state[3]])

    def body(i: Any, state: State) -> State:
        batch = pixels[rows[i]]
        batch = jnp.where(mirrored[i][:, None, None, None], batch[:, :, ::-1], batch)
        _, after = model.train_step(state, (batch, batch))
        return after

    state = jax.lax.fori_loop(start, end, body, state)
    return state, mean_loss(model, state[3])


def test_steps(model: keras.Model, state: Any, pixels: Any, rows: Any, end: Any) -> Any:
    """The mean loss over the images of batches 0 ... `end` - 1. A pure function."""
    trainable, others, means = state

    def body(i: Any, means: Any) -> Any:
        batch = pixels[rows[i]]
        _, (_, _, after) = model.test_step((trainable, others, means), (batch, batch))
        return after

    return mean_loss(model, jax.lax.fori_loop(0, end, body, [jnp.zeros_like(value) for value in means]))


def mean_loss(model: keras.Model, means: list[Any]) -> Any:
    """What Keras' running mean of the loss says."""
    with keras.StatelessScope(list(zip(model.metrics_variables, means, strict=True))):
        return model.get_metrics_result()["loss"]


def read_state(model: keras.Model) -> State:
    """A copy of the state of a compiled model, as a program may use up what it is given."""
    groups = _variables(model)
    first, second, third, fourth = ([jnp.array(variable.value) for variable in group] for group in groups)
    return first, second, third, fourth


def write_state(model: keras.Model, state: State) -> None:
    for group, values in zip(_variables(model), state, strict=True):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)


def _variables(model: keras.Model) -> tuple[list[Any], ...]:
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables


def outputs(network: keras.Model, feed: Feed, order: Order) -> np.ndarray:
    """float32 (n, d): what the network makes of the images, in the order of `order`."""
    state = ([v.value for v in network.trainable_variables], [v.value for v in network.non_trainable_variables])
    forward = jax.jit(lambda state, pixels, rows: network.stateless_call(*state, pixels[rows], training=False)[0])
    coming = [forward(state, b.pixels, b.rows[i]) for b in feed.blocks(order) for i in range(b.count)]
    return np.concatenate([np.asarray(part) for part in coming])
