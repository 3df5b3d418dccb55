"""Optimizers, Adam in one pass over the weights, and the learning rate's schedules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import keras

from cae.losses import LOSSES

if TYPE_CHECKING:
    from cae.config import TrainingConfig

# Learning rate of the last step over that of the first, for the exponential schedule.
EXPONENTIAL_END = 0.01
# Keras' own for AdamW; and what is usual with SGD.
ADAMW_DECAY, MOMENTUM = 0.004, 0.9
# Offsets and scales say nothing of how large a network's function is.
UNDECAYED = ("bias", "beta", "gamma")


class Adam(keras.optimizers.Adam):
    """Keras' Adam by TensorFlow's fused kernel where that is the backend: the same formula, in one pass over memory."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if keras.config.backend() != "tensorflow":
            return super().update_step(gradient, variable, learning_rate)
        return self._fused(gradient, variable, learning_rate)

    def _fused(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        import tensorflow as tf

        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, "float32")
        tf.raw_ops.ResourceApplyAdam(
            var=self._trainable_variables[place].value.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, "float32"),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def compile_model(model: keras.Model, config: TrainingConfig, steps: int) -> None:
    """Readies `Autoencoder.model` for `steps` steps of training.

    XLA would halve the speed of TensorFlow on a CPU; without it JAX does one operation after the other.
    """
    chosen = optimizer(config, steps, model.trainable_variables)
    model.compile(optimizer=chosen, loss=LOSSES[config.loss], jit_compile=keras.config.backend() == "jax")


def optimizer(config: TrainingConfig, steps: int, weights: Iterable[Any]) -> keras.optimizers.Optimizer:
    """The optimizer for a training of these weights in `steps` steps, built.

    Decay is decoupled from the gradient (Loshchilov and Hutter 2019), so that AdamW is Adam with a decay.
    """
    rate, weights = _rate(config, steps), list(weights)
    decay = ADAMW_DECAY if config.weight_decay is None and config.optimizer == "adamw" else config.weight_decay
    options: dict[str, Any] = {"weight_decay": decay or None}
    if config.optimizer == "sgd":
        options |= {"momentum": MOMENTUM, "nesterov": True}
    kinds = {"adam": Adam, "adamw": Adam, "sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop}
    made = kinds[config.optimizer](rate, **options)
    made.exclude_from_weight_decay([weight for weight in weights if weight.name in UNDECAYED])
    made.build(weights)
    return made


def _rate(config: TrainingConfig, steps: int) -> Any:
    rates: dict[str, Any] = {
        "constant": config.learning_rate,
        "cosine": keras.optimizers.schedules.CosineDecay(config.learning_rate, steps),
        "exponential": keras.optimizers.schedules.ExponentialDecay(config.learning_rate, steps, EXPONENTIAL_END),
    }
    return rates[config.schedule]
