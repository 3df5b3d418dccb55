from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics import score
from metrics.moments import DegenerateError, chunks_of, moments
from metrics.norms import NormLaw, norm_agreement, norm_law, norm_nulls, norm_spread, norms_squared
from tests.metrics.controls import normal


@pytest.mark.parametrize(
    ("variances", "squares", "law"),
    [
        ([1.0] * 2, [0.0] * 2, stats.chi2(2)),
        ([1.0] * 10, [0.0] * 10, stats.chi2(10)),
        ([1.0] * 256, [0.0] * 256, stats.chi2(256)),
        ([2.0] * 5, [6.0] * 5, stats.ncx2(5, 15, scale=2)),
        # Two pairs of equal variances: a sum of two exponential variables.
        ([1.0, 1.0, 3.0, 3.0], [0.0] * 4, None),
    ],
    ids=["2", "10", "256", "off center", "hypoexponential"],
)
def test_the_law_of_the_norms_is_the_known_one(variances: list, squares: list, law) -> None:
    found = NormLaw(np.array(variances), np.array(squares))
    x = np.linspace(found.mean / 50, found.mean + 6 * found.sd, 400)
    expected = law.cdf(x) if law else 1 - (6 * np.exp(-x / 6) - 2 * np.exp(-x / 2)) / 4
    assert np.abs(found.cdf(x) - expected).max() < 1e-4
    if law:
        assert (found.mean, found.sd) == pytest.approx((law.mean(), law.std()))


def test_the_law_of_any_spectrum_is_that_of_a_large_sample() -> None:
    rng = np.random.default_rng(0)
    variances, means = np.geomspace(1, 1e-3, 40), rng.standard_normal(40)
    squared = ((rng.standard_normal((200_000, 40)) * np.sqrt(variances) + means) ** 2).sum(axis=1)
    # 1.95 / sqrt(n) is exceeded once in 1000 times.
    assert stats.kstest(squared, NormLaw(variances, means**2).cdf).statistic < 1.95 / np.sqrt(200_000)


def shell(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """A normal cloud around a center far off the origin, every vector put at nearly the same distance from it."""
    points = rng.standard_normal((n, d)) + 1
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return points / lengths * np.sqrt(2 * d) * (1 + 0.02 * rng.standard_normal((n, 1)))


def test_a_shell_that_all_headlines_call_normal_is_seen() -> None:
    points = shell(8000, 64, np.random.default_rng(0))
    found = score(points).values
    for name in ("marginal_gaussianity", "contour_agreement", "radius_agreement"):
        assert found[name] > found[f"{name}_null"] - 0.04
    assert found["origin/norm_agreement"] < 0.75
    assert found["origin/norm_agreement_gap_sds"] > 30
    assert found["origin/norm_spread"] < 0.5
    assert found["origin/norm_spread_gap_sds"] > 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "d", "condition", "shift"),
    [(400, 64, 1e4, 5.0), (1000, 10, 1e4, 5.0), (3000, 32, 1.0, 0.0), (300, 2, 9.0, 1)],
)
def test_the_null_is_that_of_normal_clouds(n: int, d: int, condition: float, shift: float) -> None:
    rng = np.random.default_rng(1)
    rotation, _ = np.linalg.qr(rng.standard_normal((d, d)))
    found = []
    for _ in range(100):
        points = rng.standard_normal((n, d)) * np.sqrt(np.geomspace(1, condition, d)) @ rotation.T + shift
        law, squared = norm_law(moments(points)), norms_squared(points)
        found.append((norm_agreement(squared, law), norm_spread(squared, law)))
    nulls = norm_nulls(moments(points))
    for values, null in zip(np.array(found).T, (nulls["norm_agreement"], nulls["norm_spread"]), strict=True):
        # Means of 100 and of 60 samples: 0.16 sds together, and what the approximation gets wrong.
        assert values.mean() == pytest.approx(null.mean(), abs=0.8 * values.std())
        assert 0.6 < null.std() / values.std() < 1.6


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_rotation_and_scale_change_nothing(seed: int, log_scale: float) -> None:
    rng = np.random.default_rng(seed)
    points = normal(200, 5, rng)
    rotation, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    other = points @ rotation * 10.0**log_scale
    values = [norm_agreement(norms_squared(p), norm_law(moments(p))) for p in (points, other)]
    assert values[0] == pytest.approx(values[1], abs=1e-6)


def test_chunks_change_nothing() -> None:
    points = normal(500, 7, np.random.default_rng(0))
    whole = norms_squared(points)
    with chunks_of(50):
        assert norms_squared(points) == pytest.approx(whole)
    assert whole == pytest.approx((points**2).sum(axis=1))


def test_points_that_are_all_the_same_have_no_law() -> None:
    with pytest.raises(DegenerateError, match="all points are the same"):
        norm_law(moments(np.ones((5, 3))))
