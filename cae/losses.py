"""Reconstruction losses from logits, with gradients in closed form."""

from __future__ import annotations

from typing import Any

import keras

# The smallest normal float32.
TINY = 1.1754944e-38


def binary_crossentropy(pixels: Any, logits: Any) -> Any:
    """Mean binary cross-entropy per color value, natural logarithm, of the pictures sigmoid(logits).

    pixels: uint8; logits: any float, computed with in float32. Its gradient by the logits is the pictures' difference
    from the images: one pass over them instead of the seven that automatic differentiation makes.
    """
    images, logits = _unit(pixels), keras.ops.cast(logits, "float32")

    @keras.ops.custom_gradient
    def mean_loss(logits: Any) -> Any:
        opposite = keras.ops.sigmoid(-logits)  # 1 - pictures, without rounding where these are near 1
        # log(1 + e^z) is more than z, and equal to it in float32 long before e^-z is too small for one. So the larger
        # is right everywhere, in half the time of max(z, 0) + log1p(e^-|z|).
        softplus = keras.ops.maximum(logits, -keras.ops.log(keras.ops.maximum(opposite, TINY)))
        losses = softplus - images * logits

        def gradient(*inputs: Any, upstream: Any = None) -> Any:
            if upstream is None:  # PyTorch names it, others give it alone
                (upstream,) = inputs
            count = keras.ops.cast(keras.ops.size(logits), "float32")
            return (1.0 - images - opposite) * (upstream / count)

        return keras.ops.mean(losses), gradient

    return mean_loss(logits)


def mean_squared_error(pixels: Any, logits: Any) -> Any:
    """Mean squared error per color value of the pictures sigmoid(logits), for colors in [0, 1]. pixels: uint8."""
    pictures = keras.ops.sigmoid(keras.ops.cast(logits, "float32"))
    return keras.ops.mean(keras.ops.square(pictures - _unit(pixels)))


LOSSES = {"bce": binary_crossentropy, "mse": mean_squared_error}


def _unit(pixels: Any) -> Any:
    return keras.ops.cast(pixels, "float32") / 255.0
