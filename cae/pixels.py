"""Linear views of the pixels, without any network: what the images alone give as latent vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cae.datasets.imageset import ImageSet

# Images of a chunk, those that principal axes are sought in, and how: passes over them, and axes beyond those wanted.
CHUNK, FITTED, PASSES, EXTRA = 256, 20_000, 6, 16


def random_projection(images: np.ndarray, indices: np.ndarray, d: int, seed: int = 0) -> np.ndarray:
    """float32 (len(indices), d): the images' color values, in [0, 1], times a matrix of independent normal numbers.

    images: uint8 (n, h, w, 3), may be a memory map. What a network of one layer with random weights gives. Each
    component is a sum of very many color values, so near normal whatever the images (Diaconis and Freedman 1984).
    Cost: n d multiplications a color value; one chunk and the matrix in memory.
    """
    pixels = int(np.prod(images.shape[1:]))
    matrix = np.random.default_rng(seed).standard_normal((pixels, d), dtype=np.float32)
    matrix /= np.sqrt(pixels)
    return np.concatenate([chunk @ matrix for chunk in _chunks(images, indices)])


@dataclass(frozen=True, eq=False)
class PixelAxes:
    """Principal axes of the training images' color values: mean (p,), axes (p, k), the widest first."""

    mean: np.ndarray
    axes: np.ndarray

    def scores(self, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """float32 (len(indices), k): where the images lie along the axes."""
        offset = self.mean @ self.axes
        return np.concatenate([chunk @ self.axes - offset for chunk in _chunks(images, indices)])

    def error(self, images: np.ndarray, indices: np.ndarray) -> float:
        """Mean squared error per color value, in [0, 1], of the images rebuilt from their scores."""
        total = 0.0
        for chunk in _chunks(images, indices):
            centred = chunk - self.mean
            kept = centred @ self.axes
            total += float((centred**2).sum(dtype=np.float64) - (kept**2).sum(dtype=np.float64))
        return total / (len(indices) * len(self.mean))


def pixel_axes(images: ImageSet, d: int, seed: int = 0, fitted: int = FITTED) -> PixelAxes:
    """The d principal axes of the training images' color values, in [0, 1].

    By subspace iteration from a random start (Halko, Martinsson and Tropp 2011), of at most `fitted` images: the matrix
    of all color values fits into no memory, and scikit-learn's IncrementalPCA takes a decomposition for each chunk. The
    last axes are known to within their neighbours of nearly the same width. Raises ValueError for fewer images or color
    values than axes. Cost: 4 n (d + 16) multiplications a color value and pass.
    """
    rows = np.asarray(images.train)
    rng = np.random.default_rng(seed)
    if len(rows) > fitted:
        rows = np.sort(rng.choice(rows, fitted, replace=False))
    pixels = int(np.prod(images.images.shape[1:]))
    if d >= min(len(rows), pixels):
        raise ValueError(f"{len(rows)} images of {pixels} color values have no {d} principal axes")
    total = sum((chunk.sum(axis=0, dtype=np.float64) for chunk in _chunks(images.images, rows)), np.zeros(pixels))
    mean = (total / len(rows)).astype(np.float32)
    width = min(d + EXTRA, len(rows) - 1, pixels)
    axes = _orthonormal(rng.standard_normal((pixels, width), dtype=np.float32))
    for _ in range(PASSES):
        product = np.zeros_like(axes)
        for chunk in _chunks(images.images, rows):
            centred = chunk - mean
            product += centred.T @ (centred @ axes)
        axes = _orthonormal(product)
    inner = np.zeros((width, width))
    for chunk in _chunks(images.images, rows):
        scores = (chunk - mean) @ axes
        inner += scores.T @ scores
    turned = np.linalg.eigh(inner)[1][:, ::-1]
    return PixelAxes(mean, np.ascontiguousarray(axes @ turned[:, :d].astype(np.float32)))


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """float32 (p, k): an orthonormal basis of what the columns (p, k) span.

    On one thread, 0.9 s for 27,648 x 272: two threads wait for each other at every column, actively, so that beside
    other work on the same cores they take 14 s of processor time.
    """
    with threadpool_limits(1, user_api="blas"):
        return np.linalg.qr(columns)[0]


def _chunks(images: np.ndarray, indices: np.ndarray) -> Iterator[np.ndarray]:
    """float32 (at most CHUNK, p) in [0, 1]: the images, flat."""
    for start in range(0, len(indices), CHUNK):
        part = images[indices[start : start + CHUNK]]
        yield part.reshape(len(part), -1).astype(np.float32) / np.float32(255)
