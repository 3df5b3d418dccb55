"""A mixture of normal distributions on the leading principal scores."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cae.config import AnalysisConfig
from cae.generators.fitted import SEED, gain, held_out, once
from cae.latent_distribution import LatentDistribution, from_scores, scores_of
from cae.sampling import Generator

COUNTS = (1, 2, 4, 8, 16)
# The share of the variance that the axes carry: what pictures show lies along the wide ones. A few cost nothing.
SHARE, FEWEST_AXES, MOST_AXES = 0.9, 8, 32
ROUNDING = 1e-9
HELD_OUT, MOST_VECTORS = 0.2, 20_000
# Added to variances of whitened scores, so that copies of a vector make no component without width.
REGULARIZATION = 1e-4
# From one start four far clusters were not always found. EM ends when a step gains fewer nats a vector.
STARTS, TOLERANCE = 3, 1e-2
# Of an interval between normal quantiles, a few sd long: down to rounding.
HALVINGS = 54


@dataclass(frozen=True, eq=False)
class Mixture:
    """c normal distributions in k dimensions: weights (c,), means (c, k), lower triangular roots (c, k, k).

    gain: mean and standard error of the held-out log-likelihood above that of a single one, in nats per component of
    the latent space; None where there was nothing to choose from.
    """

    weights: np.ndarray
    means: np.ndarray
    roots: np.ndarray
    gain: tuple[float, float] | None = None


@once
def fitted(cloud: LatentDistribution) -> Mixture:
    """The mixture of as many normal distributions, of COUNTS, as a held-out fifth is most probable under.

    On principal scores in sd, of at most MOST_VECTORS vectors: 16 normals on 32 axes have 9,000 parameters. One is
    N(0, I) itself, which those scores have by construction.
    Cost: n c k^2 for each of some hundred iterations of EM (Dempster et al. 1977).
    """
    n, k = len(cloud.vectors), leading(cloud)
    train, test = held_out(n, HELD_OUT, MOST_VECTORS)
    single = Mixture(np.ones(1), np.zeros((1, k)), np.eye(k)[None])
    # Each component needs more vectors than axes.
    counts = [count for count in COUNTS if 0 < k < len(train) // count]
    if len(counts) < 2 or len(test) < 2:
        return single
    scores = scores_of(cloud, np.concatenate([train, test]), k)
    judged = {count: _em(scores[: len(train)], count).score_samples(scores[len(train) :]) for count in counts}
    best = max(judged, key=lambda count: float(judged[count].mean()))
    found = gain(judged[best], judged[1], cloud.rank)
    if best == 1:
        return Mixture(single.weights, single.means, single.roots, found)
    all_of_them = _em(scores, best)
    return Mixture(all_of_them.weights_, all_of_them.means_, np.linalg.cholesky(all_of_them.covariances_), found)


def leading(cloud: LatentDistribution) -> int:
    """Number of principal axes that carry 90 % of the variance, at least 8, at most 32 and sqrt(n) and the rank.

    With sqrt(n) axes one covariance has half as many parameters as there are vectors.
    """
    variances = cloud.scales**2
    # Less what sums differ by from one processor to another, so that a share that is reached exactly is reached.
    carried = int(np.searchsorted(np.cumsum(variances), (SHARE - ROUNDING) * variances.sum()) + 1)
    return min(max(carried, FEWEST_AXES), MOST_AXES, int(np.sqrt(len(cloud.vectors))), cloud.rank)


def _em(scores: np.ndarray, count: int) -> GaussianMixture:
    settings = {"n_init": STARTS, "tol": TOLERANCE, "max_iter": 200, "random_state": SEED}
    mixture = GaussianMixture(count, reg_covar=REGULARIZATION, **settings)
    # By one thread: its many small products spent most of their time waiting for one another.
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        # A mixture that could still gain a little is a mixture, and is judged as it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(scores)


def transport(mixture: Mixture, draws: np.ndarray) -> np.ndarray:
    """(m, k): standard normal draws (m, k) as points of the mixture, by the Knothe-Rosenblatt map.

    Each coordinate is the quantile of its distribution given those before it, at the rank of the draw: rising in the
    draw, the draw itself where the mixture is N(0, I). Sources: Rosenblatt 1952, Knothe 1957. Cost: m c k HALVINGS
    values of the normal distribution function, and m c k^2.
    """
    points = np.empty_like(draws)
    residuals = np.zeros((len(draws), *mixture.means.shape))
    log_weights = np.tile(np.log(mixture.weights), (len(draws), 1))
    for axis in range(draws.shape[1]):
        before, row = residuals[..., :axis], mixture.roots[:, axis, :axis]
        means = mixture.means[:, axis] + np.einsum("mcj,cj->mc", before, row)
        sds = mixture.roots[:, axis, axis]
        points[:, axis] = _quantiles(softmax(log_weights, axis=1), means, sds, draws[:, axis])
        residuals[..., axis] = (points[:, axis, None] - means) / sds
        log_weights -= residuals[..., axis] ** 2 / 2 + np.log(sds)
    return points


def _quantiles(weights: np.ndarray, means: np.ndarray, sds: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(m,): quantiles of one-dimensional mixtures, weights and means (m, c), sds (c,), at the ranks of draws (m,).

    A mixture's quantile lies between the least and the largest of its components', in between by bisection.
    """
    # Tails are compared by the smaller side, which keeps its digits.
    side, share = np.where(draws > 0, -1, 1), ndtr(-np.abs(draws))
    ends = means + sds * draws[:, None]
    low, high = ends.min(axis=1), ends.max(axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = (weights * ndtr(side[:, None] * (middle[:, None] - means) / sds)).sum(axis=1)
        rises = side * (below - share) < 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    return (low + high) / 2


def draw(cloud: LatentDistribution, draws: np.ndarray, config: AnalysisConfig) -> np.ndarray:
    """(m, d): leading scores of the mixture, the others as in `mnd`."""
    mixture = fitted(cloud)
    k = mixture.means.shape[1]
    return from_scores(cloud, np.concatenate([transport(mixture, draws[:, :k]), draws[:, k:]], axis=1))


def caption(cloud: LatentDistribution, config: AnalysisConfig) -> str:
    mixture = fitted(cloud)
    count, k = mixture.means.shape
    what = "a single normal distribution" if count == 1 else f"a mixture of {count} normal distributions"
    told = "too few vectors for more" if mixture.gain is None else f"held out {mixture.gain[0]:+.3f} nats per component"
    return f"{what} on {k} principal scores ({told}), mnd on the others"


GMM = Generator(draw, caption)
