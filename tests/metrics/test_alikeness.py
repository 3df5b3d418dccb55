from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from metrics.alikeness import blocks, components
from metrics.battery import ALIKE
from metrics.cloud import CORRELATED_PAIRS
from metrics.contours import contour_agreement, correlated_pairs, random_pairs
from metrics.marginals import marginals
from metrics.moments import DegenerateError, Moments, moments
from metrics.multivariate import henze_zirkler_blocks, random_blocks
from metrics.null import Null, null_distribution


@pytest.mark.parametrize("order", [4, 6])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_components_that_are_not_alike_vary_no_more(order: int, scale: float) -> None:
    assert components(Moments(10, np.zeros(5), scale * np.diag([1.0, 2.0, 3.0, 4.0, 5.0])), order) == pytest.approx(1)


@pytest.mark.parametrize("order", [4, 6])
@pytest.mark.parametrize(("d", "r"), [(1, 0.0), (2, -0.5), (8, 0.9), (8, 1.0)])
def test_equally_correlated_components_vary_as_in_closed_form(order: int, d: int, r: float) -> None:
    correlation = np.full((d, d), r) + (1 - r) * np.eye(d)
    sd = np.arange(1.0, d + 1)
    own = Moments(100, np.full(d, 5.0), correlation * np.outer(sd, sd))
    assert components(own, order) == pytest.approx(np.sqrt(1 + (d - 1) * abs(r) ** order))


def test_constant_components_are_alike_to_nothing() -> None:
    with pytest.raises(DegenerateError, match="constant components: 1"):
        components(Moments(10, np.ones(3), np.diag([1.0, 0.0, 1.0])), 4)


MEASURES = {
    "marginal_gaussianity": lambda each: 1 - each.ks.mean(),
    "marginal/wasserstein": lambda each: each.wasserstein.mean(),
    "marginal/skewness_abs": lambda each: np.abs(each.skewness).mean(),
    "marginal/excess_kurtosis": lambda each: each.excess_kurtosis.mean(),
}
SAMPLES, POINTS, COMPONENTS = 150, 500, 8
# sd of samples of a law with kurtosis k is off by sqrt((k - 1) / (4 m)); k = 6 is more than any of these means has. Of
# the ratio of two sds sqrt(2) times that, and 4 standard errors.
OFF = 4 * np.sqrt(2 * (6 - 1) / (4 * SAMPLES))


def measured(sample: np.ndarray, seed: np.random.SeedSequence | None = None) -> dict[str, float]:
    each = marginals(sample, moments(sample))
    return {name: float(compute(each)) for name, compute in MEASURES.items()}


@pytest.fixture
def many_replicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Null:
    """20 samples know their sd to 16 %; 150 to 6 %, so that a wrong factor shows."""
    monkeypatch.setenv("CAE_CACHE", str(tmp_path / "cache"))
    return null_distribution(POINTS, COMPONENTS, {}, measured, count=SAMPLES)


def equally_correlated(rng: np.random.Generator) -> np.ndarray:
    return np.full((COMPONENTS, COMPONENTS), 0.9) + 0.1 * np.eye(COMPONENTS)


def two_factors(rng: np.random.Generator) -> np.ndarray:
    loadings = rng.standard_normal((2, COMPONENTS))
    return loadings.T @ loadings + 0.1 * np.eye(COMPONENTS)


def independent(rng: np.random.Generator) -> np.ndarray:
    return np.eye(COMPONENTS)


@pytest.mark.parametrize("covariance", [independent, two_factors, equally_correlated])
def test_gaps_of_normal_clouds_with_any_covariance_are_of_the_size_of_their_sd(
    many_replicates: Null, covariance: Callable[[np.random.Generator], np.ndarray]
) -> None:
    rng = np.random.default_rng(5)
    root = np.linalg.cholesky(covariance(rng))
    z: dict[str, list[float]] = {name: [] for name in MEASURES}
    for _ in range(SAMPLES):
        points = rng.standard_normal((POINTS, COMPONENTS)) @ root.T + 3
        own = moments(points)
        for name, value in measured(points).items():
            sd = many_replicates.sd[name] * components(own, ALIKE[name])
            z[name].append((many_replicates.mean[name] - value) / sd)
    for name, gaps in z.items():
        # Mean of the null and of the gaps have at most this error each, in sds.
        assert abs(np.mean(gaps)) < 4 * np.sqrt(2 / SAMPLES), name
        # The factor is an upper bound, up to which an sd in excess of the null's would be false alarm.
        assert np.std(gaps) < np.exp(OFF), name
    # Mehler's formula is exact for the kurtosis of many points, of which 500 are nearly enough.
    assert np.std(z["marginal/excess_kurtosis"]) > np.exp(-OFF)


# --- pairs and blocks ----------------------------------------------------------------------------------------------


def test_independent_components_leave_blocks_as_they_are() -> None:
    rng = np.random.default_rng(0)
    own = Moments(100, np.zeros(12), np.diag(np.arange(1.0, 13)))
    for size in (2, 5, 10):
        assert blocks(own, random_blocks(12, size, 20, rng)) == pytest.approx(1)
    assert blocks(own, np.empty((0, 2), int)) == 1


def test_a_flat_cloud_has_fewer_dimensions_than_a_round_one() -> None:
    assert components(Moments(100, np.zeros(6), np.diag([1.0, 2, 3, 4, 5, 6])), 2) == pytest.approx(1)
    assert components(Moments(100, np.zeros(4), np.ones((4, 4))), 2) == pytest.approx(2)


def test_blocks_of_the_same_directions_are_one() -> None:
    # Components 0, 1 and 2, 3 span nearly the same plane: both blocks are one block.
    plane = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    own = Moments(100, np.zeros(4), plane @ plane.T + 1e-7 * np.eye(4))
    assert blocks(own, np.array([[0, 1], [2, 3]])) == pytest.approx(np.sqrt(2), abs=1e-3)


def test_one_shared_direction_counts_by_its_sixth_power() -> None:
    # Canonical correlations of the blocks: r and 0. Of the four products of degree 3 one is r^6, the others 0.
    correlation, r = np.eye(4), 0.8
    correlation[0, 2] = correlation[2, 0] = r
    own = Moments(100, np.zeros(4), correlation)
    assert blocks(own, np.array([[0, 1], [2, 3]])) == pytest.approx(np.sqrt(1 + r**6 / 4))


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("what", ["contours", "most correlated", "blocks"])
def test_means_over_pairs_and_blocks_of_correlated_components_vary_by_at_most_the_factor(what: str) -> None:
    rng = np.random.default_rng(0)
    n, d, samples = 400, 10, 80
    rotation, _ = np.linalg.qr(rng.standard_normal((d, d)))
    root = np.sqrt(np.geomspace(1, 1e4, d))[:, None] * rotation
    pairs, fives = random_pairs(d, 20, rng), random_blocks(d, 5, 20, rng)

    def value(points: np.ndarray) -> float:
        own = moments(points)
        if what != "blocks":
            chosen = pairs if what == "contours" else correlated_pairs(own, CORRELATED_PAIRS)
            return float(contour_agreement(points, own, chosen, (1.0, 2.0)).mean())
        return float(henze_zirkler_blocks(points, fives)[0].mean())

    plain = [value(rng.standard_normal((n, d))) for _ in range(samples)]
    alike = [value(rng.standard_normal((n, d)) @ root) for _ in range(samples)]
    truth = Moments(n, np.zeros(d), root.T @ root)
    looked = {"contours": pairs, "most correlated": correlated_pairs(truth, CORRELATED_PAIRS), "blocks": fives}
    factor = blocks(truth, looked[what])
    assert np.mean(alike) == pytest.approx(np.mean(plain), abs=4 * np.std(alike) / np.sqrt(samples))
    # An sd of 80 samples is off by 8 %. The most correlated pairs of noise share components already.
    least = 1.0 if what == "most correlated" else 1.2
    assert least < np.std(alike) / np.std(plain) < factor * 1.35
