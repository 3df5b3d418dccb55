from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from metrics.elliptical import direction_uniformity, elliptical_cloud, whitened_kurtosis
from metrics.moments import DegenerateError, Moments, chunks_of, mahalanobis_squared, moments, whiten
from tests.metrics.controls import ball, cube, mixture, normal, one_bimodal, student


@pytest.fixture
def small_chunks() -> Iterator[None]:
    """Several chunks, the last one incomplete, even for a few hundred points."""
    with chunks_of(100):
        yield


def scale_mixture(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Half of the points from a correlated normal cloud, half from one twice as wide around the same center."""
    cloud = normal(n, d, rng)
    return cloud.mean(axis=0) + (cloud - cloud.mean(axis=0)) * rng.integers(1, 3, size=(n, 1))


def measured(points: np.ndarray) -> tuple[float, float]:
    return whitened_kurtosis(points, moments(points))


def uniformity(points: np.ndarray) -> float:
    return direction_uniformity(whiten(points, moments(points)))


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16"])
def test_it_is_the_formula_written_out(dtype: str) -> None:
    points = (50 * student(333, 7, np.random.default_rng(0)) + 20).astype(dtype)
    white = whiten(points, moments(points))
    directions = np.sqrt(7) * white / np.linalg.norm(white, axis=1, keepdims=True)
    before, after = measured(points)
    assert before == pytest.approx(np.mean((white**4).mean(axis=0) / (white**2).mean(axis=0) ** 2) - 3)
    found = (directions**4).mean(axis=0) / (directions**2).mean(axis=0) ** 2
    assert after == pytest.approx(found.mean() - 21 / 9)


def clouds_of(make: Callable[..., np.ndarray], n: int, d: int) -> np.ndarray:
    """Both values (20, 2) for 20 clouds."""
    rng = np.random.default_rng([n, d])
    return np.array([measured(make(n, d, rng)) for _ in range(20)])


@pytest.mark.parametrize("d", [2, 16])
@pytest.mark.parametrize(
    ("make", "kurtosis"),
    [
        (normal, lambda d: 0.0),
        # 3 E r^4 / (E r^2)^2 - 3 for r of 1 or 2.
        (scale_mixture, lambda d: 3 * 8.5 / 2.5**2 - 3),
        # Component of a uniform ball: E x^2 = 1 / (d + 2), E x^4 = 3 / ((d + 2) (d + 4)).
        (ball, lambda d: 3 * (d + 2) / (d + 4) - 3),
    ],
)
def test_elliptical_clouds_have_their_kurtosis_before_and_none_after(
    make: Callable[..., np.ndarray], kurtosis: Callable[[int], float], d: int
) -> None:
    found = clouds_of(make, 5000, d)
    error = 4 * found.std(axis=0, ddof=1) / np.sqrt(len(found))
    # Own moments shift a ratio of means by some multiple of 1 / n: 6 / (n + 1) for the normal, and room for the others.
    np.testing.assert_array_less(np.abs(found.mean(axis=0) - [kurtosis(d), 0]), error + 30 / 5000)


@pytest.mark.parametrize("make", [pytest.param(cube, marks=[pytest.mark.thorough, pytest.mark.soak]), one_bimodal])
def test_clouds_that_are_not_elliptical_keep_their_kurtosis_without_the_radius(make: Callable[..., np.ndarray]) -> None:
    null, found = clouds_of(normal, 20_000, 16)[:, 1], measured(make(20_000, 16, np.random.default_rng(0)))[1]
    assert found < null.mean() - 8 * null.std()


def test_the_cube_in_many_components_loses_nothing_with_its_radius() -> None:
    # Independent components: the radius is nearly constant, so that both are the -1.2 of a uniform component.
    points = cube(20_000, 64, np.random.default_rng(0))
    before, after = measured(points)
    # n d values leave over Var u^4 / (E u^2)^4 = (1 / 9 - 1 / 25) * 81 = 5.76; the radius' part is of order 1 / d.
    error = 4 * np.sqrt(5.76 / (20_000 * 64))
    assert before == pytest.approx(-1.2, abs=error + 30 / 20_000)
    assert after == pytest.approx(-1.2, abs=error + 8 / 64)


def test_a_point_at_the_very_center_has_no_direction() -> None:
    white = student(400, 3, np.random.default_rng(0))
    with_center = np.concatenate([white, np.zeros((1, 3))])
    _, after = whitened_kurtosis(white, Moments(400, np.zeros(3), np.eye(3)))
    _, found = whitened_kurtosis(with_center, Moments(401, np.zeros(3), np.eye(3)))
    # One of 401 points more in the means, with zeros for its direction: E w^4 / (E w^2)^2 grows by 401 / 400.
    assert found + 9 / 5 == pytest.approx((after + 9 / 5) * 401 / 400)
    assert direction_uniformity(with_center) == direction_uniformity(white)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-4, 4), shift=st.floats(-50, 50))
def test_shift_scale_and_order_change_nothing(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = mixture(200, 4, rng)
    mapped = rng.permutation(points)[:, rng.permutation(4)] * rng.uniform(0.2, 5, 4) * 10.0**log_scale + shift
    np.testing.assert_allclose(measured(mapped), measured(points), atol=1e-6)
    assert uniformity(mapped) == pytest.approx(uniformity(points), abs=1e-4)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_radii_and_rotations_do_not_change_the_uniformity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    white = mixture(100, 4, rng)
    orthogonal, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    mapped = white @ orthogonal * rng.lognormal(size=(100, 1))
    # Within one of 4950 pairs, which rounding may move across the largest gap, and the interpolation's error.
    assert direction_uniformity(mapped) == pytest.approx(direction_uniformity(white), abs=2.1e-4)


@pytest.mark.parametrize("d", [2, 3, 17, 300, 1600])
def test_uniformity_is_scipys_distance_to_the_beta_law(d: int) -> None:
    white = student(150, d, np.random.default_rng(d)) + d**-0.25  # cosines about one sd, 1 / sqrt(d), too large
    unit = white / np.linalg.norm(white, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(150, 1)]
    expected = stats.kstest((1 + cosines) / 2, stats.beta((d - 1) / 2, (d - 1) / 2).cdf).statistic
    assert expected > 0.1
    assert direction_uniformity(white) == pytest.approx(1 - expected, abs=1e-6)


@pytest.mark.parametrize("d", [2, 16, 256])
def test_uniform_directions_of_any_radius(d: int) -> None:
    white = student(1000, d, np.random.default_rng(d))
    # Angles of two pairs are independent even where a point is in both, so that the empirical distribution has the
    # variance of as many independent ones: at most 1 / 4 over the number of pairs at each angle.
    assert direction_uniformity(white) > 1 - 5 / (2 * np.sqrt(1000 * 999 / 2))


def test_four_arms_of_a_cross() -> None:
    white = np.repeat([[1.0, 0], [-1, 0], [0, 1], [0, -1]], 100, axis=0) * np.linspace(1, 2, 400)[:, None]
    # Angles of 0, pi / 2 and pi with 1/4, 1/2 and 1/4 of the pairs, against the uniform law: a gap of 1/4. No point is
    # a pair with itself: of 399 others 99 lie on the same arm.
    assert direction_uniformity(white) == pytest.approx(0.75, abs=1 / 399)


def test_clusters_and_edges_show_in_two_components_and_radii_do_not() -> None:
    rng = np.random.default_rng(1)
    null = [uniformity(normal(2000, 2, rng)) for _ in range(8)]
    low = np.mean(null) - 5 * np.std(null, ddof=1)
    assert all(uniformity(make(2000, 2, rng)) > low for make in (student, ball, scale_mixture))
    assert all(uniformity(make(2000, 2, rng)) < low for make in (cube, mixture, one_bimodal))


def test_the_angles_need_no_more_nodes() -> None:
    white = student(300, 2, np.random.default_rng(0)) + np.array([0.3, 0])
    assert direction_uniformity(white) == pytest.approx(direction_uniformity(white, nodes=200_001), abs=1e-6)


@pytest.mark.parametrize(
    ("white", "message"),
    [
        (np.ones((5, 1)), "1 component has no directions"),
        (np.array([[1.0, 2], [0, 0], [0, 0]]), "1 points lie off the center"),
    ],
)
def test_what_has_no_angles(white: np.ndarray, message: str) -> None:
    with pytest.raises(DegenerateError, match=message):
        direction_uniformity(white)


def test_one_component_has_no_kurtosis_but_of_its_radius() -> None:
    points = student(500, 1, np.random.default_rng(0))
    before, after = measured(points)
    assert before == pytest.approx(stats.kurtosis(points[:, 0]))
    assert after == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.ones((20, 2)), "constant components: 0, 1"),
        (np.random.default_rng(0).standard_normal((20, 2))[:, [0, 0]], "linearly dependent components: 0, 1"),
        (np.random.default_rng(0).standard_normal((3, 3)), "3 points in 3 components"),
    ],
)
def test_what_cannot_be_whitened(points: np.ndarray, message: str) -> None:
    with pytest.raises(DegenerateError, match=message):
        measured(points)


def test_three_points_of_two_components_are_enough() -> None:
    points = np.random.default_rng(0).standard_normal((3, 2))
    # Whitened, they are a triangle of equal sides whatever they were: all radii are the same, all angles 120 degrees.
    before, after = measured(points)
    assert before + 3 == pytest.approx(after + 3 * 2 / 4)
    assert uniformity(points) == pytest.approx(1 / 3)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("make", [student, mixture, one_bimodal])
def test_the_elliptical_cloud_has_the_same_center_covariance_and_radii(make: Callable[..., np.ndarray]) -> None:
    points = make(4_000, 5, np.random.default_rng(0)) @ np.triu(np.ones((5, 5))) + 20
    own = moments(points)
    cloud = elliptical_cloud(points, own, np.random.default_rng(1))
    assert mahalanobis_squared(cloud, own) == pytest.approx(mahalanobis_squared(points, own))
    found = moments(cloud)
    assert found.mean == pytest.approx(own.mean, abs=0.1 * own.sd.max())
    assert found.covariance == pytest.approx(own.covariance, abs=0.1 * own.covariance.max())


def test_the_elliptical_cloud_keeps_what_the_radius_does_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    heavy, two = student(20_000, 4, rng, df=8), one_bimodal(20_000, 4, rng)
    laws = [elliptical_cloud(points, moments(points), rng) for points in (heavy, two)]
    # Student's marginals are those of an elliptical law; of two clusters in one component there are none.
    assert stats.ks_2samp(heavy[:, 0], laws[0][:, 0]).statistic < 0.02
    assert stats.ks_2samp(two[:, 0], laws[1][:, 0]).statistic > 0.1
    assert measured(laws[1])[1] == pytest.approx(0, abs=0.05)


def test_an_elliptical_cloud_needs_a_full_rank() -> None:
    flat = np.tile(np.random.default_rng(0).standard_normal((50, 1)), 2)
    with pytest.raises(DegenerateError, match="linearly dependent"):
        elliptical_cloud(flat, moments(flat), np.random.default_rng(0))


def test_known_moments_can_be_given() -> None:
    points = scale_mixture(300, 3, np.random.default_rng(0))
    assert np.isfinite(whitened_kurtosis(points, Moments(300, np.zeros(3), np.eye(3)))).all()
