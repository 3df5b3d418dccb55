"""From light to display values: exposure, a little vignette, grain, rounding."""

from __future__ import annotations

import cv2
import numpy as np

from cae.datasets.portrait.canvas import Canvas, noise
from cae.datasets.portrait.details import Details
from cae.datasets.portrait.traits import Traits


def develop(canvas: Canvas, person: Traits, choice: Details) -> np.ndarray:
    """The photographs, uint8 (n, h, w, 3), RGB."""
    vignette = 1.03 - 0.022 * (canvas.x**2 + canvas.y**2)
    light = np.clip(canvas.image * (vignette * person.exposure), 0, None)
    # A soft shoulder: highlights bend towards white instead of being cut off.
    display = np.sqrt(light * (1 + 0.12 * light) / (1 + 0.25 * light * light))
    display += 0.008 * noise(canvas.x * 29 + choice.offset, canvas.y * 29 + choice.place * 64)
    levels = np.clip(display * 255 + 0.5, 0, 255).astype(np.uint8)
    # Not a transposed view, which takes 20 times as long to write.
    _, n, h, w = levels.shape
    return cv2.merge(list(levels.reshape(3, n * h, w))).reshape(n, h, w, 3)
