"""Activations, the picture's layer and batch normalization.

What is one backend's alone stands here, with a plain Keras fallback. docs/performance.md says what each part gains.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import keras
from keras.src.utils import module_utils

from cae.registries import ACTIVATIONS

# Where it saves a network or sets a seed, Keras asks whether TensorFlow is there by importing it, which takes seconds
# and hundreds of megabytes beside another backend. It has no public way to say no.
if keras.config.backend() != "tensorflow" and "tensorflow" not in sys.modules:
    module_utils.tensorflow._available = False

# Keras' 0.99 needs some 500 steps to forget its start; sweeps of short trainings would then measure the lag of the
# moving averages instead of the network. 0.9 is PyTorch's value and forgets within one epoch of 6,000 images.
MOMENTUM = 0.9


def activation(kind: str, negative_slope: float, **layer: Any) -> keras.layers.Layer:
    """The activation layer of this kind. Keras' string "leaky_relu" has slope 0.2; here the slope is explicit."""
    if kind == "leaky_relu":
        return LeakyReLU(negative_slope=negative_slope, **layer)
    return keras.layers.Activation(kind if ACTIVATIONS.is_builtin(kind) else plugged_activation(kind), **layer)


def plugged_activation(kind: str) -> Any:
    """The function of a plug-in, known to Keras under its name so that models with it load. Raises PluginError."""
    function = ACTIVATIONS.load(kind)
    if keras.saving.get_registered_object(keras.saving.get_registered_name(function)) is function:
        return function
    return keras.saving.register_keras_serializable(package=function.__module__)(function)


@keras.saving.register_keras_serializable(package="cae")
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' layer, whose gradient is computed from its output, which has the input's sign (a slope is never negative).

    So nobody needs its input, and TensorFlow makes one kernel of a convolution, its bias and this. TensorFlow does so
    by itself for ReLU, ELU and tanh.
    """

    def call(self, inputs: Any) -> Any:
        if keras.config.backend() != "tensorflow":
            return super().call(inputs)
        return self._from_output(inputs)

    def _from_output(self, inputs: Any) -> Any:
        import tensorflow as tf

        @tf.custom_gradient
        def leaky_relu(x: Any) -> Any:
            y = tf.nn.leaky_relu(x, self.negative_slope)
            return y, lambda dy: tf.raw_ops.LeakyReluGrad(gradients=dy, features=y, alpha=self.negative_slope)

        return leaky_relu(tf.convert_to_tensor(inputs))


@keras.saving.register_keras_serializable(package="cae")
class PictureTranspose(keras.layers.Conv2DTranspose):
    """Keras' transposed convolution for few filters: its bias is added to rows of (width * filters) values.

    The gradient of a bias is a sum for each filter, which TensorFlow's kernel does eight times as fast for the 288
    columns of a row of 96 pixels as for the 3 colors of a pixel.
    """

    def call(self, inputs: Any) -> Any:
        pictures = keras.ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        _, height, width, filters = pictures.shape
        rows = keras.ops.reshape(pictures, (-1, height, width * filters)) + keras.ops.tile(self.bias, width)
        return keras.ops.reshape(rows, (-1, height, width, filters))


@keras.saving.register_keras_serializable(package="cae")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalization over the last axis of (n, h, w, c), by TensorFlow's fused kernel where it is the backend.

    Same results as Keras' layer, which computes the moments in separate float32 passes. The whole training step of
    64-64-128-128 maps at 96 px in bfloat16 was 1.6 times as fast, side by side on two busy CPU cores. Moments and
    moving averages are float32 in either precision.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if keras.config.backend() != "tensorflow" or len(inputs.shape) != 4:
            return super().call(inputs, training=training, mask=mask)
        return self._fused(inputs, training=bool(training and self.trainable))

    def _fused(self, inputs: Any, training: bool) -> Any:
        import tensorflow as tf

        inputs = tf.cast(inputs, self.compute_dtype)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, "float32"),
            offset=tf.cast(self.beta, "float32"),
            mean=tf.cast(self.moving_mean, "float32"),
            variance=tf.cast(self.moving_variance, "float32"),
            epsilon=self.epsilon,
            exponential_avg_factor=1.0,
            is_training=training,
        )
        if training:
            # The kernel returns the unbiased variance; Keras averages the biased one.
            count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], "float32")
            self._average(self.moving_mean, mean)
            self._average(self.moving_variance, variance * (count - 1.0) / count)
        return outputs

    def _average(self, moving: Any, value: Any) -> None:
        moving.assign(moving * self.momentum + keras.ops.cast(value, moving.dtype) * (1.0 - self.momentum))


def gradients(objective: Callable[[], Any], variables: list[Any]) -> list[Any]:
    """Of the objective by the variables, which Keras itself has not."""
    return {"tensorflow": _by_tape, "jax": _by_jax, "torch": _by_torch}[keras.config.backend()](objective, variables)


def _by_tape(objective: Callable[[], Any], variables: list[Any]) -> list[Any]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = objective()
    return list(tape.gradient(value, [variable.value for variable in variables]))


def _by_jax(objective: Callable[[], Any], variables: list[Any]) -> list[Any]:
    import jax

    def of_values(values: list[Any]) -> Any:
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return objective()

    return list(jax.grad(of_values)([variable.value for variable in variables]))


def _by_torch(objective: Callable[[], Any], variables: list[Any]) -> list[Any]:
    import torch

    return list(torch.autograd.grad(objective(), [variable.value for variable in variables]))
