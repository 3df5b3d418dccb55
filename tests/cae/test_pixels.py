from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from cae import pixels
from cae.datasets.imageset import ImageSet


def flat(images: ImageSet, rows: np.ndarray) -> np.ndarray:
    return images.images[rows].reshape(len(rows), -1) / 255


def test_principal_axes_are_those_of_scikit_learn(blobs: ImageSet) -> None:
    found = pixels.pixel_axes(blobs, 10)
    expected = PCA(10, svd_solver="full").fit(flat(blobs, blobs.train))
    assert np.abs(found.axes.T @ expected.components_.T).diagonal() == pytest.approx(np.ones(10), abs=1e-3)
    assert found.mean == pytest.approx(expected.mean_, abs=1e-6)
    scores = found.scores(blobs.images, blobs.train)
    assert scores.dtype == np.float32
    assert np.abs(scores) == pytest.approx(np.abs(expected.transform(flat(blobs, blobs.train))), abs=0.01)
    assert scores.var(axis=0, ddof=1) == pytest.approx(expected.explained_variance_, rel=1e-3)


def test_the_error_is_that_of_the_images_rebuilt(blobs: ImageSet) -> None:
    expected = PCA(12, svd_solver="full").fit(flat(blobs, blobs.train))
    held_out = flat(blobs, blobs.test)
    rebuilt = expected.inverse_transform(expected.transform(held_out))
    found = pixels.pixel_axes(blobs, 12).error(blobs.images, blobs.test)
    assert found == pytest.approx(((held_out - rebuilt) ** 2).mean(), rel=1e-3)


def test_axes_of_a_part_are_nearly_those_of_all(blobs: ImageSet) -> None:
    whole, part = pixels.pixel_axes(blobs, 3), pixels.pixel_axes(blobs, 3, fitted=200)
    assert not np.allclose(part.mean, whole.mean)
    assert np.abs(whole.axes.T @ part.axes).diagonal() == pytest.approx(np.ones(3), abs=0.15)


@pytest.mark.parametrize("d", [250, 300])
def test_more_axes_than_images_are_refused(blobs: ImageSet, d: int) -> None:
    with pytest.raises(ValueError, match=f"250 images of 3072 color values have no {d} principal axes"):
        pixels.pixel_axes(blobs, d)


def test_a_projection_is_a_product_with_independent_normal_numbers(blobs: ImageSet) -> None:
    found = pixels.random_projection(blobs.images, blobs.train, 400)
    assert (found.shape, found.dtype) == ((250, 400), np.float32)
    assert np.array_equal(found, pixels.random_projection(blobs.images, blobs.train, 400))
    assert not np.array_equal(found, pixels.random_projection(blobs.images, blobs.train, 400, seed=1))
    # Johnson and Lindenstrauss: squared distances, over the number of color values, are kept to sqrt(2 / 400).
    pairs = flat(blobs, blobs.train[:100]) - flat(blobs, blobs.train[100:200])
    kept = ((found[:100] - found[100:200]) ** 2).mean(axis=1) / (pairs**2).mean(axis=1)
    assert kept.mean() == pytest.approx(1, abs=0.05)
    assert kept.std() < 0.12


def test_linear_views_follow_the_order_of_the_indices(blobs: ImageSet) -> None:
    rows = np.array([7, 3, 250])
    assert pixels.random_projection(blobs.images, rows, 5)[1] == pytest.approx(
        pixels.random_projection(blobs.images, rows[1:2], 5)[0], abs=1e-5
    )
