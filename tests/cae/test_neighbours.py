from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cae.neighbours import nearest


def cloud(seed: int = 0, n: int = 300, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + rng.normal(size=d)).astype(np.float32)


def test_neighbours_are_those_of_all_distances() -> None:
    vectors, points = cloud(), cloud(1, 20)
    sd = vectors.astype(np.float64).std(axis=0)
    squares = (((points[:, None].astype(np.float64) - vectors) / sd) ** 2).mean(axis=2)
    order = np.argsort(squares, axis=1)[:, :4]
    indices, distances = nearest(vectors, points, 4)
    assert indices.tolist() == order.tolist()
    assert distances == pytest.approx(np.sqrt(np.take_along_axis(squares, order, axis=1)), rel=1e-4)


def test_a_copy_is_found_at_distance_0() -> None:
    vectors = cloud()
    indices, distances = nearest(vectors, vectors[[7, 42]], 1)
    assert indices.tolist() == [[7], [42]]
    assert distances == pytest.approx(0, abs=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([-3.0, 1e-4, 1e5]), st.sampled_from([0.0, 10.0]))
def test_units_of_components_do_not_matter(seed: int, scale: float, shift: float) -> None:
    vectors, points = cloud(seed).astype(np.float64), cloud(seed + 1, 10).astype(np.float64)
    factors = np.array([scale, 1, 1, 1, -scale])
    indices, distances = nearest(vectors, points, 3)
    again, other = nearest(vectors * factors + shift, points * factors + shift, 3)
    assert again.tolist() == indices.tolist()
    assert other == pytest.approx(distances, rel=1e-6)


def test_constant_components_are_left_out() -> None:
    vectors, points = cloud(), cloud(1, 10)
    longer = np.column_stack([vectors, np.full(len(vectors), 2.0)])
    further = np.column_stack([points, np.arange(10.0)])
    for a, b in zip(nearest(longer, further, 2), nearest(vectors, points, 2), strict=True):
        assert a == pytest.approx(b, rel=1e-5)


@pytest.mark.parametrize("count", [0, 301])
def test_there_are_only_as_many_neighbours_as_vectors(count: int) -> None:
    with pytest.raises(ValueError, match=f"count is {count}; .* from 1 to 300"):
        nearest(cloud(), cloud(1, 2), count)
