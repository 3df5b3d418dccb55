"""Jobs of this project and of plain Keras, on JAX or TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from benchmarks.accelerated.images import defaults, pixels
from benchmarks.accelerated.size import Size
from benchmarks.accelerated.timing import timed
from benchmarks.peers import plain_keras
from benchmarks.peers.work import BATCH, LEARNING_RATE, Work
from cae.convolutional import build_autoencoder
from cae.devices import accelerator
from cae.loops import compiled_module
from cae.loops.feed import Feed
from cae.loops.host import HostLoop
from cae.loops.order import Order, in_batches, in_turn
from cae.model import Autoencoder
from cae.optimizer import compile_model

Found = dict[str, Any]


def network(size: Size, precision: str = "bfloat16", seed: int = 0) -> Autoencoder:
    """Ours, ready to be trained."""
    keras.utils.set_random_seed(seed)
    model, training = defaults()
    model.maps = size.maps
    made = build_autoencoder(model, size.resolution, precision)
    compile_model(made.model, training, steps=1)
    return made


def shuffled(count: int, epoch: int) -> Order:
    return in_batches(np.random.default_rng(epoch).permutation(count), BATCH)


def mean_loss(told: Any, images: int) -> float:
    return float(sum(np.mean(loss) * done for done, loss in told) / images)


# --- training ------------------------------------------------------------------------------------------------------


def ours(size: Size, precision: str = "bfloat16", room: int | None = 1 << 40) -> Found:
    """Compiled epochs. room: 0 lets the images come block after block instead of lying in the device's memory."""
    images, model = pixels(size.images, size.resolution), network(size, precision).model
    loop = compiled_module().CompiledLoop(model, images, Feed(images, room))
    return timed(lambda k: mean_loss(loop.train(shuffled(size.images, k)), size.images), size.images, size.seconds)


def ours_streamed(size: Size) -> Found:
    return ours(size, room=0)


def ours_float32(size: Size) -> Found:
    return ours(size, "float32")


def single_steps(size: Size) -> Found:
    """The loop for CPUs: a call of Keras and a wait for the loss, batch by batch."""
    images = pixels(size.images, size.resolution)
    loop = HostLoop(network(size).model, images)
    return timed(lambda k: mean_loss(loop.train(shuffled(size.images, k)), size.images), size.images, size.seconds)


def fit(size: Size) -> Found:
    """Plain Keras: the same layers, its own loss and optimizer, model.fit with the images on the host."""
    images = pixels(size.images, size.resolution)
    keras.utils.set_random_seed(0)
    model = plain_keras.network(Work(size.resolution, "bfloat16"), size.maps)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=plain_keras._loss)

    def epoch(_: int) -> float:
        return float(model.fit(images, images, batch_size=BATCH, epochs=1, verbose=0).history["loss"][0])

    return timed(epoch, size.images, size.seconds)


def whole_training(size: Size) -> Found:
    """The goal's training: all images and epochs, compilation and the way to the device included."""
    images, model = pixels(size.all, size.resolution), network(size).model
    start = time.perf_counter()
    loop = compiled_module().CompiledLoop(model, images, Feed(images, 1 << 40))
    losses = [mean_loss(loop.train(shuffled(size.all, k)), size.all) for k in range(size.epochs)]
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "images": size.all, "epochs": size.epochs, "loss": losses[-1], "first_loss": losses[0]}


def seeds_together(size: Size, count: int = 4) -> Found:
    """Images per second of each seed's training, `count` trained as one program."""
    from cae.loops.jax_loop import StackedLoop

    images = pixels(size.images, size.resolution)
    models = [network(size, seed=seed).model for seed in range(count)]
    loop = StackedLoop(models, images, Feed(images, 1 << 40))

    def epoch(k: int) -> float:
        orders = [shuffled(size.images, 1_000 * seed + k) for seed in range(count)]
        return mean_loss(loop.train(orders), size.images)

    return timed(epoch, size.images, size.seconds) | {"seeds": count}


# --- encoding ------------------------------------------------------------------------------------------------------


def encoding(size: Size) -> Found:
    images, encoder = pixels(size.images, size.resolution), network(size).encoder
    feed, order = Feed(images, 1 << 40), in_turn(np.arange(size.images), 512)
    outputs = compiled_module().outputs
    return timed(lambda _: float(outputs(encoder, feed, order).std()), size.images, size.seconds)


# --- the device's own limits -----------------------------------------------------------------------------------------


def limits(size: Size) -> Found:
    """What the device multiplies and copies in a second, and what one step needs of both, as XLA counts it."""
    import jax
    from jax import numpy as jnp

    from cae.loops.jax_loop import read_state, train_steps

    one = jnp.asarray(np.random.default_rng(0).standard_normal((size.matrix, size.matrix)), jnp.bfloat16)
    product = _best_seconds(jax.jit(lambda a: a @ a), one)
    block = jnp.zeros((size.matrix, size.matrix * 16), jnp.bfloat16)
    copied = _best_seconds(jax.jit(lambda a: a + 1), block)
    model = network(size).model
    images = jnp.zeros((BATCH, size.resolution, size.resolution, 3), jnp.uint8)
    rows, turned = jnp.arange(BATCH)[None], jnp.zeros((1, BATCH), bool)
    step = jax.jit(lambda state: train_steps(model, state, images, rows, turned, 0, 1))
    cost = step.lower(read_state(model)).compile().cost_analysis()
    return {
        "device": accelerator() or "CPU",
        "flops": 2 * size.matrix**3 / product,
        "bytes_per_second": 2 * block.nbytes / copied,
        "step_flops": float(cost.get("flops", float("nan"))),
        "step_bytes": float(cost.get("bytes accessed", float("nan"))),
    }


def _best_seconds(function: Callable[[Any], Any], value: Any, times: int = 20) -> float:
    function(value).block_until_ready()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        function(value).block_until_ready()
        found.append(time.perf_counter() - start)
    return min(found)
