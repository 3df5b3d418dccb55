"""Metrics by formula: what they are, and that nothing else is one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sweeps import Sweep, SweepError, load, tracking
from sweeps.analysis.comparison import compare
from sweeps.api import cells, run
from sweeps.cli import main
from sweeps.spec.formula import parse_formula, with_formulas
from sweeps.spec.space import space
from tests.sweeps.fakes import record_runs

A, B = "mnd/radius_agreement", "control/untrained/radius_agreement"
KNOWN = {A: 0.75, B: 0.5, "faces/kid-x": 2.0, "x": -3.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"{A} - {B}", 0.25),
        (f"{A} / {B}", 1.5),
        (f"2 * ({A} - {B}) ** 2 + 1e-3", 0.126),
        ("-x", 3.0),
        ("+x * -1", 3.0),
        ("faces/kid-x", 2.0),
        (f"min({A}, x, 1)", -3.0),
        (f"max({A}, {B})", 0.75),
        ("abs(x) + sqrt(faces/kid-x * 2)", 5.0),
        ("log(exp(x))", -3.0),
    ],
)
def test_it_is_arithmetic(text: str, value: float) -> None:
    assert parse_formula(text).value(KNOWN) == pytest.approx(value)


@pytest.mark.parametrize("text", ["y - 1", "x / 0", "log(x)", "x ** 0.5", "exp(exp(abs(x) * 9))", "1e999 * x"])
def test_what_is_missing_or_no_number_is_left_out(text: str) -> None:
    assert parse_formula(text).value(KNOWN) is None
    assert with_formulas(KNOWN, {"made": text}) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x +",
        "2x",
        "x if x else x",
        "[x]",
        "x.real()",
        "__import__('os').system('x')",
        "(lambda: x)()",
        "x and x",
        "x < 1",
        "not x",
        "~x",
        "x; x",
        "x = 1",
        "min(x)",
        "min()",
        "abs(x, x)",
        "min(x, key=x)",
        "min(*x)",
        "'x' + x",
        "x @ x",
        "x // 2",
        "(" * 300 + "x" + ")" * 300,
    ],
)
def test_nothing_else_is_a_formula(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no formula; write metrics|names no metric; write metrics"):
        parse_formula(text)


NUMBERS = st.floats(-100, 100).map(lambda number: round(number, 3))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_it_is_what_python_makes_of_it(a: float, b: float, c: float) -> None:
    found = parse_formula("a/b - (b * a-c) / 7 + 3 * abs(b)").value({"a/b": a, "b": b, "a-c": c})
    assert found == pytest.approx(a - (b * c) / 7 + 3 * abs(b))


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ("{gain: mnd/radius_agrement - 1}", r"metrics.gain: no run measures 'mnd/radius_agrement'; did you mean"),
        ("{gain: 'a and b'}", r"metrics.gain: 'a and b' is no formula"),
        ("{gain: 7}", r"metrics.gain: "),
        ("{mnd/gain: mnd/radius_agreement}", r"metrics.mnd/gain.*: "),
    ],
)
def test_a_wrong_one_is_one_line(metrics: str, message: str, tiny_sweep: Path) -> None:
    tiny_sweep.write_text(f"{tiny_sweep.read_text()}metrics: {metrics}\n")
    with pytest.raises(SweepError, match=message) as raised:
        load(tiny_sweep)
    assert "\n" not in str(raised.value)


# --- in a sweep --------------------------------------------------------------------------------------------------


@pytest.fixture
def ranked(tiny_sweep: Path, database: Path) -> Sweep:
    """Two finished runs, recorded before the formula by which they are ranked was written."""
    record_runs(
        load(tiny_sweep), lambda cell: {A: 0.7, B: 0.6 if cell.parameters["model.activation"] == "relu" else 0.8}
    )
    more = f"metrics: {{trained_gain: {A} - {B}}}\nmetric: {{name: trained_gain, goal: maximize}}\n"
    tiny_sweep.write_text(tiny_sweep.read_text() + more)
    return load(tiny_sweep)


def test_it_is_shown_ranked_and_compared_without_training(ranked: Sweep) -> None:
    runs = cells(ranked)
    assert [run.metrics["trained_gain"] for run in runs] == pytest.approx([0.1, -0.1])
    compared = compare(ranked, runs)
    assert "trained_gain" in compared.metrics
    assert [group.values["model.activation"] for group in compared.groups] == ["tanh", "relu"]


def test_mlflow_is_given_it_for_runs_that_are_finished(ranked: Sweep) -> None:
    assert {run.state for run in run(ranked)} == {"finished"}
    found = sorted(record.metrics["trained_gain"] for record in tracking.records("tiny").values())
    assert found == pytest.approx([-0.1, 0.1])


def test_so_it_is_by_the_command_that_has_nothing_to_train(ranked: Sweep) -> None:
    done = CliRunner().invoke(main, ["run", str(ranked.file)], catch_exceptions=False)
    assert "there is nothing to do" in done.output
    assert all("trained_gain" in record.metrics for record in tracking.records("tiny").values())


def test_it_changes_no_hash_and_no_study_that_is_not_ranked_by_it() -> None:
    search = {
        "name": "s",
        "method": "random",
        "run_cap": 2,
        "parameters": {"data.name": {"value": "digits"}, "training.epochs": {"min": 1, "max": 3}},
    }
    plain, unused, used, changed = (
        space(Sweep.model_validate(search | more)).digest()
        for more in (
            {},
            {"metrics": {"made": f"{A} * 2"}},
            {"metrics": {"made": f"{A} * 2"}, "metric": {"name": "made"}},
            {"metrics": {"made": f"{A} * 3"}, "metric": {"name": "made"}},
        )
    )
    assert plain == unused
    assert len({plain, used, changed}) == 3


def test_numbers_are_finite() -> None:
    assert all(math.isfinite(value) for value in with_formulas(KNOWN, {"a": "x * 1e308 * 10"}).values())
