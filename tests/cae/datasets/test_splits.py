from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae.config import DataConfig
from cae.datasets.imageset import DataError
from cae.datasets.splits import choose, generator, split


def table(count: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"file": [f"{row:06d}.jpg" for row in range(count)], **columns})


@given(st.integers(20, 500), st.floats(0.15, 0.85), st.integers(0, 1000))
def test_random_split_is_exact_disjoint_and_seeded(count: int, fraction: float, seed: int) -> None:
    config = DataConfig(test_fraction=fraction, seed=seed)
    train, test = split(table(count), config)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(count))
    assert len(test) == round(count * fraction)
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
    assert train.dtype == test.dtype == np.int64
    assert np.array_equal(test, split(table(count), config)[1])


def test_another_seed_is_another_split() -> None:
    one, two = (split(table(100), DataConfig(seed=seed))[1] for seed in (0, 1))
    assert not np.array_equal(one, two)


def test_official_split_follows_the_partition() -> None:
    partition = pd.array([0, 0, 1, 2, 0, None, 2], "Int32")
    train, test = split(table(7, partition=partition), DataConfig(name="celeba", split="official"))
    assert train.tolist() == [0, 1, 4]
    assert test.tolist() == [2, 3, 6]


@given(st.integers(0, 100), st.floats(0.1, 0.5))
def test_identity_split_holds_out_whole_persons_near_the_fraction(seed: int, fraction: float) -> None:
    sizes = np.random.default_rng(seed).integers(1, 31, 60)
    persons = np.random.default_rng(seed).permutation(np.repeat(np.arange(60), sizes))
    config = DataConfig(name="celeba", split="identity", seed=seed, test_fraction=fraction)
    train, test = split(table(len(persons), identity=persons), config)
    assert not set(persons[train]) & set(persons[test])
    assert len(train) + len(test) == len(persons)
    assert abs(len(test) - fraction * len(persons)) <= 15  # half of the largest person


def test_images_without_a_person_are_on_neither_side() -> None:
    identity = pd.array([1, 1, 2, 2, 3, 3, None, None], "Int32")
    config = DataConfig(name="celeba", split="identity", test_fraction=0.3)
    train, test = split(table(8, identity=identity), config)
    assert sorted([*train, *test]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("rows", "config"),
    [
        (table(10), DataConfig(test_fraction=0.1)),
        (table(10), DataConfig(test_fraction=0.9)),
        (table(6, partition=[0] * 6), DataConfig(name="celeba", split="official")),
        (table(6, identity=[7] * 6), DataConfig(name="celeba", split="identity")),
        (table(6, identity=pd.array([None] * 6, "Int32")), DataConfig(name="celeba", split="identity")),
    ],
)
def test_fewer_than_two_on_a_side_is_an_error(rows: pd.DataFrame, config: DataConfig) -> None:
    with pytest.raises(DataError, match=f"data.split: {config.split} gives"):
        split(rows, config)


def test_smaller_choice_lies_in_the_larger() -> None:
    small, large = (set(choose(1000, size, generator(3, 1)).tolist()) for size in (50, 200))
    assert small < large
    assert len(small) == 50
