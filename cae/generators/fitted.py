"""What is fitted to the training vectors, and on how many of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from cae.latent_distribution import LatentDistribution

SEED = 20240808

Fit = TypeVar("Fit")


def once(fit: Callable[[LatentDistribution], Fit]) -> Callable[[LatentDistribution], Fit]:
    """`fit`, done once for each distribution and forgotten with it; the fit must not refer to the cloud."""
    known: WeakKeyDictionary[LatentDistribution, Fit] = WeakKeyDictionary()

    @wraps(fit)
    def fitted(cloud: LatentDistribution) -> Fit:
        if cloud not in known:
            known[cloud] = fit(cloud)
        return known[cloud]

    return fitted


def held_out(n: int, share: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit to and rows to judge by, a `share` of at most `most` of n rows, always the same ones."""
    rows = np.random.default_rng(SEED).permutation(n)[:most]
    judged = int(share * len(rows))
    return rows[judged:], rows[:judged]


def gain(own: np.ndarray, normal: np.ndarray, components: int) -> tuple[float, float]:
    """Mean and standard error of what log-likelihoods (m,) are above those of a normal, in nats per component."""
    more = (own - normal) / components
    return float(more.mean()), float(more.std(ddof=1) / np.sqrt(len(more)))
