from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics.moments import Moments, mahalanobis_squared, moments
from metrics.radius import radius_agreement
from tests.metrics.controls import ball, student

D, N = 16, 30_000


def measured(points: np.ndarray) -> float:
    return radius_agreement(mahalanobis_squared(points, moments(points)), points.shape[1])


def scale_mixture(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Half of the points from a normal cloud, half from one twice as wide."""
    return rng.standard_normal((n, d)) * rng.integers(1, 3, size=(n, 1))


def distance_to_chi_square(cdf: np.ndarray, t: np.ndarray, d: int = D) -> float:
    return float(np.abs(cdf - stats.chi2(d).cdf(t)).max())


def standard_normal(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((n, d))


T = np.linspace(0, 20 * D, 100_001)
# Variance of a component, and the law of its squared Mahalanobis distance at T.
LAWS = {
    standard_normal: (1.0, stats.chi2(D).cdf(T)),
    scale_mixture: (2.5, (stats.chi2(D).cdf(2.5 * T) + stats.chi2(D).cdf(2.5 * T / 4)) / 2),
    # |x|^2 / d of a t is F(d, 8).
    student: (8 / 6, stats.f(D, 8).cdf(T * 8 / 6 / D)),
    ball: (1 / (D + 2), np.minimum(T / (D + 2), 1) ** (D / 2)),
}


@pytest.mark.parametrize("make", LAWS, ids=lambda make: make.__name__)
def test_the_distance_of_known_laws(make) -> None:
    variance, cdf = LAWS[make]
    known = Moments(N, np.zeros(D), variance * np.eye(D))
    found = radius_agreement(mahalanobis_squared(make(N, D, np.random.default_rng(5)), known), D)
    # 1.95 / sqrt(n) is exceeded by a KS distance once in 1000 times.
    assert found == pytest.approx(1 - distance_to_chi_square(cdf, T), abs=1.95 / np.sqrt(N))


def test_it_is_scipys_distance() -> None:
    squared = np.random.default_rng(0).chisquare(5, 400)
    assert radius_agreement(squared, 5) == pytest.approx(1 - stats.kstest(squared, "chi2", args=(5,)).statistic)


def test_few_points_follow_the_beta_law_that_the_docstring_names() -> None:
    n, d = 400, 350
    points = np.random.default_rng(0).standard_normal((n, d))
    squared = mahalanobis_squared(points, moments(points))
    law = stats.beta(d / 2, (n - d - 1) / 2)
    limit = 1.95 / np.sqrt(n)
    assert stats.kstest(n * squared / (n - 1) ** 2, law.cdf).statistic < limit
    x = np.linspace(0, 3 * d, 10_001)
    expected = distance_to_chi_square(law.cdf(n * x / (n - 1) ** 2), x, d)
    assert expected > limit
    assert radius_agreement(squared, d) == pytest.approx(1 - expected, abs=limit)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-4, 4), shift=st.floats(-50, 50))
def test_affine_maps_and_the_order_of_points_change_nothing(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = student(300, 4, rng)
    orthogonal, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    mapped = rng.permutation(points) @ (orthogonal * rng.uniform(0.2, 5, 4)) * 10.0**log_scale + shift
    assert measured(mapped) == pytest.approx(measured(points), abs=1e-6)
