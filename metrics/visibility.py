"""Whether a face detector sees a face in a picture: the test of a generator that needs no eyes.

The detector is MTCNN (Zhang et al. 2016) by the package mtcnn, whose weights come with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from metrics import detector_process

# A picture counts as a face above this confidence of the detector's last network, which gives none below 0.8.
THRESHOLD = 0.9
# Every picture is brought to this side first, so that shares at different resolutions mean the same.
SIDE = 192
# More pictures a call save little time and take more memory: 16, 32 and 64 took 0.95, 0.8 and 0.8 s of processor time
# for 64 pictures, and 160, 330 and 650 MB.
BATCH = 32


@dataclass(frozen=True)
class Visible:
    """How many of n pictures show a face.

    share: of pictures with a confidence above THRESHOLD, 0 to 1. low, high: its 95 % interval (Wilson 1927), of some
    width at shares of 0 and 1 too. confidence: mean over all pictures, 0 where no face was found.
    """

    share: float
    low: float
    high: float
    confidence: float


def visible(images: np.ndarray, batch_size: int = BATCH, detector: Any = None) -> np.ndarray:
    """float (n,), 0 or 0.8 to 1: the confidence that a picture shows a face, of its surest face; 0 where none is found.

    images: uint8 (n, s, s, 3), RGB, of any side. detector: another than `mtcnn_detector`, of the same method.
    Colors matter: faces whose red and blue are swapped are often missed.
    The same images in the same order give the same numbers. In other company a confidence may move, because mtcnn
    sorts candidates of equal confidence in no fixed order: for 24 of 1,152 pictures by more than 0.001 between a batch
    and a single call, for 1 past THRESHOLD.
    Where Keras computes with another backend, the detector has a process of its own (`metrics.detector_process`).
    Raises ValueError for other arrays, ImportError where mtcnn or TensorFlow is missing. Cost for 64 pictures: 0.7 s
    on 2 cores, an eighth of single calls'; 330 MB; once in a process 0.3 s for the weights, and TensorFlow's import.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3:
        raise ValueError(f"images are {images.dtype} {images.shape}; give uint8 (n, s, s, 3), square and in RGB")
    if detector is None and detector_process.needed():
        return detector_process.ask("confidences", images)
    batches = (images[start : start + batch_size] for start in range(0, len(images), batch_size))
    return np.array(
        [confidence for batch in batches for confidence in _confidences(batch, detector or shared_detector())], float
    )


def visible_share(confidence: np.ndarray) -> Visible:
    """The share of visible faces among pictures of these confidences (n,), n > 0, as `visible` gives them.

    Standard error at n = 64, 256 and 1,024: 6, 3 and 1.6 % for a share of 0.5, 1.7, 0.9 and 0.4 % for one of 0.98.
    """
    if not len(confidence):
        raise ValueError("there are no confidences; give those of at least 1 picture")
    found = int(np.count_nonzero(confidence > THRESHOLD))
    bounds = stats.binomtest(found, len(confidence)).proportion_ci(0.95, method="wilson")
    return Visible(found / len(confidence), float(bounds.low), float(bounds.high), float(confidence.mean()))


def _confidences(batch: np.ndarray, detector: Any) -> list[float]:
    # mtcnn's min_face_size stays at 20: from 27 on its image pyramid ends below what its first network can take, and it
    # reports that as "no face" in every picture.
    # Float32, because it would turn uint8 into float64; a list, because an array means one picture.
    faces = detector.detect_faces(list(_resized(batch).astype(np.float32)))
    return [max((face["confidence"] for face in found), default=0.0) for found in faces]


def _resized(images: np.ndarray) -> np.ndarray:
    import cv2

    method = cv2.INTER_CUBIC if images.shape[1] < SIDE else cv2.INTER_AREA
    return np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=method) for image in images])


@cache
def shared_detector() -> Any:
    """`mtcnn_detector`'s, made once in a process."""
    return mtcnn_detector()


def mtcnn_detector() -> Any:
    """mtcnn's detector, on the CPU. Raises ImportError where mtcnn is missing."""
    try:
        from mtcnn import MTCNN
    except ImportError as error:
        raise ImportError(f"visible faces need the package mtcnn ({error}); pip install 'mtcnn>=1.0,<2'") from error
    return MTCNN()
