"""Fields that are varied only where others have certain values."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cae.config import RunConfig, config_hash, flatten, from_flat
from sweeps.errors import SweepError
from sweeps.spec.grid import count, expand, varied_fields
from sweeps.spec.sweep import Sweep
from sweeps.spec.sweep_file import load, overrides, parse_override

ACTIVATION, SLOPE, NORM, DROPOUT = "model.activation", "model.negative_slope", "model.batch_norm", "model.dropout"
SIZE, DIM, BLOCKS, MAPS = "data.resolution", "model.latent_dim", "model.blocks", "model.maps"
LEAKY = {ACTIVATION: "leaky_relu"}
SLOPES = {"values": [0.1, 0.3], "when": LEAKY}
TWO = {ACTIVATION: {"values": ["leaky_relu", "tanh"]}}


def grid(**content: Any) -> Sweep:
    return Sweep.model_validate({"name": "s", **content})


def found(names: list[str], **content: Any) -> list[tuple[Any, ...]]:
    sweep = grid(**content)
    runs = [flatten(run) for run in expand(sweep)]
    assert count(sweep) == len(runs)
    return [tuple(run[name] for name in names) for run in runs]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (TWO | {SLOPE: SLOPES}, [("leaky_relu", 0.1), ("leaky_relu", 0.3), ("tanh", 0.3)]),
        ({SLOPE: SLOPES} | TWO, [("leaky_relu", 0.1), ("leaky_relu", 0.3), ("tanh", 0.3)]),
        (TWO | {SLOPE: {"value": 0.2, "when": LEAKY}}, [("leaky_relu", 0.2), ("tanh", 0.3)]),
        (
            TWO | {SLOPE: {"values": [0.1, 0.2], "when": {ACTIVATION: ["tanh"]}}},
            [("leaky_relu", 0.3), ("tanh", 0.1), ("tanh", 0.2)],
        ),
        (
            TWO | {SLOPE: {"min": 0, "max": 0.2, "step": 0.1, "when": LEAKY}},
            [("leaky_relu", 0.0), ("leaky_relu", 0.1), ("leaky_relu", 0.2), ("tanh", 0.3)],
        ),
    ],
)
def test_a_field_is_varied_where_its_condition_holds(parameters: dict[str, Any], expected: list[Any]) -> None:
    assert found([ACTIVATION, SLOPE], parameters=parameters) == expected


@pytest.mark.parametrize(
    ("field", "values", "wanted", "chosen"),
    [
        (SIZE, [32, 64, 96], ">= 64", [64, 96]),
        (SIZE, [32, 64, 96], "> 64", [96]),
        (SIZE, [32, 64, 96], "<64", [32]),
        (SIZE, [32, 64, 96], " <= 64 ", [32, 64]),
        (SIZE, [32, 64, 96], "!= 64", [32, 96]),
        (SIZE, [32, 64, 96], [32, 96], [32, 96]),
        (SIZE, [32, 64, 96], 64, [64]),
        (MAPS, [[8], [8, 16]], [8, 16], [[8, 16]]),
        (MAPS, [[8], [8, 16], [4]], [[8], [8, 16]], [[8], [8, 16]]),
        (NORM, [True, False], True, [True]),
        ("training.weight_decay", [None, 0, 0.1], "< 1", [0.0, 0.1]),
        ("training.weight_decay", [None, 0, 0.1], "!= 0", [None, 0.1]),
        ("training.weight_decay", [None, 0, 0.1], None, [None]),
        ("training.learning_rate", [1e-3, 1e-2], "1e-3", [1e-3]),
    ],
)
def test_a_condition_is_a_value_some_values_or_a_comparison(field: str, values: Any, wanted: Any, chosen: Any) -> None:
    parameters = {field: {"values": values}, DROPOUT: {"value": 0.5, "when": {field: wanted}}}
    assert [value for value, rate in found([field, DROPOUT], parameters=parameters) if rate == 0.5] == chosen


def test_all_conditions_have_to_hold_and_may_hang_on_conditional_fields() -> None:
    """Dropout asks for slope 0.1, which only leaky_relu has; the file has them the other way round."""
    parameters = {
        DROPOUT: {"values": [0.1, 0.2], "when": {SLOPE: "< 0.2", NORM: True}},
        SLOPE: SLOPES,
        NORM: {"values": [True, False]},
        **TWO,
    }
    rows = found([ACTIVATION, SLOPE, NORM, DROPOUT], parameters=parameters)
    assert len(rows) == len(set(rows)) == 7
    assert {row[3] for row in rows if row[:3] == ("leaky_relu", 0.1, True)} == {0.1, 0.2}
    assert all(row[3] == 0.0 for row in rows if row[:3] != ("leaky_relu", 0.1, True))


def test_what_moves_together_is_conditional_together() -> None:
    when = {"when": {SIZE: ">= 64"}}
    parameters = {SIZE: {"values": [32, 64]}, DIM: {"values": [8, 16], **when}, NORM: {"values": [True, False], **when}}
    rows = found([SIZE, DIM, NORM], parameters=parameters, zip=[[DIM, NORM]])
    assert rows == [(32, 256, False), (64, 8, True), (64, 16, False)]


def test_excluded_cells_are_compared_with_the_default_of_what_is_not_varied() -> None:
    rows = found([ACTIVATION, SLOPE], parameters=TWO | {SLOPE: SLOPES}, exclude=[{SLOPE: 0.3}])
    assert rows == [("leaky_relu", 0.1)]


def test_included_cells_keep_the_conditions() -> None:
    parameters = TWO | {DROPOUT: {"value": 0.5, "when": {ACTIVATION: ["elu", "tanh"]}}, SLOPE: SLOPES}
    include = [{ACTIVATION: "elu"}, {ACTIVATION: "relu"}, {ACTIVATION: "leaky_relu", SLOPE: 0.7}]
    rows = found([ACTIVATION, SLOPE, DROPOUT], parameters=parameters, include=include)
    assert rows[3:] == [("elu", 0.3, 0.5), ("relu", 0.3, 0.0), ("leaky_relu", 0.7, 0.0)]


def test_a_condition_may_be_met_by_included_cells_alone() -> None:
    parameters = {ACTIVATION: {"value": "relu"}, DROPOUT: {"value": 0.5, "when": {ACTIVATION: "elu"}}}
    rows = found([ACTIVATION, DROPOUT], parameters=parameters, include=[{ACTIVATION: "elu"}, {DIM: 4}])
    assert rows == [("elu", 0.5), ("relu", 0.0)]


def test_hashes_are_those_of_the_cells_written_one_by_one() -> None:
    written = [{ACTIVATION: "leaky_relu", SLOPE: 0.1}, {ACTIVATION: "leaky_relu"}, {ACTIVATION: "tanh"}]
    runs = expand(grid(parameters=TWO | {SLOPE: SLOPES}))
    assert [config_hash(run, "d") for run in runs] == [config_hash(from_flat(cell), "d") for cell in written]
    assert varied_fields(grid(parameters=TWO | {SLOPE: SLOPES})) == [ACTIVATION, SLOPE]


CONDITIONS = {
    BLOCKS: [{DIM: 8}, {DIM: "> 8"}, {NORM: True, DIM: [4, 16]}],
    DROPOUT: [{BLOCKS: 2}, {BLOCKS: 1, NORM: False}, {DIM: "!= 8"}],
}
VALUES: dict[str, list[Any]] = {DIM: [4, 8, 16], NORM: [True, False], BLOCKS: [2, 3], DROPOUT: [0.1, 0.2]}


@given(st.permutations(list(VALUES)), *(st.sampled_from(whens) for whens in CONDITIONS.values()))
def test_cells_are_the_product_with_defaults_where_conditions_fail(order: list[str], first: Any, second: Any) -> None:
    whens = {BLOCKS: first, DROPOUT: second}
    parameters = {name: {"values": VALUES[name]} | ({"when": whens[name]} if name in whens else {}) for name in order}
    sweep, default = grid(parameters=parameters), flatten(RunConfig())
    expected = set()
    for row in itertools.product(*VALUES.values()):
        cell = dict(zip(VALUES, row, strict=True))
        for name in (BLOCKS, DROPOUT):
            if not all(meets(cell[field], wanted) for field, wanted in whens[name].items()):
                cell[name] = default[name]
        expected.add(tuple(cell.values()))
    cells = [tuple(flatten(run)[name] for name in VALUES) for run in expand(sweep)]
    assert set(cells) == expected
    assert len(cells) == len(expected) == count(sweep)


def meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return bool({"> 8": value > 8, "!= 8": value != 8}[wanted])
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def test_large_conditional_grids_are_counted_without_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {
        DIM: {"min": 2, "max": 1001, "step": 1},
        "training.batch_size": {"min": 1, "max": 1000, "step": 1, "when": {DIM: "<= 11"}},
        "training.learning_rate": {"min": 1e-4, "max": 1e-2, "count": 100, "scale": "log"},
        **TWO,
        SLOPE: SLOPES,
    }
    monkeypatch.setattr("sweeps.spec.grid.from_flat", None)  # no run can be made
    assert count(grid(parameters=parameters, seeds=[0, 1])) == 2 * (10 * 1000 + 990) * 100 * 3


BROKEN = [
    ({SLOPE: {"values": [0.1], "when": {}}}, "when: dictionary should have at least 1 item"),
    ({SLOPE: {"values": [0.1], "when": "tanh"}}, "when: a mapping is needed ({...}), not 'tanh'"),
    ({SLOPE: {"values": [0.1], "when": {"model.actvation": "elu"}}}, "model.actvation is not a field of a run; did"),
    ({SLOPE: {"values": [0.1], "when": {ACTIVATION: "eluu"}}}, "model.activation: 'eluu' does not fit"),
    ({SLOPE: {"values": [0.1], "when": {ACTIVATION: ["elu", "eluu"]}}}, "model.activation: 'eluu' does not fit"),
    ({SLOPE: {"values": [0.1], "when": {ACTIVATION: []}}}, "when: model.activation has no value; list at least one"),
    ({SLOPE: {"values": [0.1], "when": {ACTIVATION: "!= elu"}}}, "model.activation is no number, which '!= elu' would"),
    ({SLOPE: {"values": [0.1], "when": {MAPS: "> 3"}}}, "model.maps is no number, which '> 3' would compare"),
    ({SLOPE: {"values": [0.1], "when": {SIZE: ">= x"}}}, "'>= x' compares with no number; write for example \">= 96\""),
    ({SLOPE: {"values": [0.1], "when": {SIZE: "> inf"}}}, "'> inf' compares with no number"),
    ({SLOPE: {"values": [0.1], "when": {"training.seed": 1}}}, "when: training.seed is no parameter of a cell"),
    (
        TWO | {SLOPE: {"values": [0.1], "when": {ACTIVATION: "elu"}}},
        "negative_slope: when: model.activation is elu in no run; it is leaky_relu or tanh",
    ),
    ({SLOPE: {"values": [0.1], "when": {ACTIVATION: "elu"}}}, "model.activation is elu in no run; it is leaky_relu"),
    ({SLOPE: SLOPES}, "when: model.activation is leaky_relu in every run; remove the condition"),
    ({SIZE: {"value": 32}, SLOPE: {"values": [0.1], "when": {SIZE: ">= 32"}}}, "data.resolution >= 32 in every run"),
    (
        {SIZE: {"values": [32, 64]}, SLOPE: {"values": [0.1], "when": {SIZE: "> 64"}}},
        "data.resolution > 64 in no run; it is 32",
    ),
    ({SLOPE: {"values": [0.1], "when": {SLOPE: 0.3}}}, "circle: model.negative_slope needs model.negative_slope"),
    (
        {DROPOUT: {"values": [0.1], "when": {SLOPE: 0.2}}, SLOPE: {"values": [0.2], "when": {DROPOUT: 0.1}}},
        "when goes round in a circle: model.dropout needs model.negative_slope needs model.dropout",
    ),
]


@pytest.mark.parametrize(("parameters", "words"), BROKEN)
@pytest.mark.parametrize("method", ["grid", "random"])
def test_a_condition_without_meaning_is_one_clear_line(
    tmp_path: Path, parameters: dict[str, Any], words: str, method: str
) -> None:
    told = problem(tmp_path, parameters=parameters, method=method, **({"run_cap": 3} if method == "random" else {}))
    assert words in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"zip": [[SLOPE, DIM]], "parameters": TWO | {SLOPE: SLOPES, DIM: {"values": [4, 8]}}},
            "zip: model.negative_slope and model.latent_dim move together, so both need the same when",
        ),
        (
            {"include": [{ACTIVATION: "relu", SLOPE: 0.2}], "parameters": TWO | {SLOPE: SLOPES}},
            "include: model.negative_slope is varied when model.activation is leaky_relu, which here is relu; remove",
        ),
        (
            {
                "include": [{SLOPE: 0.2}],
                "parameters": {
                    ACTIVATION: {"values": ["relu", "leaky_relu"]},
                    SLOPE: {"value": 0.2, "when": {ACTIVATION: "relu"}},
                },
            },
            "include: model.negative_slope is varied when model.activation is relu, which here is leaky_relu",
        ),
    ],
)
def test_conditions_that_contradict_the_cells_are_one_clear_line(
    tmp_path: Path, content: dict[str, Any], words: str
) -> None:
    told = problem(tmp_path, **content)
    assert words in told
    assert "\n" not in told


def problem(tmp_path: Path, **content: Any) -> str:
    file = written(tmp_path, **content)
    with pytest.raises(SweepError) as caught:
        load(file)
    return str(caught.value)


def written(tmp_path: Path, **content: Any) -> Path:
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump({"name": "s", **content}, sort_keys=False), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ("model.activation=leaky_relu", [("leaky_relu", 0.1), ("leaky_relu", 0.3)]),
        ("model.activation=tanh", [("tanh", 0.3)]),
        ("model.activation=elu", [("elu", 0.3)]),
        ("model.negative_slope=0.5", [("leaky_relu", 0.5), ("tanh", 0.5)]),
    ],
)
def test_what_the_command_line_fixes_decides_the_conditions(tmp_path: Path, fixed: str, expected: list[Any]) -> None:
    file = written(tmp_path, parameters=TWO | {SLOPE: SLOPES})
    sweep = load(file, dict([parse_override(fixed)]))
    assert [(run.model.activation, run.model.negative_slope) for run in expand(sweep)] == expected
    assert overrides(sweep) == [fixed]
