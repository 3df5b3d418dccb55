"""Each component's own distribution, joined by the correlations of their normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from cae.config import AnalysisConfig
from cae.generators.fitted import held_out, once
from cae.latent_distribution import LatentDistribution
from cae.sampling import Generator

# Quantiles of each component, equidistant as quantiles of a normal distribution: fine in the tails, and a straight
# line between them where the component is normal.
NODES = 1001
# Vectors for the correlations, which are then known to 0.005; the quantiles are those of all.
MOST_VECTORS = 50_000
COLUMNS = 16


@dataclass(frozen=True, eq=False)
class Copula:
    """nodes: (NODES,) normal scores. quantiles: (d, NODES) of each component there. factor: (d, d) F, see `fitted`."""

    nodes: np.ndarray
    quantiles: np.ndarray
    factor: np.ndarray


@once
def fitted(cloud: LatentDistribution) -> Copula:
    """Quantiles of the components, and the factor F of their normal scores' correlation matrix R = F F'.

    Of all such factors the one nearest to that of `mnd` for standardized components, in the sum of squares (orthogonal
    Procrustes, Schoenemann 1966), so that the same draw is about the same person. R is that of ranks of real vectors,
    and so positive semidefinite, whatever n and d; rows of constant components are 0.
    Cost: sorting, n d log n, the correlations, min(n, 50,000) d^2, and two decompositions, d^3.
    """
    highest = ndtri(len(cloud.vectors) / (len(cloud.vectors) + 1))
    nodes = np.linspace(-highest, highest, NODES)
    rows, _ = held_out(len(cloud.vectors), 0, MOST_VECTORS)
    values, vectors = np.linalg.eigh(_correlation(normal_scores(cloud.vectors[rows])))
    root = vectors * np.sqrt(np.clip(values, 0, None))
    sd = np.where(cloud.sd > 0, cloud.sd, 1)
    turn, _ = orthogonal_procrustes(root, cloud.axes * cloud.scales / sd[:, None])
    return Copula(nodes, _quantiles(cloud.vectors, nodes), root @ turn)


def normal_scores(vectors: np.ndarray) -> np.ndarray:
    """float32 (n, d): of each component the standard normal quantiles at rank / (n + 1); 0 where it is constant.

    Ties share their mean rank. Source: van der Waerden 1952.
    """
    scores = np.empty(vectors.shape, np.float32)
    for start in range(0, vectors.shape[1], COLUMNS):
        block = slice(start, start + COLUMNS)
        scores[:, block] = ndtri(rankdata(vectors[:, block], axis=0) / (len(vectors) + 1))
    return scores


def _correlation(scores: np.ndarray) -> np.ndarray:
    """float64 (d, d), with rows and columns of 0 for constant components."""
    centered = scores - scores.mean(axis=0)
    products = (centered.T @ centered).astype(np.float64)
    length = np.sqrt(np.diag(products))
    inverse = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    return products * np.outer(inverse, inverse)


def _quantiles(vectors: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """(d, NODES): of each component at these normal scores, linear between the values of rank / (n + 1)."""
    n = len(vectors)
    places = np.clip(ndtr(nodes) * (n + 1) - 1, 0, n - 1)
    below = np.minimum(places.astype(int), n - 2)
    found = np.empty((vectors.shape[1], len(nodes)))
    for column, values in enumerate(vectors.T):
        ordered = np.sort(values).astype(np.float64)
        found[column] = ordered[below] + (places - below) * (ordered[below + 1] - ordered[below])
    return found


def draw(cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """(m, d): each component between the least and the largest value of the data."""
    copula = fitted(cloud)
    scores = draws @ copula.factor.T
    columns = zip(scores.T, copula.quantiles, strict=True)
    return np.column_stack([np.interp(own, copula.nodes, quantiles) for own, quantiles in columns])


COPULA = Generator(
    draw,
    lambda cloud, config: "each component's own distribution, joined by the correlations of their normal scores",
)
