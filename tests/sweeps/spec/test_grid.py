from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae.config import flatten
from sweeps.errors import SweepError
from sweeps.spec.display import varied
from sweeps.spec.grid import _resolve, count, counted, expand, varied_fields
from sweeps.spec.sweep import Sweep
from tests.faults import on_call

FILE = Path("s.yaml")


def runs(**content: Any) -> list[dict[str, Any]]:
    return [flatten(run) for run in expand(Sweep.model_validate({"name": "s", **content}))]


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


LARGE = {
    "model.latent_dim": {"values": list(range(2, 102))},
    "training.batch_size": {"values": list(range(1, 101))},
    "model.activation": {"values": ["relu", "elu"]},
}


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ({}, 100_000),
        ({"run_cap": 7}, 7),
        ({"exclude": [{"model.latent_dim": 2}]}, 99_000),
        ({"include": [{"model.activation": "tanh"}]}, 100_005),
        ({"zip": [["model.latent_dim", "training.batch_size"]]}, 1000),
    ],
)
def test_runs_are_counted_without_being_made(content: dict[str, object], number: int) -> None:
    sweep = Sweep.model_validate({"name": "s", "parameters": LARGE, "seeds": [0, 1, 2, 3, 4], **content})
    made: list[int] = []
    with on_call(_resolve, lambda frame: made.append(1)):
        assert count(sweep) == number
        assert len(expand(sweep, most=3)) == 3
    assert len(made) == 3
    assert varied_fields(sweep)[-1] == "training.seed"


def test_what_is_excluded_need_not_be_a_valid_run() -> None:
    parameters = {"data.resolution": {"values": [32, 36]}, "model.maps": {"values": [[4, 8], [4, 4, 8]]}}
    exclude = [{"data.resolution": 36, "model.maps": [4, 4, 8]}]
    assert len(runs(parameters=parameters, exclude=exclude)) == 3
    with pytest.raises(SweepError, match="36 is not a multiple of 8"):
        runs(parameters=parameters)


def test_the_fields_that_vary_are_those_of_the_runs() -> None:
    sweep = Sweep.model_validate({"name": "s", "parameters": TWO, "seeds": [0, 1]})
    capped = sweep.model_copy(update={"run_cap": 1000})
    assert varied_fields(sweep) == varied_fields(capped) == varied(expand(sweep))


CHOICES = {"model.latent_dim": [4, 8, 16], "training.epochs": [1, 2], "model.maps": [[4], [4, 8]]}
CELLS = st.lists(st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in CHOICES.items()}), max_size=2)


@given(
    listed=st.fixed_dictionaries(
        {}, optional={k: st.lists(st.sampled_from(v), min_size=1, unique_by=str) for k, v in CHOICES.items()}
    ),
    exclude=CELLS,
    include=CELLS,
    fields=st.lists(st.sampled_from([*CHOICES, "model.activation"]), unique=True),
)
def test_runs_are_counted_as_they_would_be_made(listed: Any, exclude: Any, include: Any, fields: list[str]) -> None:
    """But for included cells that are in the product, which count twice."""
    content = {"parameters": {name: {"values": values} for name, values in listed.items()}, "seeds": [0, 1]}
    product = {str(run) for run in _runs_or_none(exclude=exclude, **content)} if listed or not include else set()
    sweep = Sweep.model_validate({"name": "s", "exclude": exclude, "include": include, **content})
    made = [*_runs_or_none(exclude=exclude, **content)] if listed or not include else []
    for cell in include:
        fixed = {name: {"value": value} for name, value in cell.items()}
        made += runs(parameters=fixed, seeds=[0, 1])
    assert len(product) == len(made) - 2 * len(include)
    values = [tuple(tuple(v) if isinstance(v, list) else v for v in (run[name] for name in fields)) for run in made]
    assert counted(sweep, fields) == Counter(values)
    assert count(sweep) == len(made)


def _runs_or_none(**content: Any) -> list[dict[str, Any]]:
    try:
        return runs(**content)
    except SweepError:  # all are excluded
        return []
