"""Which images a network sees, in which batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """Images in turn.

    rows: int64 (n,), indices of images. ends: where each batch ends; all have the size of the first, but the last.
    mirrored: bool (n,), which of them are turned left to right.
    """

    rows: np.ndarray
    ends: tuple[int, ...]
    mirrored: np.ndarray

    @property
    def size(self) -> int:
        """Images of every batch but the last."""
        return self.ends[0]

    @property
    def full(self) -> int:
        """How many batches have that size."""
        return len(self.ends) - (len(self.rows) != len(self.ends) * self.size)


def in_batches(rows: np.ndarray, size: int, least: int = 1, mirrored: np.ndarray | None = None) -> Order:
    """These images in batches of `size`. A last batch of fewer than `least` joins the one before it.

    Ascending within each batch: that spares the disk, and the order inside a batch does not matter to a training.
    """
    ends = batch_ends(len(rows), size, least)
    starts = (0, *ends[:-1])
    ascending = np.concatenate([np.sort(rows[start:end]) for start, end in zip(starts, ends, strict=True)])
    return Order(ascending, ends, np.zeros(len(rows), bool) if mirrored is None else mirrored)


def in_turn(rows: np.ndarray, size: int) -> Order:
    """These images in batches of `size`, as they come."""
    return Order(np.asarray(rows), batch_ends(len(rows), size), np.zeros(len(rows), bool))


def batch_ends(count: int, size: int, least: int = 1) -> tuple[int, ...]:
    """Where each batch of `count` images ends, as `in_batches` has it."""
    ends = [*range(size, count, size), count]
    if len(ends) > 1 and count - ends[-2] < least:
        del ends[-2]
    return tuple(ends)


def batches(images: np.ndarray, order: Order) -> Iterator[np.ndarray]:
    """uint8 (at most size, h, w, 3): batch by batch, read from a memory map."""
    start = 0
    for end in order.ends:
        batch = images[order.rows[start:end]]
        turned = order.mirrored[start:end]
        batch[turned] = batch[turned, :, ::-1]
        yield batch
        start = end
