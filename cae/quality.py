"""How good generated latent vectors are: whether the decoder knows them, whether they are new, and how they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from cae.neighbours import nearest, sd_weights


@dataclass(frozen=True)
class Quality:
    """Means over generated points, to be read against those of held-out vectors and their reconstructions.

    reencoding_error: distance between a point and the latent vector of its picture, 0 and up. Far above the held-out
    one, the decoder does not know the region, and its picture belongs elsewhere.
    nearest_distance: distance to the nearest training vector, 0 and up. 0 is a copy; as far as the held-out one, the
    point is as new as a real image's; far above, it lies where no data are.
    diversity: `spread` of the pictures over that of real images; 0 where all pictures are the same, 1 as real ones.
    Distances are root mean squares over components in sd, as in `cae.neighbours`.
    """

    reencoding_error: float
    nearest_distance: float
    diversity: float


def judge(
    points: np.ndarray,
    pictures: np.ndarray,
    encode: Callable[[np.ndarray], np.ndarray],
    vectors: np.ndarray,
    real_spread: float,
) -> Quality:
    """The quality of points (m, d), m > 1, from their decoded pictures, uint8 (m, h, w, 3).

    encode: pictures to latent vectors (m, d). vectors: (n, d) of the training images. real_spread: `spread` of real
    images, about as many as pictures. Cost: m encodings, n m d multiplications, m^2 / 2 differences of two pictures.
    """
    errors = reencoding_errors(points, encode(pictures), sd_weights(vectors))
    distances = nearest(vectors, points, 1)[1]
    return Quality(float(errors.mean()), float(distances.mean()), spread(pictures) / real_spread)


def reencoding_errors(points: np.ndarray, returned: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Distance (m,) of each point (m, d) from the latent vector of its picture (m, d); weights: `sd_weights`."""
    return np.linalg.norm((returned - points) * weights, axis=1)


def spread(pictures: np.ndarray) -> float:
    """Mean over all pairs of the root mean square difference of their color values, 0 to 1; 0 = all the same.

    pictures: uint8 (m, h, w, 3). Raises ValueError for a single one.
    """
    if len(pictures) < 2:
        raise ValueError(f"{len(pictures)} picture has no pairs; give at least 2")
    # Matrix products of whole numbers in float64 are exact, and faster than pair by pair.
    m, flat = len(pictures), pictures.reshape(len(pictures), -1).astype(np.float64)
    return float(euclidean_distances(flat).sum() / (m * (m - 1)) / np.sqrt(flat.shape[1]) / 255)
