"""Between training vectors and their nearest neighbours."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from cae import neighbours
from cae.config import AnalysisConfig
from cae.generators.fitted import once
from cae.latent_distribution import LatentDistribution, scores_of
from cae.sampling import Generator

NEIGHBOURS = 8
# Ranks along so many principal axes choose the vector: 170,000 of them are 55 x 55 x 55.
AXES = 3


def draw(cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """(m, d): points on the lines between training vectors and one of their 8 nearest neighbours.

    Each vector is as probable as any other, which the nearest one to an mnd point would not be: in many dimensions a
    few hubs are nearest to most points (Radovanovic et al. 2010). Which one, the draws say by their ranks along the
    leading principal axes, so that the order of `mnd` stays: that along the first axis for all, that along the next
    within those of about the same rank before. The next coordinate says which neighbour and how far: uniform, both
    (as in SMOTE, Chawla et al. 2002). Distances as in `cae.neighbours`.
    Cost: m n d, and sorting n vectors once.
    """
    axes = base_axes(cloud)
    bases = base_rows(ordered(cloud), ndtr(draws[:, :axes]))
    count = neighbour_count(cloud)
    place = ndtr(draws[:, axes]) * count
    which = np.minimum(place.astype(int), count - 1)
    ends = _neighbours(cloud.vectors, bases, count)[np.arange(len(bases)), which]
    start, end = cloud.vectors[bases].astype(np.float64), cloud.vectors[ends]
    return start + (place - which)[:, None] * (end - start)


def base_axes(cloud: LatentDistribution) -> int:
    """How many coordinates choose the vector: one is left over for its neighbour, also in two dimensions."""
    return max(min(AXES, cloud.rank, len(cloud.mean) - 1), 1)


def neighbour_count(cloud: LatentDistribution) -> int:
    return min(NEIGHBOURS, len(cloud.vectors) - 1)


@once
def ordered(cloud: LatentDistribution) -> np.ndarray:
    """(n,): the training vectors by the first principal score, in blocks of them by the next, and so on."""
    n, axes = len(cloud.vectors), min(base_axes(cloud), cloud.rank)
    order, scores = np.arange(n), scores_of(cloud, np.arange(n), axes)
    start, stop = np.zeros(n, int), np.full(n, n)
    for axis in range(axes):
        order = order[np.lexsort((scores[order, axis], start))]
        start, stop = _block(start, stop, np.arange(n) - start, _blocks(n, axes))
    return order


def base_rows(order: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """(m,): training vectors at these ranks (m, axes) from 0 to 1: uniform ones for uniform ranks."""
    n, axes = len(order), ranks.shape[1]
    start, stop = np.zeros(len(ranks), int), np.full(len(ranks), n)
    for rank in ranks.T:
        size = stop - start
        offset = np.minimum((rank * size).astype(int), size - 1)
        chosen = order[start + offset]
        start, stop = _block(start, stop, offset, _blocks(n, axes))
    return chosen


def _blocks(n: int, axes: int) -> int:
    """So many that the last of `axes` divisions of n leaves one each."""
    return int(np.ceil(n ** (1 / axes)))


def _block(start: np.ndarray, stop: np.ndarray, offset: np.ndarray, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and stop of that of so many blocks, as equal as can be, which the place start + offset is in."""
    size = stop - start
    block = ((offset + 1) * blocks - 1) // size
    return start + size * block // blocks, start + size * (block + 1) // blocks


def _neighbours(vectors: np.ndarray, bases: np.ndarray, count: int) -> np.ndarray:
    """(m, count): rows of the nearest vectors to these, without themselves."""
    found, _ = neighbours.nearest(vectors, vectors[bases], count + 1)
    others = found != bases[:, None]
    # Among many copies of it, a vector need not be one of its own nearest.
    others[others.all(axis=1), -1] = False
    return found[others].reshape(len(bases), count)


def caption(cloud: LatentDistribution, config: AnalysisConfig) -> str:
    return (
        f"between a training vector and one of its {neighbour_count(cloud)} nearest; "
        f"the draws' order along the first {base_axes(cloud)} principal axes is kept"
    )


KNN = Generator(draw, caption)
