"""Penalties against direct computations, on N(0, I) and on clouds that are not; and that they pull towards it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.spatial.distance import pdist
from scipy.stats import chi, kstest, norm, spearmanr

from cae.latent_layers import Regularizer
from cae.layers import gradients
from cae.penalties import (
    PENALTIES,
    SCALES,
    chi_quantiles,
    maximum_mean_discrepancy,
    normal_quantiles,
    radii_and_distances,
    sliced_epps_pulley,
    sliced_wasserstein,
    squared_norm,
)

# Those that have N(0, I) as their aim; the norm alone has the origin.
NORMAL = sorted(PENALTIES.keys() - {"l2"})


def seed(number: int = 0) -> keras.random.SeedGenerator:
    return keras.random.SeedGenerator(number)


def cloud(n: int, d: int, number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).standard_normal((n, d)).astype(np.float32)


def skewed(n: int, d: int, number: int = 0) -> np.ndarray:
    """Components that are not centered, skewed, of different scales, and correlated."""
    drawn = np.random.default_rng(number).gamma(1.0, size=(n, d)) * np.linspace(0.5, 1.5, d)
    return (drawn + drawn[:, :1]).astype(np.float32)


@pytest.mark.parametrize(("d", "within"), [(2, 0.09), (8, 0.032), (64, 0.003), (256, 0.001)])
def test_chi_quantiles_are_near_the_exact_ones(d: int, within: float) -> None:
    exact = chi.ppf((np.arange(128) + 0.5) / 128, d)
    assert np.asarray(chi_quantiles(128, d)) == pytest.approx(exact, abs=within)


def test_normal_quantiles_are_the_exact_ones() -> None:
    assert np.asarray(normal_quantiles(101)) == pytest.approx(norm.ppf((np.arange(101) + 0.5) / 101), abs=1e-5)


def test_radii_and_distances_directly() -> None:
    vectors = skewed(20, 8)
    radii = np.sort(np.linalg.norm(vectors, axis=1)) - np.asarray(chi_quantiles(20, 8))
    distances = np.sort(np.repeat(pdist(vectors), 2)) / np.sqrt(2) - np.asarray(chi_quantiles(20 * 19, 8))
    expected = (radii**2).mean() + (distances**2).mean()
    assert float(radii_and_distances(vectors)) == pytest.approx(expected, rel=1e-4)


def test_maximum_mean_discrepancy_directly() -> None:
    vectors, d = skewed(30, 4), 4
    drawn = np.asarray(keras.random.normal(vectors.shape, seed=seed(5)))
    both = np.concatenate([vectors, drawn]).astype(np.float64)
    squares = ((both[:, None] - both[None]) ** 2).sum(axis=2)
    kernel = sum(2 * d * s / (2 * d * s + squares) for s in SCALES)
    sign = np.repeat([1, -1], 30)
    expected = sign @ kernel @ sign / 30**2
    assert float(maximum_mean_discrepancy(vectors, seed(5))) == pytest.approx(expected, rel=1e-4)


def test_sliced_wasserstein_is_that_of_one_component_along_it() -> None:
    """In one dimension every direction is the component itself or its opposite."""
    x = np.sort(skewed(40, 1)[:, 0])
    q = norm.ppf((np.arange(40) + 0.5) / 40)
    one_way, other_way = ((x - q) ** 2).mean(), ((-x[::-1] - q) ** 2).mean()
    assert one_way == pytest.approx(other_way, rel=1e-5)  # quantiles are symmetric
    assert float(sliced_wasserstein(x[:, None], seed())) == pytest.approx(one_way, rel=1e-4)


def test_sliced_epps_pulley_is_the_integral() -> None:
    x = np.random.default_rng(0).standard_normal(25) * 1.5 + 0.3

    def integrand(t: float) -> float:
        return abs(np.exp(1j * t * x).mean() - np.exp(-(t**2) / 2)) ** 2 * np.exp(-(t**2) / 2)

    expected = 25 * quad(integrand, -5, 5)[0]
    found = float(sliced_epps_pulley(x[:, None].astype(np.float32), seed()))
    assert found == pytest.approx(expected, rel=1e-3)  # what the trapezoid rule errs by


def test_squared_norm_directly() -> None:
    vectors = skewed(9, 5)
    assert float(squared_norm(vectors)) == pytest.approx((vectors**2).sum(axis=1).mean() / 2, rel=1e-5)


# What n = 128 draws from N(0, I) are expected to give, d = 64: the last in closed form.
EXPECTED = {
    "gae": (2 / 128, 0.004),
    "mmd": (7 / 128, 0.001),
    "sliced": (2.8 / 128, 0.001),
    "sigreg": (np.sqrt(2 * np.pi) - np.sqrt(2 * np.pi / 3), 0.06),
}


@pytest.mark.parametrize("name", NORMAL)
def test_draws_from_the_standard_normal_give_the_known_bias(name: str) -> None:
    own = seed(1)
    found = [float(PENALTIES[name](cloud(128, 64, k), own)) for k in range(60)]
    expected, within = EXPECTED[name]
    assert np.mean(found) == pytest.approx(expected, abs=within)


@pytest.mark.parametrize("name", NORMAL)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda x: 1.3 * x, id="wider"),
        pytest.param(lambda x: 0.7 * x, id="narrower"),
        pytest.param(lambda x: x + 0.5, id="moved"),
        pytest.param(lambda x: x * np.linspace(0.1, 1.9, x.shape[1], dtype=np.float32), id="of unequal scales"),
        pytest.param(lambda x: np.repeat(x[:16], 8, axis=0), id="duplicated"),
        pytest.param(lambda x: np.zeros_like(x), id="collapsed"),
    ],
)
def test_everything_else_gives_more(name: str, change) -> None:
    own = seed(1)
    normal = [float(PENALTIES[name](cloud(128, 16, k), own)) for k in range(20)]
    other = [float(PENALTIES[name](change(cloud(128, 16, k)), own)) for k in range(20)]
    assert np.mean(other) > np.mean(normal) + 4 * np.std(normal) / np.sqrt(20)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(("n", "d"), [(1, 2), (2, 3), (7, 2), (128, 256)])
def test_every_size_of_a_batch_gives_a_number_that_is_not_negative_and_finite_slopes(name: str, n: int, d: int) -> None:
    vectors = keras.Variable(cloud(n, d))
    assert float(PENALTIES[name](vectors.value, seed())) >= 0
    (slopes,) = gradients(lambda: PENALTIES[name](keras.ops.convert_to_tensor(vectors), seed()), [vectors])
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("name", NORMAL)
def test_points_that_follow_the_slope_become_normal(name: str) -> None:
    """From a skewed, shifted, correlated cloud of unequal scales; what is trained is the points themselves.

    Measured by ranks, because kernels and characteristic functions let go of single points that are far away.
    """
    start, rows = skewed(128, 4), np.arange(128)[:, None]
    points = keras.layers.Embedding(128, 4)
    ids = keras.Input((1,), dtype="int32")
    model = keras.Model(ids, Regularizer(name, 1.0)(keras.layers.Flatten()(points(ids))))
    points.set_weights([start])
    model.compile(keras.optimizers.Adam(0.1))
    losses = [float(model.train_on_batch(rows)) for _ in range(150)]
    normal = float(PENALTIES[name](cloud(128, 4), seed(1)))
    assert np.mean(losses[-20:]) < normal + (losses[0] - normal) / 20
    (end,) = points.get_weights()
    assert distance(end) < distance(start) / 3
    assert correlation(end) < correlation(start) / 2


def distance(points: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance from N(0, 1), mean over components."""
    return float(np.mean([kstest(column, "norm").statistic for column in points.T]))


def correlation(points: np.ndarray) -> float:
    """Largest rank correlation of two components."""
    return float(np.abs(spearmanr(points).statistic - np.eye(points.shape[1])).max())
