"""How an epoch's steps are done: batch by batch from the host, or in compiled programs on an accelerator.

All give the same results up to rounding. They take plain values, so that they run where nothing but Keras, NumPy and
its backend is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol

import keras
import numpy as np

from cae.devices import accelerator
from cae.loops.feed import Feed
from cae.loops.host import HostLoop
from cae.loops.order import Order


class Loop(Protocol):
    """Trains and tests one compiled `Autoencoder.model` on one set of images, uint8 (n, h, w, 3)."""

    def train(self, order: Order) -> Iterator[tuple[int, float]]:
        """One step for each batch; gives now and then how many images are done since the last time and their mean loss.

        The model has its new weights when this is exhausted or closed.
        """

    def test(self, order: Order) -> float:
        """The mean loss of these images, without training."""


MakeLoop = Callable[[keras.Model, np.ndarray], Loop]


def fastest(model: keras.Model, images: np.ndarray) -> Loop:
    """The loop for the backend and device at hand. A CPU is kept busy by single steps, an accelerator is not."""
    compiled = compiled_module() if accelerator() else None
    return compiled.CompiledLoop(model, images) if compiled else HostLoop(model, images)


Outputs = Callable[[keras.Model, Feed, Order], np.ndarray]


def fastest_outputs() -> Outputs | None:
    """What computes a network's outputs without waiting for each batch; None where that is no faster."""
    compiled = compiled_module() if accelerator() else None
    return compiled.outputs if compiled else None


def compiled_module() -> Any:
    """The module with this backend's `CompiledLoop` and `outputs`; None where it has none."""
    names = {"jax": "cae.loops.jax_loop", "tensorflow": "cae.loops.tensorflow_loop"}
    name = names.get(keras.config.backend())
    return import_module(name) if name else None
