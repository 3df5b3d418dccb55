"""A data set of drawn rings: radius, width and brightness vary."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cae.config import DataConfig
from cae.datasets import Source, from_arrays

SIDE, COUNT = 32, 200


def rings(config: DataConfig) -> Source:
    """`size` rings (200 if that is left open), drawn with `seed`; the table has their factors."""
    rng = np.random.default_rng(config.seed)
    count = config.size or COUNT
    factors = pd.DataFrame(
        {
            "radius": rng.normal(9.0, 1.5, count),
            "width": rng.normal(2.5, 0.4, count),
            "brightness": rng.normal(180.0, 20.0, count),
        }
    )
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    distance = np.abs(np.hypot(x, y) - factors["radius"].to_numpy()[:, None, None])
    light = np.exp(-((distance / factors["width"].to_numpy()[:, None, None]) ** 2))
    images = np.clip(light * factors["brightness"].to_numpy()[:, None, None], 0, 255).astype(np.uint8)
    return from_arrays("rings", images, factors)
