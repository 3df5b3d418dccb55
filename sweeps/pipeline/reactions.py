"""What is known of images told from latent vectors, and from innermost maps: in numbers, of any encoder.

The same numbers of the untrained encoder, and of the pixels' principal components, stand beside those of a run.
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import ArrayLike

from cae import maps
from cae.attributes import aucs, directions
from cae.datasets import ImageSet
from cae.image_properties import image_properties
from cae.names import safe_names

# Images that innermost maps are shown, the first of the training images.
SURVEYED = 2_000


def attribute_labels(images: ImageSet, index: np.ndarray) -> dict[str, np.ndarray]:
    """Name, as metrics have it, to (n,) of 1, 0 and -1, not known, for these images."""
    known = images.attributes.iloc[index]
    safe = safe_names(map(str, known.columns))
    return {safe[str(name)]: known[name].to_numpy() for name in known.columns}


def told_attributes(train: np.ndarray, test: np.ndarray, images: ImageSet) -> dict[str, float]:
    """`attributes/auc_NAME`: how well a discriminant of the training vectors (n, d) tells the held-out ones (m, d).

    0 to 1, 0.5 = by chance alone; see `cae.attributes.aucs`. Attributes that too few have or lack are left out.
    """
    known = attribute_labels(images, images.train)
    if not known:
        return {}
    found, _ = directions(train, known)
    judged, _ = aucs(found, test, attribute_labels(images, images.test))
    return {f"attributes/auc_{name}": value for name, value in judged["discriminant"].items()}


def map_reactions(encoder: keras.Model, images: ImageSet) -> dict[str, float]:
    """`maps/NAME`, see `cae.maps.reactions`, on SURVEYED training images; nothing where there are no convolutions."""
    if not maps.has_maps(encoder):
        return {}
    index = images.train[:SURVEYED]
    properties: dict[str, ArrayLike] = dict(image_properties(images.images, index))
    found = maps.reactions(maps.respond(encoder, images.images, index), properties, attribute_labels(images, index))
    return {f"maps/{name}": value for name, value in found.items()}
