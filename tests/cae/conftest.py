from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cae.datasets.imageset import ImageSet


@pytest.fixture(scope="session")
def blobs() -> ImageSet:
    """300 pictures of 32 px, a bright blob each on a dark ground: something a small autoencoder learns in seconds."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32]
    center, colour = rng.uniform(8, 24, (300, 2)), rng.uniform(0.3, 1, (300, 3))
    light = np.exp(-((x - center[:, :1, None]) ** 2 + (y - center[:, 1:, None]) ** 2) / 40)
    images = np.rint(255 * light[..., None] * colour[:, None, None]).astype(np.uint8)
    table = pd.DataFrame({"file": [f"{i}" for i in range(300)], "source": "blobs"})
    return ImageSet("blobs", images, table, np.arange(250), np.arange(250, 300), "0" * 12)
