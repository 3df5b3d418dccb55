"""Pictures as features of Inception, by weights that the user gives: what FID and KID are usually told in."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import keras
import numpy as np

from cae.inception_weights import REMEDY, weights_file

SIDE, FEATURES, BATCH = 299, 2048, 64


def inception_features(images: np.ndarray, weights: str) -> np.ndarray:
    """float64 (n, 2048): the pooled last maps of Keras' InceptionV3 for pictures uint8 (n, s, s, 3).

    weights: the file, as `weights_file` takes it. Numbers by Keras' weights differ from those by the graph of 2015 that
    most published FIDs are told in: compare within one file. Raises ValueError for another file.
    Cost: 6 * 10^9 multiplications a picture.
    """
    network = _network(str(weights_file(weights)))
    batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    found = [keras.ops.convert_to_numpy(network(_scaled(batch), training=False)) for batch in batches]
    return np.concatenate(found or [np.empty((0, FEATURES))]).astype(np.float64)


@cache
def _network(path: str) -> Any:
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    try:
        network.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        words = str(error).splitlines()[0]
        raise ValueError(f"analysis.inception_weights: {path} does not fit ({words}); {REMEDY}") from error
    return network


def _scaled(images: np.ndarray) -> np.ndarray:
    """float32 (n, 299, 299, 3), -1 to 1, as the network was trained."""
    enlarged = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for image in images])
    return enlarged.astype(np.float32) / 127.5 - 1
