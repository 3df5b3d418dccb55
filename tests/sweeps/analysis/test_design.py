from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.analysis.design import Contrast, Design, design_of

Cells = list[dict[str, str]]


def factorial(**levels: list[str]) -> Cells:
    names = [f"model.{name}" for name in levels]
    return [dict(zip(names, row, strict=True)) for row in itertools.product(*levels.values())]


def found(design: Design, name: str) -> Contrast:
    return next(contrast for contrast in design.contrasts if contrast.name == name)


def numbers(design: Design, name: str, means: object) -> dict[str, float]:
    contrast = found(design, name)
    return dict(zip(contrast.labels, contrast.estimated @ np.asarray(means, dtype=float), strict=True))


TWO_BY_THREE = factorial(norm=["no", "yes"], act=["a", "b", "c"])
MEANS = [1.0, 2, 6, 5, 3, 1]


def test_main_effects_are_averages_over_the_other_parameter() -> None:
    design = design_of(TWO_BY_THREE)
    assert [contrast.name for contrast in design.contrasts] == ["norm", "act", "norm × act"]
    assert numbers(design, "norm", MEANS) == {"yes vs no": pytest.approx(3 - 3)}
    # The means of a, b and c are 3, 2.5 and 3.5, that of all 3.
    assert numbers(design, "act", MEANS) == pytest.approx({"a": 0, "b": -0.5, "c": 0.5})


def test_interactions_are_what_the_main_effects_leave() -> None:
    told = numbers(design_of(TWO_BY_THREE), "norm × act", MEANS)
    assert told == pytest.approx(
        {"no with a": -2, "no with b": -0.5, "no with c": 2.5, "yes with a": 2, "yes with b": 0.5, "yes with c": -2.5}
    )


def test_two_by_two_is_a_difference_of_differences() -> None:
    design = design_of(factorial(norm=["no", "yes"], act=["a", "b"]))
    assert numbers(design, "norm × act", [1, 2, 4, 9]) == {"(yes vs no) × (b vs a)": pytest.approx((9 - 4) - (2 - 1))}


def test_the_pairs_of_levels_are_all_differences() -> None:
    differences = found(design_of(TWO_BY_THREE), "act").pairs @ MEANS
    assert sorted(abs(differences)) == pytest.approx([0.5, 0.5, 1.0])


def test_what_no_effect_explains_is_left_between_the_cells() -> None:
    cells = factorial(a=["0", "1"], b=["0", "1"], c=["0", "1"])
    rest = design_of(cells).contrasts[-1]
    assert (rest.factors, rest.tested.shape, rest.name) == ((), (1, 8), "")
    three_way = [(-1) ** sum(map(int, cell.values())) for cell in cells]
    assert abs(rest.tested @ three_way) == pytest.approx(np.sqrt(8))


def test_parameters_without_variation_are_no_effects() -> None:
    assert design_of([{"model.a": "x"}]).contrasts == ()
    assert [c.name for c in design_of(factorial(a=["x"], b=["0", "1"])).contrasts] == ["b"]


# --- what cannot be told apart -----------------------------------------------------------------------------------


def test_parameters_that_move_together_are_named_together() -> None:
    cells = [{"data.resolution": r, "training.batch_size": b} for r, b in (("96", "128"), ("128", "64"))]
    (effect,) = design_of(cells).contrasts
    assert effect.name == "resolution & batch_size"
    assert effect.factors[0].names == ("data.resolution", "training.batch_size")
    assert effect.labels == ("128 & 64 vs 96 & 128",)


def test_a_parameter_that_only_one_value_of_another_uses_is_joined_with_it() -> None:
    cells = [{"m.act": "relu", "m.slope": ""}, {"m.act": "leaky", "m.slope": "0.1"}, {"m.act": "leaky", "m.slope": "1"}]
    (effect,) = design_of(cells).contrasts
    assert effect.name == "act & slope"
    assert effect.labels == ("relu & -", "leaky & 0.1", "leaky & 1")


def test_main_effects_stay_apart_where_a_third_mixes_with_their_interaction() -> None:
    cells = [
        cell | {"m.c": str(int(cell["model.a"] != cell["model.b"]))} for cell in factorial(a=["0", "1"], b=["0", "1"])
    ]
    design = design_of(cells)
    assert [contrast.name for contrast in design.contrasts] == ["a", "b", "c"]
    assert design.left_out == {
        "a × b": "cannot be told from c",
        "a × c": "cannot be told from b",
        "b × c": "cannot be told from a",
    }


def test_interactions_that_mix_with_each_other_are_left_out_together() -> None:
    cells = factorial(a=["0", "1"], b=["0", "1"], c=["0", "1"])
    half = [cell | {"model.d": str(sum(map(int, cell.values())) % 2)} for cell in cells]
    design = design_of(half)
    assert [contrast.name for contrast in design.contrasts] == ["a", "b", "c", "d", ""]
    assert design.left_out["a × b"] == "cannot be told from c × d"


def test_an_interaction_without_all_its_cells_is_left_out() -> None:
    cells = [*factorial(act=["a", "b"], norm=["no", "yes"]), {"model.act": "tanh", "model.norm": "no"}]
    design = design_of(cells)
    assert [contrast.name for contrast in design.contrasts] == ["act", "norm", ""]
    assert design.left_out == {"act × norm": "no cell has tanh with yes"}
    # Yes is 1 above no, so halfway between them a, b and tanh have 1.5, 4.5 and 10.5.
    assert numbers(design, "act", [1, 2, 4, 5, 10]) == pytest.approx({"a": -4, "b": -1, "tanh": 5})


def test_many_missing_cells_are_counted() -> None:
    cells = [{"m.a": a, "m.b": b} for a, b in zip("0123401234", "0123412340", strict=True)]
    assert design_of(cells).left_out == {"a × b": "no cell has 0 with 2, 0 with 3, 0 with 4 and 12 more"}


def test_in_the_end_the_cells_are_one_parameter() -> None:
    cells = [
        {"d.name": n, "d.factors": f, "d.size": s} for n, f, s in (("a", "x", "1"), ("a", "y", "1"), ("b", "", "2"))
    ]
    (effect,) = design_of(cells).contrasts
    assert effect.name == "name & factors & size"


# --- for any set of cells ----------------------------------------------------------------------------------------

CUBE = factorial(a=["0", "1", "2"], b=["0", "1"], c=["0", "1", "2"])
subsets = st.sets(st.integers(0, len(CUBE) - 1), min_size=1).map(lambda chosen: [CUBE[i] for i in sorted(chosen)])


@given(subsets)
def test_the_contrasts_are_independent_and_take_up_every_difference_between_cells(cells: Cells) -> None:
    tested = [contrast.tested for contrast in design_of(cells).contrasts]
    stacked = np.vstack([*tested, np.empty((0, len(cells)))])
    assert np.allclose(stacked.sum(axis=1), 0)
    assert len(stacked) == len(cells) - 1
    assert np.linalg.matrix_rank(stacked) == len(stacked)


@given(subsets, st.lists(st.floats(-5, 5), min_size=8, max_size=8))
def test_effects_that_add_up_are_found_whatever_is_missing(cells: Cells, sizes: list[float]) -> None:
    """Every parameter that stays alone has its own differences; the others are not blamed on it."""
    offsets = dict(zip(("a", "b", "c"), np.split(np.array(sizes), [3, 5]), strict=True))

    def mean_of(cell: Mapping[str, str]) -> float:
        return sum(offsets[name[-1]][int(level)] for name, level in cell.items())

    design = design_of(cells)
    means = np.array([mean_of(cell) for cell in cells])
    for contrast in design.contrasts:
        if len(contrast.factors) == 1 and len(contrast.factors[0].names) == 1:
            (factor,) = contrast.factors
            values = [offsets[factor.name][int(level)] for level in factor.levels]
            differences = [later - earlier for earlier, later in itertools.combinations(values, 2)]
            assert contrast.pairs @ means == pytest.approx(differences, abs=1e-8)
        elif len(contrast.factors) == 2 or not contrast.factors:
            assert contrast.tested @ means == pytest.approx(0, abs=1e-8)


@given(subsets, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(cells: Cells, random: object) -> None:
    shuffled = random.sample(cells, len(cells))  # type: ignore[attr-defined]
    first, second = design_of(cells), design_of(shuffled)
    assert [c.name for c in first.contrasts] == [c.name for c in second.contrasts]
    assert first.left_out.keys() == second.left_out.keys()
