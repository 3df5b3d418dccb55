from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.special import expit, logit

from cae.layers import gradients
from cae.losses import LOSSES, binary_crossentropy, mean_squared_error


def some_images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)


def test_losses_are_those_of_the_textbook() -> None:
    pixels = some_images()
    p, x = np.random.default_rng(1).uniform(0.05, 0.95, pixels.shape), pixels / 255
    logits = logit(p).astype(np.float32)
    assert float(mean_squared_error(pixels, logits)) == pytest.approx(np.mean((x - p) ** 2), rel=1e-5)
    entropy = -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p))
    assert float(binary_crossentropy(pixels, logits)) == pytest.approx(entropy, rel=1e-5)


@pytest.mark.parametrize("size", [0.1, 5.0, 60.0])
def test_cross_entropy_and_its_gradient_are_exact_for_large_logits(size: float) -> None:
    """In float64: log(1 + e^z) - x z, and sigmoid(z) - x."""
    pixels = some_images()
    z = np.random.default_rng(1).uniform(-size, size, pixels.shape).astype(np.float32).astype(np.float64)
    logits = keras.Variable(z.astype(np.float32))
    assert float(binary_crossentropy(pixels, logits)) == pytest.approx(np.mean(np.logaddexp(0, z) - pixels / 255 * z))
    (found,) = gradients(lambda: binary_crossentropy(pixels, logits), [logits])
    assert np.asarray(found) * z.size == pytest.approx(expit(z) - pixels / 255, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES.values())
@pytest.mark.parametrize("value", [-1e4, 1e4])
def test_losses_stay_finite(loss: object, value: float) -> None:
    assert callable(loss)
    assert np.isfinite(float(loss(some_images(), np.full((5, 4, 4, 3), value, np.float32))))
