"""What stands behind the latent layer where a distribution is enforced: a posterior, or a penalty."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from cae.penalties import PENALTIES


@keras.saving.register_keras_serializable(package="cae")
class Posterior(keras.layers.Layer):
    """In training one point of each image's N(mean, exp(log_variance)), elsewhere its mean (Kingma and Welling 2014).

    inputs: mean and log_variance, both float32 (n, d). Adds `kl_scale` times the batch's mean `kl_divergence` to the
    loss, in training and elsewhere.
    """

    def __init__(self, kl_scale: float, **layer: Any) -> None:
        super().__init__(**layer)
        self.kl_scale = kl_scale
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, log_variance = inputs
        self.add_loss(self.kl_scale * keras.ops.mean(kl_divergence(mean, log_variance)))
        if not training:
            return mean
        noise = keras.random.normal(keras.ops.shape(mean), dtype=self.compute_dtype, seed=self.seed_generator)
        return mean + keras.ops.exp(log_variance / 2) * noise

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"kl_scale": self.kl_scale}


def kl_divergence(mean: Any, log_variance: Any) -> Any:
    """(n,): Kullback-Leibler divergence of N(mean, exp(log_variance)) from N(0, I) in nats, 0 = the same.

    mean, log_variance: (n, d), variances without correlations. Source: Kingma and Welling 2014, appendix B.
    """
    terms = keras.ops.square(mean) + keras.ops.exp(log_variance) - 1.0 - log_variance
    return keras.ops.sum(terms, axis=-1) / 2.0


@keras.saving.register_keras_serializable(package="cae")
class Regularizer(keras.layers.Layer):
    """Gives latent vectors on as they are, and adds `scale` times a penalty of `cae.penalties` to the loss.

    inputs: float32 (n, d). The penalty is added in training and elsewhere, as that of the batch at hand.
    """

    def __init__(self, penalty: str, scale: float, **layer: Any) -> None:
        super().__init__(**layer)
        self.penalty, self.scale = penalty, scale
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs: Any) -> Any:
        self.add_loss(self.scale * PENALTIES[self.penalty](inputs, self.seed_generator))
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Said, because JAX cannot trace a penalty of a batch whose size is not known yet."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"penalty": self.penalty, "scale": self.scale}


def reseed(model: keras.Model, *seed: int) -> None:
    """Lets everything random in the network depend on these numbers alone, and each layer on numbers of its own.

    Keras writes no generator's state into a checkpoint.
    """
    for place, generator in enumerate(_generators(model)):
        # The first of all goes by the seed alone, as when there was but one.
        own = (*seed, place) if place else seed
        state = np.array([np.random.SeedSequence(own).generate_state(1)[0], 0], np.uint32)
        generator.state.assign(state.astype(generator.state.dtype))  # PyTorch's are int32, of the same bits


def _generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    found: list[keras.random.SeedGenerator] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _generators(layer)
        elif isinstance(getattr(layer, "seed_generator", None), keras.random.SeedGenerator):
            found.append(layer.seed_generator)
    return found
