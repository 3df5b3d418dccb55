"""Numbers from min to max: the values of a grid, the steps of a search."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution, IntDistribution

from cae.config import config_hash
from sweeps.search.distributions import distribution
from sweeps.spec.axes import Range
from sweeps.spec.grid import count, expand
from sweeps.spec.numbers import spread, stepped
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from tests.sweeps.spec.test_sweep_file import problem

DIM, RATE, SLOPE = "model.latent_dim", "training.learning_rate", "model.negative_slope"


def grid(name: str, **range_: Any) -> Sweep:
    return Sweep.model_validate({"name": "s", "parameters": {name: range_}})


def values(name: str, **range_: Any) -> list[Any]:
    return grid(name, **range_).parameters[name].choices


@pytest.mark.parametrize(
    ("name", "range_", "expected"),
    [
        (SLOPE, {"min": 0.1, "max": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        (SLOPE, {"min": 0, "max": 1, "step": 0.3}, [0.0, 0.3, 0.6, 0.9]),
        (SLOPE, {"min": 0, "max": 1, "count": 3}, [0.0, 0.5, 1.0]),
        (SLOPE, {"min": 0, "max": 1, "count": 4, "scale": "linear"}, [0.0, 0.333333333333, 0.666666666667, 1.0]),
        (RATE, {"min": "1e-4", "max": "1e-2", "count": 3, "scale": "log"}, [0.0001, 0.001, 0.01]),
        (RATE, {"min": 1e-5, "max": 1, "count": 6, "scale": "log"}, [1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0]),
        (DIM, {"min": 8, "max": 32, "step": 8}, [8, 16, 24, 32]),
        (DIM, {"min": 8, "max": 30, "step": 8}, [8, 16, 24]),
        (DIM, {"min": 4, "max": 64, "count": 5, "scale": "log"}, [4, 8, 16, 32, 64]),
        (DIM, {"min": 2, "max": 4, "count": 9}, [2, 3, 4]),
    ],
)
def test_a_range_of_a_grid_is_a_list_of_values(name: str, range_: dict[str, Any], expected: list[Any]) -> None:
    found = values(name, **range_)
    assert found == expected
    assert {type(value) for value in found} == {type(expected[0])}


def test_a_range_has_the_hashes_of_its_values() -> None:
    listed = Sweep.model_validate({"name": "s", "parameters": {SLOPE: {"values": [0.1, 0.2, 0.3]}}})
    stepped_ = grid(SLOPE, min=0.1, max=0.3, step=0.1)
    assert [config_hash(run, "d") for run in expand(stepped_)] == [config_hash(run, "d") for run in expand(listed)]
    assert count(stepped_) == 3


@given(st.integers(-1000, 1000), st.integers(1, 400), st.integers(1, 100), st.sampled_from([1, 10, 1000]))
def test_steps_are_the_numbers_as_they_are_written(start: int, number: int, step: int, parts: int) -> None:
    low, high = start / parts, (start + number * step) / parts
    expected = [float(Fraction(start + place * step, parts)) for place in range(number + 1)]
    assert stepped(low, high, step / parts) == expected


@given(st.floats(1e-6, 1e3), st.floats(1.01, 1e4), st.integers(2, 50), st.booleans())
def test_spread_numbers_rise_from_one_end_to_the_other(low: float, ratio: float, number: int, log: bool) -> None:
    found = spread(low, low * ratio, number, log)
    assert (found[0], found[-1], len(found)) == (low, low * ratio, number)
    assert found == sorted(set(found))
    gaps = [b / a if log else b - a for a, b in itertools.pairwise(found)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "range_", "words"),
    [
        (DIM, "{min: 4, max: 64}", "min and max need method random or bayes; under grid give step or count, or values"),
        (DIM, "{min: 4, max: 64, step: 4, count: 4}", "step and count say the same; give one of them"),
        (DIM, "{min: 4, max: 64, step: 70}", "step 70 leaves no two numbers between min 4 and max 64"),
        (DIM, "{min: 4, max: 64, step: 2.5}", "model.latent_dim: the field takes whole numbers; step 2.5 gives others"),
        (DIM, "{min: 4.5, max: 64, step: 2}", "model.latent_dim: 4.5 does not fit"),
        (DIM, "{min: 4, max: 64, count: 1}", "count: input should be greater than or equal to 2, not 1"),
        (DIM, "{min: 4, max: 64, step: 0}", "step: input should be greater than 0, not 0"),
        (DIM, "{min: 4, max: 64, step: 4, scale: log}", "scale belongs to count"),
        (DIM, "{min: 4, max: 64, count: 4, scale: lin}", "did you mean linear?"),
        (RATE, "{min: 0, max: 1, count: 4, scale: log}", "min 0 must be above 0 for log"),
        (RATE, "{min: 0.1, max: 1, count: 4, distribution: uniform}", "distribution needs method random or bayes"),
        (RATE, "{min: 0.1, max: 1, step: 1e-9}", "step 1e-09 makes 900,000,001 values from 0.1 to 1; at most 10,000"),
        (RATE, "{values: [0.1], step: 1}", "step belongs to min and max"),
        ("model.dropout", "{min: 0, max: 1, count: 3}", "model.dropout: 1 does not fit"),
        ("model.activation", "{min: 0, max: 1, count: 3}", "model.activation: 0 does not fit"),
        ("model.batch_norm", "{min: 0, max: 1, step: 1}", "model.batch_norm: 0 does not fit"),
    ],
)
def test_a_range_without_meaning_is_one_clear_line(tmp_path: Path, name: str, range_: str, words: str) -> None:
    told = problem(tmp_path / "s.yaml", f"name: s\nparameters:\n  {name}: {range_}\n")
    assert words in told
    assert "\n" not in told


def searched(name: str, **range_: Any) -> Range:
    (axis,) = space(
        Sweep.model_validate({"name": "s", "method": "random", "run_cap": 1, "parameters": {name: range_}})
    ).axes
    assert isinstance(axis, Range)
    return axis


def test_a_step_of_a_search_is_optunas() -> None:
    whole = searched(DIM, min=8, max=30, step=8)
    assert distribution(whole) == IntDistribution(8, 24, step=8)
    assert whole.options() == [8, 16, 24]
    assert whole.told() == "8 to 24, whole numbers, in steps of 8"
    fraction = searched(SLOPE, min=0, max=0.5, step=0.1)
    assert distribution(fraction) == FloatDistribution(0, 0.5, step=0.1)
    assert fraction.chosen(0.1 + 0.2) == 0.3
    assert [fraction.holds(choice) for choice in (0.3, 0.35, 0.6, "0.3", None)] == [True, False, False, False, False]
