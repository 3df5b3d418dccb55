"""The built-in synthetic faces as a source for the cache."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cae.datasets.files import digest
from cae.datasets.source import Bad, Source, View

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# Raised whenever the same row of factors would give another table or another picture.
VERSION = 2
DEFAULT_COUNT = 20_000


def source(count: int, seed: int, factors: str, version: int = VERSION) -> Source:
    """`count` faces rendered from drawn factors; the table has the factors (float) and CelebA's attributes (int8)."""
    return Source(
        name="synthetic",
        digest=digest("synthetic", map(str, (version, seed, factors, count))),
        count=count,
        produce=lambda start, stop: partial(_produce, start, stop, seed, factors),
        table=lambda: _table(count, seed, factors),
        cropped=False,
    )


def _table(count: int, seed: int, factors: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pandas as pd

    from cae.datasets.synthetic import draw_factors

    names = pd.DataFrame({"file": [f"synthetic/{index:06d}" for index in range(count)]})
    drawn = draw_factors(0, count, seed=seed, factors=factors).reset_index(drop=True)
    return pd.concat([names, drawn], axis=1), {"seed": seed, "factors": factors}


def _produce(start: int, stop: int, seed: int, factors: str, view: View) -> Iterator[np.ndarray | Bad]:
    from cae.datasets.crops import fit
    from cae.datasets.synthetic import draw_factors, render

    for image in render(draw_factors(start, stop, seed=seed, factors=factors), view.resolution):
        yield fit(image, view)
