from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae.config import flatten
from sweeps.errors import SweepError
from sweeps.spec.grid import expand
from sweeps.spec.sweep import Sweep

FILE = Path("s.yaml")


def runs(**content: Any) -> list[dict[str, Any]]:
    return [flatten(run) for run in expand(Sweep.model_validate({"name": "s", **content}), FILE)]


TWO = {"model.activation": {"values": ["relu", "tanh"]}, "model.batch_norm": {"values": [True, False]}}


def test_product_in_file_order() -> None:
    found = [(r["model.activation"], r["model.batch_norm"]) for r in runs(parameters=TWO)]
    assert found == [("relu", True), ("relu", False), ("tanh", True), ("tanh", False)]


def test_zip_moves_values_together() -> None:
    parameters = {"data.resolution": {"values": [96, 128]}, **TWO, "training.batch_size": {"values": [128, 64]}}
    found = runs(parameters=parameters, zip=[["data.resolution", "training.batch_size"]])
    assert len(found) == 8
    assert {(r["data.resolution"], r["training.batch_size"]) for r in found} == {(96, 128), (128, 64)}


def test_exclude_matches_resolved_values_also_defaults() -> None:
    assert len(runs(parameters=TWO, exclude=[{"model.activation": "relu", "model.latent_dim": 256}])) == 2
    assert len(runs(parameters=TWO, exclude=[{"model.activation": "relu", "model.latent_dim": 64}])) == 4


def test_include_adds_to_the_fixed_values() -> None:
    found = runs(parameters=TWO | {"training.epochs": {"value": 3}}, include=[{"model.activation": "elu"}])
    assert len(found) == 5  # beside the four of the product
    assert found[-1]["model.activation"] == "elu"
    assert found[-1]["training.epochs"] == 3
    assert found[-1]["model.batch_norm"] is False


def test_include_alone_lists_all_cells() -> None:
    """As in GitHub Actions: without a list of values there is no product, only what is listed."""
    fixed = {"training.epochs": {"value": 3}}
    listed = [{"model.activation": "elu"}, {"model.activation": "relu"}]
    for parameters in ({}, fixed):
        found = runs(parameters=parameters, include=listed)
        assert [run["model.activation"] for run in found] == ["elu", "relu"]
    assert len(runs(parameters=fixed)) == 1


def test_an_included_cell_that_is_there_already_is_not_run_twice() -> None:
    assert len(runs(parameters=TWO, include=[{"model.activation": "relu", "model.batch_norm": True}])) == 4


def test_seeds_are_replicates() -> None:
    found = runs(parameters=TWO, seeds=[4, 5])
    assert [r["training.seed"] for r in found] == [4, 5] * 4


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(SweepError, match="exclude leaves no runs"):
        runs(parameters=TWO, exclude=[{"model.latent_dim": 256}])


def test_a_sweep_without_parameters_is_one_default_run() -> None:
    assert len(runs()) == 1


@given(
    st.lists(st.sampled_from([16, 32, 64, 96, 128]), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(2, 300), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
)
def test_number_of_runs_is_the_product(resolutions: list[int], dims: list[int], seeds: list[int]) -> None:
    parameters = {"data.resolution": {"values": resolutions}, "model.latent_dim": {"values": dims}}
    found = runs(parameters=parameters, seeds=seeds)
    assert len(found) == len(resolutions) * len(dims) * len(seeds)
