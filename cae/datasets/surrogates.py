"""Images that share some of a set's statistics and nothing else: is it the population?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cae.datasets import cache
from cae.datasets.imageset import DataError
from cae.datasets.source import Progress

# Raised when the same set would give other surrogates.
EDITION = 1
GAUSSIAN, PHASE = 11, 12
# Images that a normal population is made of, beyond which their covariance hardly changes, and images of a chunk.
MIXED, CHUNK = 4_096, 256
MIDDLE = 127.5
# How many sds of its values a pixel's range shall hold, so that next to nothing is cut off at black and white.
ROOM = 4.0
# Columns of the table that hold for what is no photograph of anybody.
KEPT = ("file", "source", "partition")


def surrogate(folder: Path, kind: str, seed: int, progress: Progress | None = None) -> Path:
    """The cache folder of the surrogates of a prepared set, as many as it has images, made once.

    gaussian: drawn from the normal distribution with the set's mean and covariance, those of at most MIXED of its
    images: each is the mean and a sum of their deviations with independent normal weights. An exactly normal
    population but for rounding; its table has no attributes. phase: each image with its spectrum and random phases (the
    same in all three colors), so with its brightness, contrast and colors, but nothing in its place; its table stays.
    In both all deviations from mid gray are scaled by one factor, `contrast_factor` of the report, so that values are
    not cut off at 0 and 255, which would end the normal distribution there.
    Cost: n MIXED multiplications a color value for gaussian, a Fourier transform an image for phase; 4 bytes for each
    color value of MIXED images.
    """
    images, table, report = cache.read(folder)
    if len(images) < 2:
        raise DataError(f"{folder.name}: {len(images)} image has no covariance; data.surrogate needs at least 2")
    known = table if kind == "phase" else table[[name for name in KEPT if name in table]]

    def fill(made: Path) -> dict[str, Any]:
        target = np.load(cache.allocate(made, len(images), images.shape[1]), mmap_mode="r+", allow_pickle=False)
        factor, blocks = (_gaussian if kind == "gaussian" else _phase)(images, seed)
        place = 0
        for block in blocks:
            scaled = MIDDLE + factor * (block - MIDDLE)
            target[place : place + len(block)] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
            place += len(block)
            if progress:
                progress(place, len(images), f"making {kind} surrogates")
        known.to_parquet(made / cache.TABLE)
        return report | {"surrogate": kind, "contrast_factor": round(factor, 4)}

    return cache.build(f"{folder.name}-{kind}{EDITION}-{seed}", fill, progress)


def _gaussian(images: np.ndarray, seed: int) -> tuple[float, Iterator[np.ndarray]]:
    """The contrast factor, and float32 images of 0 to 255 and beyond, block by block."""
    rng = np.random.default_rng([seed, GAUSSIAN])
    chosen = np.sort(rng.permutation(len(images))[:MIXED])
    deviations = images[chosen].reshape(len(chosen), -1).astype(np.float32)
    mean = deviations.mean(axis=0)
    deviations -= mean
    deviations /= np.float32(np.sqrt(len(chosen) - 1))
    sd = np.sqrt(np.einsum("ij,ij->j", deviations, deviations))

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(images), CHUNK):
            weights = rng.standard_normal((min(CHUNK, len(images) - start), len(chosen)), dtype=np.float32)
            yield (mean + weights @ deviations).reshape(-1, *images.shape[1:])

    return _factor(float((np.abs(mean - MIDDLE) + ROOM * sd).max())), blocks()


def _phase(images: np.ndarray, seed: int) -> tuple[float, Iterator[np.ndarray]]:
    """The same. A real picture has the phases of another real picture: of noise."""
    rng = np.random.default_rng([seed, PHASE])

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(images), CHUNK):
            part = images[start : start + CHUNK].astype(np.float32)
            noise = np.fft.rfft2(rng.standard_normal(part.shape[:3], dtype=np.float32), axes=(1, 2))[..., None]
            noise /= np.abs(noise)
            noise[:, 0, 0] = 1  # the mean keeps its sign
            spectrum = np.fft.rfft2(part, axes=(1, 2)) * noise
            yield np.fft.irfft2(spectrum, s=part.shape[1:3], axes=(1, 2))

    reach = [
        np.abs(part.mean(axis=(1, 2)) - MIDDLE) + ROOM * part.std(axis=(1, 2))
        for part in (images[start : start + CHUNK].astype(np.float32) for start in range(0, len(images), CHUNK))
    ]
    # Of all but the hardest of a hundred images.
    return _factor(float(np.quantile(np.concatenate(reach).max(axis=1), 0.99))), blocks()


def _factor(reach: float) -> float:
    return min(1.0, MIDDLE / reach) if reach > 0 else 1.0
