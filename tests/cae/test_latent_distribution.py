from __future__ import annotations

import numpy as np
import pytest

from cae.latent_distribution import describe, from_scores, plane_roots, scores_of

ONES = np.ones(6)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6) * 3).astype(np.float32)


@pytest.mark.parametrize("chunk", [999, 8192])
def test_moments_are_those_of_numpy(vectors: np.ndarray, chunk: int) -> None:
    cloud = describe(vectors, np.arange(6), chunk)
    exact = vectors.astype(np.float64)
    assert cloud.mean == pytest.approx(exact.mean(axis=0))
    assert cloud.sd == pytest.approx(exact.std(axis=0, ddof=1))
    assert (cloud.axes * cloud.scales**2) @ cloud.axes.T == pytest.approx(np.cov(exact.T))
    assert (np.diff(cloud.scales) <= 0).all()
    assert cloud.rms_radius == pytest.approx(np.sqrt((exact**2).sum(axis=1).mean()))
    assert cloud.half_widths.tolist() == [0, 1, 2, 3, 4, 5]


def test_radii_are_quantiles_of_the_mahalanobis_distances(vectors: np.ndarray) -> None:
    cloud = describe(vectors, ONES)
    exact = vectors.astype(np.float64)
    centered = exact - exact.mean(axis=0)
    distances = np.sqrt(np.einsum("ni,ij,nj->n", centered, np.linalg.inv(np.cov(exact.T)), centered))
    assert cloud.radii[[0, 500, 1000]] == pytest.approx(np.quantile(distances, [0, 0.5, 1]))
    assert (np.diff(cloud.radii) >= 0).all()


def test_a_component_that_others_determine_adds_no_axis_and_changes_no_radius(vectors: np.ndarray) -> None:
    longer = np.column_stack([vectors, vectors @ np.float32([1, -1, 0.5, 0, 0, 2]), np.full(len(vectors), 7.3)])
    cloud = describe(longer.astype(np.float32), np.ones(8))
    assert (cloud.rank, cloud.scales[6:].tolist()) == (6, [0, 0])
    assert cloud.radii == pytest.approx(describe(vectors, ONES).radii, rel=1e-4)


def test_few_vectors_have_n_minus_1_axes_and_one_distance() -> None:
    n = 5
    cloud = describe(np.random.default_rng(0).normal(size=(n, 20)), np.ones(20))
    assert cloud.rank == n - 1
    # Then D^2 = (n - 1)^2 / n for each vector, whatever they are.
    assert cloud.radii == pytest.approx((n - 1) / np.sqrt(n))


def test_identical_vectors_have_no_axis_and_no_radius() -> None:
    cloud = describe(np.full((10, 4), 2.5, np.float32), np.zeros(4))
    assert (cloud.rank, cloud.radii.max(), cloud.rms_radius) == (0, 0, 5)


@pytest.mark.parametrize(
    ("vectors", "half_widths", "words"),
    [
        (np.zeros((1, 3)), np.ones(3), "latents hold 1 vector.*at least 2"),
        (np.zeros((9, 3)), np.ones(2), r"shape \(2,\).*each of the 3 components"),
    ],
)
def test_what_cannot_be_described_is_an_error(vectors: np.ndarray, half_widths: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        describe(vectors, half_widths)


def test_principal_scores_give_the_vectors_back(vectors: np.ndarray) -> None:
    cloud = describe(vectors, ONES)
    scores = (vectors[:9] - cloud.mean) @ cloud.axes / cloud.scales
    assert from_scores(cloud, scores) == pytest.approx(vectors[:9], rel=1e-6)
    assert from_scores(cloud, scores[:, None, :]).shape == (9, 1, 6)


def test_scores_are_found_for_any_rows_and_leading_axes(vectors: np.ndarray) -> None:
    cloud = describe(vectors, ONES)
    assert cloud.vectors is vectors
    rows = np.array([7, 3, 3999])
    exact = (vectors[rows] - cloud.mean) @ cloud.axes / cloud.scales
    assert scores_of(cloud, rows, 2) == pytest.approx(exact[:, :2])
    assert from_scores(cloud, scores_of(cloud, rows, 6)) == pytest.approx(vectors[rows], rel=1e-5)


def test_roots_of_a_plane_give_its_covariance(vectors: np.ndarray) -> None:
    roots = plane_roots(describe(vectors, ONES), np.array([4, 1]))
    assert roots @ roots.T == pytest.approx(np.cov(vectors[:, [4, 1]].T.astype(np.float64)))
