"""Adam in one pass over the weights, and its learning rate's schedules."""

from __future__ import annotations

from typing import Any

import keras

# Learning rate of the last step over that of the first, for the exponential schedule.
EXPONENTIAL_END = 0.01


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


def optimizer(schedule: str, learning_rate: float, steps: int) -> Adam:
    """Adam for a training of `steps` steps; schedule: constant, cosine or exponential."""
    rates: dict[str, Any] = {
        "constant": learning_rate,
        "cosine": keras.optimizers.schedules.CosineDecay(learning_rate, steps),
        "exponential": keras.optimizers.schedules.ExponentialDecay(learning_rate, steps, EXPONENTIAL_END),
    }
    return Adam(rates[schedule])
