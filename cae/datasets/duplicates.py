"""Images that a set holds more than once: exact copies, and near ones."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cae.datasets.source import Progress

COPIES = "copies.npz"
CHUNK = 4096
# Of 256 bits. Recompressed at quality 70, half of 500 CelebA photographs differ in at most 7 and nine tenths in at most
# 15; other photographs of 64 px differ from their nearest in 66 (CelebA) and 73 (LFW) at the median.
NEAR = 15
# Hashes within NEAR bits agree in at least one of NEAR + 1 parts: only with these neighbours are they compared.
NEIGHBOURS = 16


@dataclass(frozen=True, eq=False)
class Copies:
    """first: (n,) int64, for each image the first one with the same pixels, itself where there is no earlier one.

    near: (n,) bool, images that look like an earlier one of other pixels: perceptual hashes within NEAR bits.
    """

    first: np.ndarray
    near: np.ndarray

    def counts(self) -> dict[str, int]:
        """What the report says."""
        copies = np.count_nonzero(self.first != np.arange(len(self.first)))
        return {"copies": int(copies), "near_copies": int(np.count_nonzero(self.near))}


def copies_in(folder: Path, images: np.ndarray, progress: Progress | None = None) -> Copies:
    """Those of a prepared set, looked for once and kept in its folder where that can be written."""
    try:
        with np.load(folder / COPIES, allow_pickle=False) as kept:
            known = Copies(kept["first"], kept["near"])
            if len(known.first) == len(images):
                return known
    except (OSError, ValueError, KeyError, EOFError):
        pass  # not there yet, or cut off
    found = find(images, progress)
    unfinished = folder / f".{COPIES}.{os.getpid()}.npz"
    try:
        np.savez(unfinished, first=found.first, near=found.near)
        os.replace(unfinished, folder / COPIES)
    except OSError:
        unfinished.unlink(missing_ok=True)
    return found


def find(images: np.ndarray, progress: Progress | None = None) -> Copies:
    """Which images (n, h, w, 3), uint8, are copies. Cost: 65 to 85 microseconds an image of 96 px, read in chunks."""
    pixels, looks = np.empty(len(images), "S16"), np.empty((len(images), 32), np.uint8)
    for start in range(0, len(images), CHUNK):
        for row, image in enumerate(images[start : start + CHUNK], start):
            pixels[row] = hashlib.blake2b(image.tobytes(), digest_size=8).hexdigest().encode()
            looks[row] = perceptual_hash(image)
        if progress:
            progress(min(start + CHUNK, len(images)), len(images), "looking for copies")
    _, earliest, inverse = np.unique(pixels, return_index=True, return_inverse=True)
    first = earliest[inverse].astype(np.int64)
    return Copies(first, _near(looks, first))


def _near(looks: np.ndarray, first: np.ndarray) -> np.ndarray:
    """(n,): which hashes (n, 32) are within NEAR bits of an earlier image that is no exact copy."""
    near = np.zeros(len(looks), bool)
    words = np.ascontiguousarray(looks).view(np.uint64)
    for part in looks.view(np.uint16).T:
        order = np.argsort(part, kind="stable")
        for step in range(1, NEIGHBOURS + 1):
            one, other = order[:-step], order[step:]
            same = part[one] == part[other]
            one, other = one[same], other[same]
            alike = np.bitwise_count(words[one] ^ words[other]).sum(axis=1) <= NEAR
            near[np.maximum(one, other)[alike & (first[one] != first[other])]] = True
    return near & (first == np.arange(len(first)))


def perceptual_hash(image: np.ndarray) -> np.ndarray:
    """uint8 (32,): 256 bits that rescaling, recompression and a little more or less light hardly change.

    Bit by bit whether the image, uint8 (h, w, 3), grows lighter to the right, in 16 rows of 17 gray means (dHash:
    Krawetz 2013, with more bits, as faces that are aligned share the coarse ones).
    """
    gray = cv2.cvtColor(cv2.resize(image, (17, 16), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    return np.packbits(gray[:, 1:] > gray[:, :-1])
