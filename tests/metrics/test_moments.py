from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import moments as module
from metrics.moments import DegenerateError, check_full_rank, check_varying, mahalanobis_squared, moments
from tests.metrics.controls import normal


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several chunks, the last one incomplete, even for a few hundred points."""
    monkeypatch.setattr(module, "CHUNK_VALUES", 100)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "uint8"])
def test_moments_are_those_of_numpy_for_every_number_type(dtype: str) -> None:
    points = (10 + 20 * np.random.default_rng(0).random((333, 7))).astype(dtype)
    found = moments(points)
    np.testing.assert_allclose(found.mean, points.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(points.astype(np.float64).T), rtol=1e-10, atol=1e-12)
    assert (found.n, found.d) == (333, 7)


def test_a_large_offset_costs_no_digits() -> None:
    points = np.random.default_rng(0).standard_normal((1000, 3))
    np.testing.assert_allclose(moments(points + 1e7).covariance, moments(points).covariance, rtol=1e-7, atol=1e-8)


@pytest.mark.usefixtures("small_chunks")
def test_mahalanobis_distances_of_a_known_covariance() -> None:
    known = module.Moments(1000, np.array([1.0, 2.0]), np.array([[4.0, 3.0], [3.0, 9.0]]))
    points = np.array([[1.0, 2.0], [3.0, 2.0], [1.0, 5.0], [0.0, 0.0]] * 30)
    inverse = np.array([[9.0, -3.0], [-3.0, 4.0]]) / 27
    expected = [v @ inverse @ v for v in points - known.mean]
    np.testing.assert_allclose(mahalanobis_squared(points, known), expected, atol=1e-12)


def test_squared_distances_of_a_sample_average_to_d_times_n_minus_1_over_n() -> None:
    points = normal(500, 20, np.random.default_rng(1))
    assert mahalanobis_squared(points, moments(points)).mean() == pytest.approx(20 * 499 / 500, rel=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-6, 6), shift=st.floats(-100, 100))
def test_distances_do_not_change_under_affine_maps(seed: int, log_scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points = normal(200, 5, rng)
    orthogonal, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    stretch = orthogonal * rng.uniform(0.2, 5, 5) * 10.0**log_scale
    mapped = (points + shift) @ stretch
    np.testing.assert_allclose(
        mahalanobis_squared(mapped, moments(mapped)), mahalanobis_squared(points, moments(points)), rtol=1e-6
    )


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_named_with_its_place(bad: float) -> None:
    points = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)
    points[211, 3] = bad
    with pytest.raises(ValueError, match=f"latents hold {bad} in row 211, column 3"):
        moments(points)


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (np.zeros(5), r"shape \(5,\); give a 2-D array"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\); give a 2-D array"),
        (np.zeros((1, 3)), "at least 2 points"),
        (np.zeros((3, 0)), "at least 2 points"),
        (np.array([["a", "b"], ["c", "d"]]), "give real numbers"),
        (np.zeros((3, 2), complex), "type complex128; give real numbers"),
        (np.zeros((3, 2), bool), "type bool; give real numbers"),
        (np.array([[1e200, 0], [0, 1], [1, 0]]), "too large to square"),
    ],
)
def test_what_is_no_cloud_of_points_is_one_clear_error(latents: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        moments(latents)
    assert "\n" not in str(error.value)
    assert not isinstance(error.value, DegenerateError)


@pytest.mark.parametrize("value", [0.0, 0.1, -12345.678])
def test_constant_components_are_named(value: float) -> None:
    points = np.random.default_rng(0).standard_normal((5000, 5)).astype(np.float32)
    points[:, [1, 4]] = value
    with pytest.raises(DegenerateError, match="constant components: 1, 4; leave them out"):
        check_varying(moments(points))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_linearly_dependent_components_are_named_and_no_others(dtype: str) -> None:
    points = np.random.default_rng(0).standard_normal((500, 6)).astype(dtype)
    points[:, 3] = 2 * points[:, 1] - 7
    points[:, 5] = points[:, 2] + points[:, 4]
    with pytest.raises(DegenerateError, match=r"dependent components: 1, 2, 3, 4, 5; leave 2 of them out"):
        check_full_rank(moments(points))


def test_a_long_list_of_components_is_cut() -> None:
    with pytest.raises(DegenerateError, match="9 and 190 more"):
        check_varying(moments(np.ones((3, 200))))


@pytest.mark.parametrize("n", [3, 4])
def test_too_few_points_for_an_inverse(n: int) -> None:
    with pytest.raises(DegenerateError, match=f"{n} points in 4 components .* more than 4 points"):
        check_full_rank(moments(np.random.default_rng(0).standard_normal((n, 4))))


def test_components_of_very_different_scale_are_not_taken_for_dependent() -> None:
    points = np.random.default_rng(0).standard_normal((100, 3)) * [1e-6, 1.0, 1e6]
    assert mahalanobis_squared(points, moments(points)).mean() == pytest.approx(3 * 99 / 100)
