from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, get_ident
from time import sleep

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from metrics import score
from metrics.moments import (
    DegenerateError,
    Moments,
    Sample,
    check_full_rank,
    check_varying,
    chunks_of,
    column_slices,
    cores,
    in_threads,
    mahalanobis_squared,
    moments,
    one_blas_thread,
    rounding,
    row_slices,
    subsample,
    whiten,
)
from tests.metrics.controls import normal


@pytest.fixture
def small_chunks() -> Iterator[None]:
    """Several chunks, the last one incomplete, even for a few hundred points."""
    with chunks_of(100):
        yield


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
    known = Moments(1000, np.array([1.0, 2.0]), np.array([[4.0, 3.0], [3.0, 9.0]]))
    points = np.array([[1.0, 2.0], [3.0, 2.0], [1.0, 5.0], [0.0, 0.0]] * 30)
    inverse = np.array([[9.0, -3.0], [-3.0, 4.0]]) / 27
    expected = [v @ inverse @ v for v in points - known.mean]
    np.testing.assert_allclose(mahalanobis_squared(points, known), expected, atol=1e-12)


def test_squared_distances_of_a_sample_average_to_d_times_n_minus_1_over_n() -> None:
    points = normal(500, 20, np.random.default_rng(1))
    assert mahalanobis_squared(points, moments(points)).mean() == pytest.approx(20 * 499 / 500, rel=1e-10)


@settings(max_examples=25)
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


def test_threads_keep_the_order_and_take_every_item() -> None:
    def slow_first(item: int) -> int:
        sleep(0.02 * (item == 0))
        return item**2

    assert in_threads(slow_first, range(20)) == [item**2 for item in range(20)]
    assert in_threads(slow_first, []) == []
    assert in_threads(slow_first, iter([3])) == [9]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_threads_are_as_many_as_asked_for(number: int) -> None:
    met = Barrier(number)
    # Fewer threads would wait for one another until the barrier breaks.
    idents = in_threads(lambda _: (met.wait(120), get_ident())[1], range(number), number)
    assert len(set(idents)) == number


@pytest.mark.parametrize("number", [1, 2])
def test_an_exception_of_a_thread_reaches_the_caller(number: int) -> None:

    def fail(item: int) -> int:
        if item == 3:
            raise DegenerateError("item 3")
        return item

    with pytest.raises(DegenerateError, match="item 3"):
        in_threads(fail, range(6), number)


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_matrix_products_take_one_core_within_and_as_many_as_before_after() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            assert set(blas_threads()) == {1}
            with one_blas_thread():
                pass
            assert set(blas_threads()) == {1}
        assert blas_threads() == before
        with pytest.raises(DegenerateError), one_blas_thread():
            raise DegenerateError("inside")
        assert blas_threads() == before
    assert before
    # With one thread before, nothing would be restored: NumPy's own BLAS of a machine with two cores has two.
    assert cores() == 1 or max(before) == 2


def test_threads_take_one_core_each_for_matrix_products() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        assert in_threads(lambda _: max(blas_threads()), range(3), 2) == [1, 1, 1]


@pytest.mark.parametrize(("n", "size", "kept"), [(5, 10, 5), (5, 5, 5), (20, 19, 19), (5, 0, 0)])
def test_a_subsample_is_of_different_rows_in_their_order(n: int, size: int, kept: int) -> None:
    rows = subsample(n, size, np.random.default_rng(0))
    assert len(rows) == kept
    assert (np.diff(rows) > 0).all()
    assert set(rows) <= set(range(n))


def test_every_row_is_in_a_subsample_equally_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount(np.concatenate([subsample(10, 3, rng) for _ in range(2000)]), minlength=10)
    # 600 expected, binomial sd 20.5.
    assert (np.abs(counts - 600) < 100).all()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [1, 50, 100, 301])
def test_slices_cover_all_rows_once(size: int) -> None:
    for slices in (row_slices(size, 7), column_slices(7, size)):
        parts = [np.arange(size)[part] for part in slices]
        assert np.concatenate(parts).tolist() == list(range(size))
        assert max(map(len, parts)) <= 100 // 7
    # A row longer than a chunk is a chunk of its own.
    assert list(row_slices(3, 1000)) == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_whitened_points_have_mean_0_and_covariance_1() -> None:
    points = normal(400, 6, np.random.default_rng(0)) * 10.0 ** np.arange(-3, 3) + 5
    white = moments(whiten(points, moments(points)))
    np.testing.assert_allclose(white.mean, 0, atol=1e-9)
    np.testing.assert_allclose(white.covariance, np.eye(6), atol=1e-9)


def test_components_that_are_not_correlated_are_standardised_alone() -> None:
    known = Moments(100, np.array([1.0, 2.0]), np.diag([4.0, 9.0]))
    np.testing.assert_allclose(whiten(np.array([[3.0, 2.0], [1.0, -1.0]]), known), [[1.0, 0.0], [0.0, -1.0]])


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_permuted_components_stay_permuted_and_their_scale_and_shift_drop_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, order = normal(200, 5, rng), rng.permutation(5)
    mapped = points[:, order] * 10.0 ** rng.uniform(-3, 3, 5) + rng.uniform(-10, 10, 5)
    expected = whiten(points, moments(points))[:, order]
    np.testing.assert_allclose(whiten(mapped, moments(mapped)), expected, atol=1e-6)


def with_condition(condition: float) -> Moments:
    """Five correlated components of which 1 and 3 together are nearly constant: a correlation matrix so conditioned."""
    # Eigenvalues 1 + r and 1 - r of a pair, 1 of the others.
    r = (condition - 1) / (condition + 1)
    correlation = np.eye(5)
    correlation[1, 3] = correlation[3, 1] = r
    return Moments(100, np.zeros(5), correlation)


@pytest.mark.parametrize("condition", [1.0, 1e6, 1e10])
def test_nearly_dependent_components_still_have_distances(condition: float) -> None:
    own = with_condition(condition)
    factor = np.tril(own.correlation_factor)
    np.testing.assert_allclose(factor @ factor.T, own.correlation, atol=1e-12)
    # Along the narrow direction one sd is sqrt(1 - r); 1 - r of a double near 1 is known to 1e-16 condition.
    narrow = np.sqrt(own.covariance[0, 0] - own.covariance[1, 3])
    points = np.array([[0.0, narrow, 0.0, -narrow, 0.0]])
    if condition > 1:
        np.testing.assert_allclose(mahalanobis_squared(points, own), 2, rtol=1e-4)


@pytest.mark.parametrize("condition", [1e13, 1e16])
def test_dependent_components_have_no_factor(condition: float) -> None:
    with pytest.raises(DegenerateError, match="linearly dependent components: 1, 3; leave 1 of them out"):
        _ = with_condition(condition).correlation_factor


def test_a_sample_has_its_moments_once_and_is_taken_for_its_points() -> None:
    points = np.random.default_rng(0).standard_normal((200, 4))
    sample = Sample(points)
    assert sample.moments is sample.moments is moments(sample)
    assert np.asarray(sample) is points
    assert score(sample, calibrate=False).values == score(points, calibrate=False).values
    with pytest.raises(ValueError, match="give a 2-D array"):
        Sample(np.zeros(3))


def test_threads_cut_as_their_caller_does() -> None:
    assert len(list(row_slices(100, 10))) == 1
    with chunks_of(200):
        assert in_threads(lambda _: len(list(row_slices(100, 10))), range(3), 2) == [5, 5, 5]
    assert len(list(row_slices(100, 10))) == 1


def test_threads_are_as_many_as_the_cores_unless_said_otherwise() -> None:
    met = Barrier(cores())
    idents = in_threads(lambda _: (met.wait(120), get_ident())[1], range(cores()))
    assert len(set(idents)) == cores()


@pytest.mark.parametrize(
    ("mean", "dtype", "step"),
    [
        (0, "float32", 0.0),
        (100, "float16", 1 / 16),
        (100, "float32", 2**-17),
        (1e5, "float32", 2**-7),
        (1e5, "float64", 2**-36),
        (7, "int16", 1.0),
    ],
)
def test_rounding_is_the_step_of_the_type_in_sds(mean: float, dtype: str, step: float) -> None:
    """The second component is constant, and has none."""
    own = Moments(9, np.array([mean, 5.0]), np.diag([4.0, 0.0]))
    assert rounding(own, dtype) == pytest.approx(step / 2, abs=1e-7)
    assert rounding(Moments(9, np.ones(2), np.zeros((2, 2))), dtype) == 0
