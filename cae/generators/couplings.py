"""A small normalizing flow of affine couplings, in Keras alone: at its start the identity."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from cae.generators.fitted import SEED

COUPLINGS, WIDTH = 6, 64
# Of the logarithm of the scale in one coupling: over all of them a coordinate is stretched by e^3 at most.
LARGEST_LOG_SCALE = 1.0


class Coupling(keras.layers.Layer):
    """Moves and scales the coordinates that `kept` (d,) marks with 0 by functions of those it marks with 1.

    The network behind the functions also sees the root mean square of what is kept: clouds whose size varies from point
    to point are then learned from few points. Source: RealNVP, Dinh et al. 2017.
    """

    def __init__(self, kept: np.ndarray, **layer: Any) -> None:
        super().__init__(**layer)
        self.kept = kept.astype(np.float32)
        # Named and seeded: Keras' own counters and random state stay as they are.
        settings = {"dtype": "float32"}
        start = keras.initializers.GlorotUniform(seed=SEED)
        self.hidden = keras.layers.Dense(WIDTH, "silu", kernel_initializer=start, name="hidden", **settings)
        self.out = keras.layers.Dense(2 * len(kept), kernel_initializer="zeros", name="out", **settings)

    def build(self, shape: Any) -> None:
        self.hidden.build((None, shape[-1] + 1))
        self.out.build((None, WIDTH))
        self.built = True

    def _log_scale_and_shift(self, points: Any) -> Any:
        seen = points * self.kept
        size = ops.sqrt(ops.sum(ops.square(seen), axis=-1, keepdims=True) / self.kept.sum() + 1e-6)
        raw, shift = ops.split(self.out(self.hidden(ops.concatenate([seen, size], axis=-1))), 2, axis=-1)
        moved = 1 - self.kept
        return moved * LARGEST_LOG_SCALE * ops.tanh(raw), moved * shift

    def call(self, points: Any) -> Any:
        """From data to noise: (n, d), and the logarithm (n,) of the volume's growth."""
        log_scale, shift = self._log_scale_and_shift(points)
        return points * ops.exp(log_scale) + shift, ops.sum(log_scale, axis=-1)

    def inverse(self, points: Any) -> Any:
        """From noise to data, (n, d)."""
        log_scale, shift = self._log_scale_and_shift(points)
        return (points - shift) * ops.exp(-log_scale)


class Flow(keras.Model):
    """Couplings in pairs, each over one random half of the coordinates and then over the other."""

    def __init__(self, dimensions: int) -> None:
        super().__init__(name="flow", dtype="float32")
        rng = np.random.default_rng(SEED)
        halves = [rng.permutation(dimensions) % 2 for _ in range(COUPLINGS // 2)]
        masks = [mask for half in halves for mask in (half, 1 - half)]
        self.couplings = [Coupling(mask, name=f"coupling_{i}", dtype="float32") for i, mask in enumerate(masks)]
        self.build((None, dimensions))

    def build(self, shape: Any) -> None:
        for coupling in self.couplings:
            coupling.build(shape)
        self.built = True

    def log_likelihood(self, points: Any) -> Any:
        """(n,), in nats and up to the constant of N(0, I)."""
        total = 0.0
        for coupling in self.couplings:
            points, growth = coupling(points)
            total = total + growth
        return total - ops.sum(ops.square(points), axis=-1) / 2

    def call(self, points: Any) -> Any:
        likelihood = self.log_likelihood(points)
        self.add_loss(-ops.mean(likelihood) / points.shape[-1])
        return likelihood

    def inverse(self, points: Any) -> Any:
        """Noise (n, d) as points of what was learned."""
        for coupling in reversed(self.couplings):
            points = coupling.inverse(points)
        return points
