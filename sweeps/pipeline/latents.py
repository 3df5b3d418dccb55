"""The latent vectors of both sides of the split, with what is known of their images, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cae.datasets import ImageSet
from cae.image_properties import PROPERTIES, image_properties
from cae.names import safe_names
from metrics import Sample
from metrics.moments import rounding

SIDES = {"mnd": "train", "mnd_test": "test"}


@dataclass(frozen=True, eq=False)
class LatentSplit:
    """One side of the split: latent vectors (n, d), float32, and what is known of their images.

    properties: name to (n,), see `cae.image_properties`; of files of metrics version 2 the contrast alone, of version 1
    none. attributes: name to (n,) of 1, 0 and -1, not known; titles: what those are called that have another name here,
    as paths and metrics would not take it. images: (n,) their numbers in the image set, None where
    they are not stored. stored: the type of the file's numbers, float16 in files of runs recorded before float32.
    """

    vectors: np.ndarray
    properties: dict[str, np.ndarray] = field(default_factory=dict)
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    images: np.ndarray | None = None
    stored: type = np.float32

    @cached_property
    def sample(self) -> Sample:
        """The vectors with their moments, for everything that measures or draws them."""
        return Sample(self.vectors)

    @property
    def rounding(self) -> float:
        """Of the stored numbers, see `metrics.moments.rounding`."""
        return rounding(self.sample.moments, self.stored)


def save_latents(path: Path, images: ImageSet, train: np.ndarray, test: np.ndarray) -> None:
    """Writes both sides' vectors, the indices, properties and attributes of their images, as `latents.npz`.

    The vectors as the encoder gave them, float32: float16 has 3 digits, which vectors lose that lie many sds from the
    origin, as those behind a sigmoid or softplus do.
    """
    known = images.attributes
    content: dict[str, np.ndarray] = {"attributes": np.array(list(known.columns), dtype=str)}
    for name, vectors, index in (("train", train, images.train), ("test", test, images.test)):
        content[name] = vectors
        content[f"{name}_index"] = index
        for kind, values in image_properties(images.images, index).items():
            content[f"{name}_{kind}"] = values
        content[f"{name}_attributes"] = known.to_numpy()[index]
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **content)  # type: ignore[arg-type]


def load_latents(path: Path) -> dict[str, LatentSplit]:
    """The training and the held-out side by "train" and "test", vectors in float32 whatever they were stored as."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: _side(stored, name) for name in SIDES.values()}


def _side(stored: Any, name: str) -> LatentSplit:
    index, vectors = stored.get(f"{name}_index"), stored[name]
    side = LatentSplit(vectors.astype(np.float32, copy=False), images=index, stored=vectors.dtype.type)
    if "attributes" not in stored:
        return side
    table, safe = stored[f"{name}_attributes"], safe_names(map(str, stored["attributes"]))
    attributes = dict(zip(safe.values(), table.T, strict=True))
    titles = {key: title for title, key in safe.items() if key != title}
    properties = {kind: stored[f"{name}_{kind}"] for kind in PROPERTIES if f"{name}_{kind}" in stored}
    return replace(side, properties=properties, attributes=attributes, titles=titles)


def with_properties(side: LatentSplit, images: ImageSet, index: np.ndarray) -> LatentSplit:
    """The side with the properties of its images, where the file that it comes from lacks some."""
    if side.properties.keys() == set(PROPERTIES):
        return side
    return replace(side, properties=image_properties(images.images, index))
