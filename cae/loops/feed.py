"""Images on their way to an accelerator: the whole set in its memory where that fits, else block after block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from cae.devices import free_memory
from cae.loops.order import Order

# Of the free memory a set may take this share: the rest is for activations and gradients.
SHARE = 0.5
# Of a set that does not fit so many bytes travel at once, while those before are used.
BLOCK_BYTES = 256 << 20


@dataclass(frozen=True)
class Block:
    """Batches of one size on the accelerator.

    pixels: uint8 (m, h, w, 3). rows: int32 (b, size), indices into them; mirrored: bool (b, size); of these batches
    `count` are used.
    """

    pixels: Any
    rows: Any
    mirrored: Any
    count: int


class Feed:
    """Gives the blocks of an epoch.

    images: uint8 (n, h, w, 3), may be a memory map. room: bytes that they may take of the accelerator's memory, and
    stay there; a set that is there already is used from there. block_bytes: of the others, how many travel at once.
    fits: whether all blocks have the same pixels, those of the whole set.
    """

    def __init__(self, images: np.ndarray, room: int | None = None, block_bytes: int = BLOCK_BYTES) -> None:
        self._images, self._block_bytes = images, block_bytes
        self.fits = images.nbytes <= (free_memory() * SHARE if room is None else room) or _RESIDENT.holds(images)

    def blocks(self, order: Order) -> Iterator[Block]:
        """The full batches, then the last one where it has another size."""
        middle = order.full * order.size
        if order.full:
            yield from self._of_one_size(order.rows[:middle], order.mirrored[:middle], order.size)
        if middle < len(order.rows):
            yield from self._of_one_size(order.rows[middle:], order.mirrored[middle:], len(order.rows) - middle)

    def _of_one_size(self, rows: np.ndarray, mirrored: np.ndarray, size: int) -> Iterator[Block]:
        if self.fits:
            pixels = _RESIDENT.put(self._images)
            count = len(rows) // size
            yield Block(pixels, _put(rows.reshape(-1, size).astype(np.int32)), _put(mirrored.reshape(-1, size)), count)
            return
        per_block = min(max(1, self._block_bytes // (size * self._images[0].nbytes)), len(rows) // size) * size
        starts = range(0, len(rows), per_block)
        cut = [(rows[start : start + per_block], mirrored[start : start + per_block]) for start in starts]
        yield from _one_ahead([partial(self._travel, *part, per_block, size) for part in cut])

    def _travel(self, rows: np.ndarray, mirrored: np.ndarray, images: int, size: int) -> Block:
        """A block of its own images in turn, as large as all others, so that one program does them all."""
        pixels = np.zeros((images, *self._images.shape[1:]), np.uint8)
        pixels[: len(rows)] = self._images[rows]
        turned = np.zeros(images, bool)
        turned[: len(rows)] = mirrored
        in_turn = np.arange(images, dtype=np.int32).reshape(-1, size)
        return Block(_put(pixels), _put(in_turn), _put(turned.reshape(-1, size)), len(rows) // size)


def _one_ahead(makers: list[partial[Block]]) -> Iterator[Block]:
    """Each block, while a thread makes the next one."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(makers[0])
        for following in [*makers[1:], None]:
            block = coming.result()
            if following is not None:
                coming = reader.submit(following)
            yield block


def _put(values: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(values)


class _Resident:
    """The set that lies in the accelerator's memory: one, for training, encoding and the next cells on the same."""

    def __init__(self) -> None:
        self._images: np.ndarray | None = None
        self._pixels: Any = None

    def holds(self, images: np.ndarray) -> bool:
        return self._images is not None and _are_same(self._images, images)

    def put(self, images: np.ndarray) -> Any:
        if not self.holds(images):
            self._pixels = None  # its memory is free before the next one comes
            # The array itself is kept: another one may get its address when it is gone.
            self._pixels, self._images = _put(images), images
        return self._pixels


def _are_same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether both are one array, or maps of the whole of one prepared file, which is never written again."""
    return first is second or (_whole_file(first) is not None and _whole_file(first) == _whole_file(second))


def _whole_file(images: np.ndarray) -> tuple[str, int, tuple[int, ...]] | None:
    """Name, time and shape of the file that is mapped from its header to its end; None of anything else."""
    if not isinstance(images, np.memmap) or images.filename is None:
        return None
    try:
        about = os.stat(images.filename)
    except OSError:
        return None
    # A part of a map has the name and offset of the whole one.
    whole = images.flags.c_contiguous and images.offset + images.nbytes == about.st_size
    return (str(images.filename), about.st_mtime_ns, images.shape) if whole else None


_RESIDENT = _Resident()
