from __future__ import annotations

import numpy as np
import pytest

from cae.neighbours import sd_weights
from cae.quality import Quality, judge, reencoding_errors, spread


def flat(values: list[int]) -> np.ndarray:
    """One picture of 4 x 4 pixels for each value, all its colors the same."""
    return np.array(values, np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 255], 1.0),
        ([7, 7, 7], 0.0),
        # Pairs differ by 51, 102 and 51: a mean of 68 of 255.
        ([0, 51, 102], 68 / 255),
    ],
)
def test_spread_is_the_mean_difference_of_pairs(values: list[int], expected: float) -> None:
    assert spread(flat(values)) == pytest.approx(expected)


def test_spread_takes_the_root_mean_square_over_colors() -> None:
    pictures = flat([0, 0])
    pictures[1, :2] = 255
    assert spread(pictures) == pytest.approx(np.sqrt(0.5))


def test_a_single_picture_has_no_spread() -> None:
    with pytest.raises(ValueError, match="1 picture has no pairs; give at least 2"):
        spread(flat([3]))


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """500 vectors whose components have sds of 1, 10 and 0.1."""
    values = np.random.default_rng(0).normal(size=(500, 3))
    return (values / values.std(axis=0) * [1, 10, 0.1]).astype(np.float32)


def test_reencoding_errors_are_in_sds(vectors: np.ndarray) -> None:
    points = vectors[:4]
    returned = points + np.array([[0, 0, 0], [2, 20, -0.2], [3, 0, 0], [0, 0, 0.3]])
    expected = [0, 2, np.sqrt(3), np.sqrt(3)]
    assert reencoding_errors(points, returned, sd_weights(vectors)) == pytest.approx(expected, abs=1e-5)


def test_a_constant_component_has_no_unit_and_is_left_out(vectors: np.ndarray) -> None:
    longer = np.column_stack([vectors, np.full(500, 5.0)])
    returned = longer[:2] + np.array([2, 20, 0.2, 99])
    assert reencoding_errors(longer[:2], returned, sd_weights(longer)) == pytest.approx(2, rel=1e-5)


def test_copies_are_told_from_new_points_and_poor_decoders_from_good_ones(vectors: np.ndarray) -> None:
    real = spread(flat([0, 100]))
    copies = judge(vectors[:2], flat([0, 50]), lambda _: vectors[:2] + 3 * vectors.std(axis=0), vectors, real)
    assert copies.reencoding_error == pytest.approx(3, rel=1e-5)
    assert copies.nearest_distance == pytest.approx(0, abs=1e-6)
    assert copies.diversity == pytest.approx(0.5)
    # 100 sd out in one of three components: as far from everything, within the few sd that the data are wide.
    far = judge(
        vectors[:2] + np.array([100, 0, 0]), flat([0, 0]), lambda pictures: vectors[: len(pictures)], vectors, real
    )
    assert far.nearest_distance == pytest.approx(100 / np.sqrt(3), rel=0.05)
    assert far == Quality(far.reencoding_error, far.nearest_distance, 0.0)
