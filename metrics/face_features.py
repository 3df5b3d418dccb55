"""Pictures of faces as vectors of features in which they can be compared as sets: those of a face detector's network.

O-Net, the last network of MTCNN (Zhang et al. 2016) by the package mtcnn, whose weights come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from metrics import detector_process
from metrics.visibility import shared_detector

# What O-Net looks at.
SIDE = 48
FEATURES = 128
LAYERS = (*(f"{kind}{n}" for n in (1, 2, 3) for kind in ("conv", "prelu", "maxpool")), "conv4", "prelu4")
# The root mean square of the features of CelebA's photographs, by which they are divided: the kernel of KID, (x y / d +
# 1)^3, is next to linear far below 1. A constant, so that numbers compare across runs and data sets.
TYPICAL = 0.2
BATCH = 256


def face_features(images: np.ndarray) -> np.ndarray:
    """float64 (n, 128): the maps of O-Net's last convolution, each its mean over 3 x 3 places.

    images: uint8 (n, s, s, 3), RGB, of any side.
    About 1 in the root mean square for photographs. Pictures are brought to 48 x 48 first, and nothing is cut out: the
    background is part of what a generator makes. What they see and what others saw stands in docs/faces.md.
    Raises ValueError for other arrays, ImportError where mtcnn or TensorFlow is missing. Cost for 1,000 pictures of
    64 x 64: 0.7 s of processor time; once in a process 0.3 s for the weights, and TensorFlow's import.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3:
        raise ValueError(f"images are {images.dtype} {images.shape}; give uint8 (n, s, s, 3), square and in RGB")
    found = [maps.mean(axis=(1, 2)) for maps in last_maps(images)]
    return np.concatenate(found or [np.empty((0, FEATURES))]).astype(np.float64) / TYPICAL


def last_maps(images: np.ndarray) -> Iterator[np.ndarray]:
    """float32 (n, 3, 3, 128): the maps of O-Net's last convolution, batch by batch."""
    if detector_process.needed() and len(images):
        yield detector_process.ask("maps", images)
        return
    network = shared_detector().get_stage(stage_name="Stage ONET").model
    for start in range(0, len(images), BATCH):
        yield _through(network, _small(images[start : start + BATCH]))


def _through(network: Any, values: Any) -> np.ndarray:
    for layer in LAYERS:
        values = getattr(network, layer)(values)
    return np.asarray(values)


def _small(images: np.ndarray) -> np.ndarray:
    import cv2

    method = cv2.INTER_CUBIC if images.shape[1] < SIDE else cv2.INTER_AREA
    small = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=method) for image in images])
    # As mtcnn's normalize_images has it.
    return (small.astype(np.float32) - 127.5) / 128
