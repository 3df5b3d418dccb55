"""Several sweeps compared are one sweep with all of their runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.analysis.answer import limitations
from sweeps.analysis.comparison import Comparison, compare
from sweeps.analysis.joint import together
from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from tests.sweeps.analysis.test_comparison import CONTOURS, RADII, THREE, grid, scores
from tests.sweeps.fakes import cell_of

RUNS = grid(THREE)


def sweep_of(name: str, **content: Any) -> Sweep:
    return Sweep.model_validate({"name": name, **content})


def joint(*parts: list[SweepRun]) -> Comparison:
    first, *others = (sweep_of(name) for name, _ in zip("abc", parts, strict=False))
    return compare(first, together(parts), None, others)


@given(st.lists(st.sets(st.sampled_from(range(len(RUNS)))), min_size=1, max_size=4))
def test_however_the_runs_are_shared_out_each_is_there_once(shares: list[set[int]]) -> None:
    """Those of several sweeps are the same runs, whichever of them has trained it and which adopted."""
    parts = [[replace(RUNS[i], link=None if i % 2 else f"its own in {n}") for i in s] for n, s in enumerate(shares)]
    found = together(parts)
    assert sorted(str(run.run_id) for run in found) == sorted(str(RUNS[i].run_id) for i in set().union(*shares))


def test_two_halves_are_the_whole() -> None:
    found, whole = joint(RUNS[:5], RUNS[3:]), compare(sweep_of("a"), RUNS)
    assert (found.groups, found.lead, found.effects) == (whole.groups, whole.lead, whole.effects)
    assert found.name == "a+b"


def test_a_run_that_is_finished_in_one_of_them_is_finished() -> None:
    new, done = cell_of(None, activation="relu"), cell_of(scores(0.6), activation="relu")
    assert together([[new], [done]]) == together([[done], [new]]) == [done]


def test_what_is_fixed_differently_is_a_parameter() -> None:
    first = [cell_of(scores(0.6 + seed / 100), activation="relu", seed=seed) for seed in (0, 1)]
    second = [cell_of(scores(0.7 + seed / 100), "e", activation="relu", seed=seed, name="digits") for seed in (0, 1)]
    found = joint(first, second)
    assert [group.values for group in found.groups] == [{"data.name": "synthetic"}, {"data.name": "digits"}]
    radii = next(effects for effects in found.effects if effects.metric == RADII)
    assert [(effect.name, effect.estimates[0].value) for effect in radii.effects] == [("name", pytest.approx(0.1))]


def test_what_cannot_be_told_apart_is_said() -> None:
    """Each file has another network on another set: whose effect it is nobody knows."""
    first = [cell_of(scores(0.6 + seed / 100), activation="relu", seed=seed) for seed in (0, 1)]
    second = [cell_of(scores(0.7 + seed / 100), "e", activation="tanh", seed=seed, name="digits") for seed in (0, 1)]
    told = limitations(joint(first, second))
    assert "name & activation: their values come together, so their effects cannot be told apart" in told
    third = [cell_of(scores(0.8 + seed / 100), "e", activation="relu", seed=seed, name="digits") for seed in (0, 1)]
    told = limitations(joint(first, second, third))
    assert any(line.startswith("name × activation: no cell has synthetic with tanh") for line in told), told


@pytest.mark.parametrize(
    ("content", "metric", "said"),
    [
        ({}, None, []),
        (
            {"metric": {"name": CONTOURS}},
            None,
            [
                f"ranked by {RADII} (maximize), as a asks; b asks for {CONTOURS} (maximize): --metric ranks by another",
            ],
        ),
        ({"metric": {"name": CONTOURS}}, CONTOURS, []),
        ({"metric": {"name": RADII, "goal": "minimize"}}, None, [f"as a asks; b asks for {RADII} (minimize)"]),
    ],
)
def test_files_that_rank_by_different_metrics_are_told_of(content: Any, metric: str | None, said: list[str]) -> None:
    runs = [replace(run, metrics=run.metrics | {CONTOURS: 0.5 + place / 10}) for place, run in enumerate(RUNS)]
    found = compare(sweep_of("a"), runs, metric, [sweep_of("b", **content)])
    lines = [line for line in limitations(found) if line.startswith("ranked by")]
    assert [words in line for words, line in zip(said, lines, strict=True)] == [True] * len(said)


def test_a_search_among_them_leaves_no_design() -> None:
    space = {"model.latent_dim": {"min": 8, "max": 64}}
    search = sweep_of("b", method="random", parameters=space, run_cap=4, constraints=["reconstruction/mse <= 0.5"])
    found = compare(sweep_of("a"), RUNS, None, [search])
    assert (found.effects, found.importance) == ((), {})
    told = limitations(found)
    assert "effects: b is a search, whose trials are no design; compare the grids without" in told
    assert "constraints: those of a (none); the other files have others" in told
