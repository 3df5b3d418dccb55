"""Floating-point operations of a Keras model on TensorFlow, as TensorFlow's profiler counts them."""

from __future__ import annotations

import keras
import tensorflow as tf

KINDS = ("convolution", "conv_transpose", "MatMul")


def operations(model: keras.Model) -> int:
    """Of the convolutions and matrix products of one image's way through the model."""
    traced = tf.function(lambda images: model(images, training=False))
    graph = traced.get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:]), tf.uint8)).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
    nodes = tf.compat.v1.profiler.profile(graph, options=options).children
    return sum(node.total_float_ops for node in nodes if node.name.endswith(KINDS))
