from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA

from metrics.marginals import marginals
from metrics.moments import DegenerateError, Moments, chunks_of, moments, subsample
from metrics.pca import axis_marginals, components_for, effective_dimension, spectrum
from tests.metrics.controls import normal, one_bimodal, student


def rotation(d: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def test_the_spectrum_of_a_known_covariance() -> None:
    found = spectrum(Moments(100, np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]])))
    np.testing.assert_allclose(found.variances, [3, 1])
    np.testing.assert_allclose(np.abs(found.axes), np.sqrt(0.5))
    assert found.axes[0, 0] == pytest.approx(found.axes[1, 0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16"])
def test_the_spectrum_is_that_of_scikit_learn(dtype: str) -> None:
    points = (20 * normal(400, 9, np.random.default_rng(0))).astype(dtype)
    theirs, ours = PCA().fit(points.astype(np.float64)), spectrum(moments(points))
    np.testing.assert_allclose(ours.variances, theirs.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(np.abs(np.einsum("ij,ji->i", theirs.components_, ours.axes)), 1, rtol=1e-6)
    assert (ours.axes[np.abs(ours.axes).argmax(axis=0), np.arange(9)] > 0).all()


@pytest.mark.parametrize(
    ("variances", "dimension", "for_half", "for_90", "for_all"),
    [([1] * 10, 10, 5, 9, 10), ([4, 4, 0], 2, 1, 2, 2), ([7], 1, 1, 1, 1), ([6, 3, 1], 100 / 46, 1, 2, 3)],
)
def test_dimensions_of_known_spectra(variances, dimension: float, for_half: int, for_90: int, for_all: int) -> None:
    values = np.array(variances, dtype=float)
    assert effective_dimension(values) == pytest.approx(dimension)
    assert [components_for(values, share) for share in (0.5, 0.9, 1)] == [for_half, for_90, for_all]


@pytest.mark.parametrize("n", [100, 1000])
def test_the_effective_dimension_of_a_sample_is_what_the_docstring_gives(n: int) -> None:
    found = effective_dimension(spectrum(moments(np.random.default_rng(0).standard_normal((n, 80)))).variances)
    assert found == pytest.approx(80 / (1 + 80 / n), rel=0.02)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_that_is_none_is_an_error(share: float) -> None:
    with pytest.raises(ValueError, match="give a number above 0"):
        components_for(np.ones(3), share)


def test_scores_of_a_rotated_cloud_are_its_components_again() -> None:
    rng = np.random.default_rng(0)
    plain = rng.gamma(2, size=(20_000, 4)) * [8, 4, 2, 1]
    points = plain @ rotation(4, rng)
    own = moments(points)
    with chunks_of(1000):
        found, expected = axis_marginals(points, own, spectrum(own)), marginals(plain, moments(plain))
    np.testing.assert_allclose(found.sd, expected.sd, rtol=0.01)
    # The axes are off by about 1 / sqrt(n) times the ratio of the sds; that share of another component is mixed in.
    np.testing.assert_allclose(found.ks, expected.ks, atol=5 / np.sqrt(20_000))
    np.testing.assert_allclose(np.abs(found.skewness), np.sqrt(2), atol=0.2)


def test_normal_points_stay_at_the_null_of_the_marginals() -> None:
    rng = np.random.default_rng(0)
    points = normal(4000, 60, rng)
    own = moments(points)
    rows = points[subsample(4000, 1000, rng)]
    ks = axis_marginals(rows, own, spectrum(own)).ks
    # Lilliefors' mean, 0.64 rounded to 0.005, and five standard errors of a mean over 60 axes of sd 0.2 / sqrt(n).
    assert ks.mean() * np.sqrt(1000) == pytest.approx(0.64, abs=0.005 + 5 * 0.2 / np.sqrt(60))


def test_the_leading_axis_shows_a_split_that_single_components_hide() -> None:
    rng = np.random.default_rng(0)
    points = one_bimodal(5000, 20, rng) * np.append(3, np.ones(19)) @ rotation(20, rng)
    own = moments(points)
    along = axis_marginals(points, own, spectrum(own))
    assert along.ks.argmax() == 0
    assert along.ks[0] > 2 * marginals(points, own).ks.max()
    assert along.ks[0] > 10 * along.ks[1:].mean()


def test_heavy_tails_show_along_every_axis() -> None:
    points = student(20_000, 5, np.random.default_rng(0))
    own = moments(points)
    x = np.linspace(-6, 6, 20_001)
    expected = np.abs(stats.t(8, scale=np.sqrt(6 / 8)).cdf(x) - stats.norm.cdf(x)).max()
    assert axis_marginals(points, own, spectrum(own)).ks.mean() == pytest.approx(expected, abs=1 / np.sqrt(20_000))


def test_rotation_and_scale_change_no_score() -> None:
    rng = np.random.default_rng(0)
    points = normal(500, 6, rng)
    turned = 7 * points @ rotation(6, rng) - 3
    before, after = (axis_marginals(p, moments(p), spectrum(moments(p))) for p in (points, turned))
    np.testing.assert_allclose(after.ks, before.ks, atol=1e-4)


@pytest.mark.parametrize(("n", "kept"), [(3, 2), (5, 4), (200, 5)])
def test_axes_without_variance_are_left_out(n: int, kept: int) -> None:
    # Two more components: one constant, one a copy of another.
    points = np.random.default_rng(0).standard_normal((n, 5)).astype(np.float32)
    points = np.column_stack([points, np.full(n, 3.3), points[:, 1]])
    own = moments(points)
    assert axis_marginals(points, own, spectrum(own)).ks.shape == (kept,)


def test_one_component_is_its_own_axis() -> None:
    points = np.random.default_rng(0).gamma(2, size=(300, 1))
    own = moments(points)
    found = axis_marginals(points, own, spectrum(own))
    assert found.ks == pytest.approx(marginals(points, own).ks, abs=1e-6)


def test_points_that_are_all_the_same_have_no_axis() -> None:
    with pytest.raises(DegenerateError, match="all points are the same"):
        spectrum(moments(np.full((5, 3), 2.5)))


def test_rows_that_do_not_vary_are_an_error() -> None:
    own = moments(np.random.default_rng(0).standard_normal((50, 3)))
    with pytest.raises(DegenerateError, match="constant"):
        axis_marginals(np.ones((5, 3)), own, spectrum(own))
