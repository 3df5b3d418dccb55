"""What a data set tells the cache: how many images, which table, and how a range of images is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# progress(done, total, what)
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class View:
    """How every image is cut, scaled and changed: its name and a digest name a prepared set.

    resolution: side in pixels. crop, contrast, background, blur: as `cae.config.DataConfig` has them.
    """

    resolution: int
    crop: str
    contrast: str
    background: str = "kept"
    blur: float = 0.0

    @property
    def name(self) -> str:
        """ "96-center-as_is", and more only where there is more: sets keep the names that older versions gave them."""
        masked = "-masked" if self.background == "masked" else ""
        blurred = f"-blur{self.blur:g}" if self.blur else ""
        return f"{self.resolution}-{self.crop}-{self.contrast}{masked}{blurred}"


@dataclass(frozen=True)
class Bad:
    """An image that cannot be used, and why, in a few words."""

    reason: str


# Makes the images of one range in their order: uint8 (r, r, 3) each, or Bad. It travels to a worker: keep it small.
Producer = Callable[[View], "Iterator[np.ndarray | Bad]"]


@dataclass(frozen=True)
class Source:
    """A data set before it is prepared.

    digest: 12 hex digits of its content.
    former: the digest that older versions gave it, of names and sizes alone; None where it is the same.
    count: number of images, the bad ones included.
    produce: (start, stop) -> Producer of these images.
    table: () -> table of `count` rows in the order of the images (see `ImageSet.table`, without `source`), and what
        the report shall say about it.
    missing: column that a split may need -> why the table will not have it.
    cropped: False where the crop means nothing (rendered faces, digits).
    """

    name: str
    digest: str
    count: int
    produce: Callable[[int, int], Producer]
    table: Callable[[], tuple[pd.DataFrame, dict[str, Any]]]
    missing: Mapping[str, str] = field(default_factory=dict)
    cropped: bool = True
    former: str | None = None
