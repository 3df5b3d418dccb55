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


@pytest.mark.parametrize("size", [0.1, 5.0, 60.0, 200.0, 1e3, 1e6])
def test_cross_entropy_and_its_gradient_are_exact_for_large_logits(size: float) -> None:
    """In float64: log(1 + e^z) - x z, and sigmoid(z) - x."""
    pixels = some_images()
    z = np.random.default_rng(1).uniform(-size, size, pixels.shape).astype(np.float32).astype(np.float64)
    logits = keras.Variable(z.astype(np.float32))
    assert float(binary_crossentropy(pixels, logits)) == pytest.approx(np.mean(np.logaddexp(0, z) - pixels / 255 * z))
    (found,) = gradients(lambda: binary_crossentropy(pixels, logits), [logits])
    assert np.asarray(found) * z.size == pytest.approx(expit(z) - pixels / 255, abs=1e-6)


REFERENCES = {
    "bce": lambda x, z: np.logaddexp(0, z) - x * z,
    "mse": lambda x, z: (expit(z) - x) ** 2,
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("pixel", [0, 1, 128, 254, 255])
@pytest.mark.parametrize("logit", [-1e30, -1e4, -200.0, -88.0, -17.0, -1e-30, 0.0, 0.5, 17.0, 88.0, 200.0, 1e4, 1e30])
def test_losses_of_one_color_are_those_of_float64(name: str, pixel: int, logit: float) -> None:
    found = float(LOSSES[name](np.full((1, 1, 1, 3), pixel, np.uint8), np.full((1, 1, 1, 3), logit, np.float32)))
    expected = REFERENCES[name](pixel / 255, float(np.float32(logit)))
    # A color x is rounded to a float32, and a large logit stands before it.
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7 * max(1, abs(logit)))
    assert found >= 0
