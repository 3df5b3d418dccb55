"""How far a measure strays in normal clouds, where its own distribution is skewed and known from few samples."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import betainc, ndtri

# Chance beyond 3 sds on one side of a normal distribution.
TAIL = float(stats.norm.sf(3))
# Beyond this the approximation below turns back on itself.
MOST_SKEWED = 2.5


def skewness(table: np.ndarray) -> np.ndarray:
    """Third standardised moment (k,) of the columns of a table (samples, k); 0 where a column is constant."""
    centred = table - table.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    return np.divide((centred**3).mean(axis=0), variance**1.5, out=np.zeros_like(variance), where=variance > 1e-24)


def sides(sd: np.ndarray, skewness: np.ndarray, count: float) -> tuple[np.ndarray, np.ndarray]:
    """A third of the way from the mean to where one sample in 741 lies, below and above (k,) each; sd where not skewed.

    sd, skewness: (k,) of measures in `count` samples. The quantiles are those of a gamma law of this skewness (Wilson
    and Hilferty 1931), farther out as few samples know their mean and sd badly (Student's t, prediction).
    """
    far = float(stats.t.ppf(1 - TAIL, count - 1)) * np.sqrt(1 + 1 / count)
    skew = np.clip(skewness, -MOST_SKEWED, MOST_SKEWED)
    return sd * -_gamma_quantile(-far, skew) / 3, sd * _gamma_quantile(far, skew) / 3


def _gamma_quantile(z: float, skew: np.ndarray) -> np.ndarray:
    """Quantile (k,) of a law of mean 0, sd 1 and this skewness where the normal's is z; at least a sixth of z."""
    small = np.abs(skew) < 1e-3
    g = np.where(small, 1.0, skew)
    found = np.where(small, z, 2 / g * (np.maximum(1 + g * z / 6 - g**2 / 36, 0.0) ** 3 - 1))
    return np.sign(z) * np.maximum(np.abs(found), abs(z) / 6)


def share_sides(share: float, sd: float) -> tuple[float, float]:
    """The same for a share of tests that reject, with a mean of `share`: binomial, by the number of tests that make sd.

    Tests that are alike are few: of a single one that rejects in 5 % of all samples the share is 0 or 1, and 1 no rare
    event.
    """
    tests = max(share * (1 - share) / sd**2, 1.0) if sd > 0 else np.inf
    if not np.isfinite(tests):
        return share, share
    shares = np.linspace(share, 1.0, 401)[1:]
    # P(at least k of n) for real k and n.
    tail = betainc(np.maximum(shares * tests, 1e-9), (1 - shares) * tests + 1, share)
    z = -ndtri(np.clip(tail, 1e-300, 0.5))
    rare = z >= 3
    at = int(np.argmax(rare)) if rare.any() else len(shares) - 1
    none = -ndtri(np.clip((1 - share) ** tests, 1e-300, 0.5))
    return share / max(float(none), 1 / 3), float((shares[at] - share) / max(min(z[at], 3.0), 1 / 3))
