from __future__ import annotations

import numpy as np
import pytest

from metrics import score
from metrics.covariates import explained
from metrics.moments import DegenerateError, mahalanobis_squared, moments

N, D = 4000, 20


def scaled(strength: float, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A normal cloud whose points are scaled by exp(strength u + noise v); u is known, v is not."""
    u, v = rng.standard_normal((2, N))
    points = rng.standard_normal((N, D)) * np.exp(strength * u + noise * v)[:, None]
    return points, {"u": u, "unrelated": rng.standard_normal(N)}


@pytest.mark.parametrize(("strength", "noise"), [(0.4, 0.0), (0.3, 0.3), (0.0, 0.4)])
def test_the_share_is_that_of_the_known_part(strength: float, noise: float) -> None:
    points, covariates = scaled(strength, noise, np.random.default_rng(0))
    found = score(points, covariates=covariates, families=("radius",), calibrate=False).values
    # Of a normal cloud itself the log radius has a variance of about 1 / (2 d).
    expected = strength**2 / (strength**2 + noise**2 + 1 / (2 * D))
    assert found["radius/explained"] == pytest.approx(expected, abs=0.06)
    if noise == 0:
        assert found["radius/agreement_of_rest"] > 0.95 > 0.75 > found["radius_agreement"]
    if strength == 0:
        assert found["radius/agreement_of_rest"] == pytest.approx(found["radius_agreement"], abs=0.02)


def test_squares_and_products_are_seen() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.standard_normal((2, N))
    points = rng.standard_normal((N, D)) * np.exp(0.3 * u * v)[:, None]
    squared = mahalanobis_squared(points, moments(points))
    assert explained(squared, {"u": u, "v": v}, D, rng)[0] > 0.6
    assert explained(squared, {"u": u}, D, rng)[0] < 0.1


def test_covariates_that_explain_nothing_are_never_credited() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((300, 5))
    squared = mahalanobis_squared(points, moments(points))
    found = [explained(squared, {str(k): rng.standard_normal(300) for k in range(3)}, 5, rng)[0] for _ in range(20)]
    assert max(found) < 0.05
    assert np.mean(found) < 0


def test_what_cannot_be_explained_says_why() -> None:
    rng = np.random.default_rng(0)
    squared = rng.chisquare(3, 200)
    for covariates, reason in (
        ({"u": np.ones(200)}, "the covariates are all constant"),
        ({str(k): rng.standard_normal(200) for k in range(5)}, "200 points for 21 coefficients"),
    ):
        with pytest.raises(DegenerateError, match=reason):
            explained(squared, covariates, 3, rng)
    with pytest.raises(DegenerateError, match="the radii are all the same"):
        explained(np.ones(200), {"u": rng.standard_normal(200)}, 3, rng)


def test_reasons_stand_among_what_was_left_out() -> None:
    points = np.random.default_rng(0).standard_normal((40, 3))
    found = score(
        points, covariates={"u": np.arange(40.0), "v": np.arange(40.0) ** 2}, families=("radius",), calibrate=False
    )
    assert "radius/correlation_u" in found.values
    assert found.omitted["radius/explained"].startswith("40 points for 6 coefficients")
