from __future__ import annotations

from typing import Any

import pytest

from sweeps.analysis.answer import answer, decimals, limitations
from sweeps.analysis.comparison import Comparison, compare
from sweeps.analysis.tables import group_columns
from sweeps.planning.plan import SweepRun
from tests.sweeps.analysis.test_comparison import CONTOURS, MSE, RADII, THREE, grid, scores, sweep_of
from tests.sweeps.fakes import cell_of


def compared(cells: list[SweepRun], **content: Any) -> Comparison:
    return compare(sweep_of(**content), cells)


EXPLAINED, SPREAD = "reconstruction/explained", "mnd/origin/norm_spread"


def search(cells: list[SweepRun], **content: Any) -> Comparison:
    parameters = {"model.activation": {"values": ["relu", "tanh", "elu"]}}
    return compared(cells, method="random", parameters=parameters, run_cap=9, **content)


def learned(values: dict[str, tuple[float, float, float]]) -> list[SweepRun]:
    """Cells by activation: radii, what is explained, and how much the squared norms vary."""
    return [
        cell_of(scores(radii, **{EXPLAINED: explained, SPREAD: spread}), activation=name)
        for name, (radii, explained, spread) in values.items()
    ]


# --- faults ------------------------------------------------------------------------------------------------------


def test_a_network_that_learned_nothing_is_never_crowned_and_is_said_to_have_learned_nothing() -> None:
    found = compared(learned({"relu": (0.99, 0.01, 1.0), "tanh": (0.7, 0.8, 1.0), "elu": (0.6, 0.9, 1.0)}))
    assert answer(found).startswith("Best by mnd/radius_agreement: activation=tanh with 0.700")
    assert [(group.values["model.activation"], group.rank) for group in found.groups] == [
        ("relu", None),
        ("elu", 2),
        ("tanh", 1),
    ]
    assert not found.groups[0].is_pareto
    lines = limitations(found)
    assert "activation=relu: reconstructs next to nothing: 1 % of what the mean image leaves" in lines
    assert "1 cell without a rank: what explains less than 10 % of its images is no autoencoder" in lines


def test_where_no_cell_has_learned_anything_there_is_no_best() -> None:
    found = compared(learned({"relu": (0.99, 0.01, 1.0), "tanh": (0.98, -0.3, 1.0)}))
    assert answer(found).startswith("No finished cell reconstructs its images: all explain less than 10 %")
    assert found.lead is None


def test_a_shell_that_wins_is_told_as_one() -> None:
    found = compared(learned({"tanh": (0.77, 0.8, 0.07), "relu": (0.6, 0.9, 1.0)}))
    assert "But it is a shell around the origin: squared distances from it vary 0.07 times" in answer(found)
    columns = {column.head: column.cells for column in group_columns(found)}
    assert columns["fault"] == ["", "a shell around the origin"]


def test_what_training_did_to_the_best_cell_is_told() -> None:
    controls = {"control/untrained/radius_agreement": 0.635, "control/projection/radius_agreement": 0.605}
    found = compared([cell_of(scores(0.6, **controls), activation="relu"), cell_of(scores(0.5), activation="tanh")])
    assert answer(found).endswith(" In this cell training moved it from 0.635 to 0.600; the pixels alone have 0.605.")
    columns = [(column.head, list(column.cells)) for column in group_columns(found)]
    heads = [head for head, _ in columns]
    place = heads.index("radii")
    assert heads[place : place + 5] == ["radii", "untrained", "pixels", "MND", "gap"]
    assert columns[place + 1][1] == ["-", "0.635"]
    assert columns[place + 2][1] == ["-", "0.605"]


def test_it_is_told_of_held_out_images_as_well() -> None:
    held_out = "mnd_test/radius_agreement"
    controls = {"control/untrained/mnd_test/radius_agreement": 0.7, "control/untrained/radius_agreement": 0.6}
    cells = [cell_of(scores(0.5, **controls, **{held_out: 0.75}), activation="relu")]
    found = compare(sweep_of(), cells, held_out)
    assert answer(found).endswith(" In this cell training moved it from 0.700 to 0.750.")
    untrained = next(list(column.cells) for column in group_columns(found) if column.head == "untrained")
    assert untrained == ["0.7000"]


def test_gains_are_metrics_to_compare_by() -> None:
    cells = [
        cell_of(scores(0.6, **{"gain/radius_agreement": g}), activation=a) for a, g in (("relu", -0.1), ("tanh", 0.02))
    ]
    found = compare(sweep_of(), cells, "gain/radius_agreement")
    assert found.groups[-1].values["model.activation"] == "tanh"


# --- one sentence ------------------------------------------------------------------------------------------------


def test_a_clear_answer() -> None:
    # The pooled sd is sqrt(2) / 100, its t with 6 df at 0.05 / 2 comparisons 2.969: 0.070 ± 0.034.
    assert answer(compared(grid(THREE))) == (
        "Best by mnd/radius_agreement: activation=tanh with 0.720 ± 0.020 (3 seeds), "
        "0.070 (95 % interval 0.036 to 0.104) more than the next, activation=elu: more than the noise between seeds."
    )


def test_an_answer_that_noise_hides() -> None:
    told = answer(compared(grid({"relu": [0.5, 0.5001], "tanh": [0.8, 0.6], "elu": [0.6, 0.75]})))
    assert told.endswith("no more than the noise between seeds; 2 of the 2 other cells cannot be told from the best.")


def test_less_is_better_where_the_goal_says_so() -> None:
    told = answer(compared(grid(THREE), metric={"name": RADII, "goal": "minimize"}))
    assert "activation=relu with 0.610" in told
    assert "less than the next, activation=elu" in told


def test_one_seed_answers_without_a_verdict() -> None:
    told = answer(compared(grid({"relu": [0.6], "tanh": [0.7]})))
    assert "activation=tanh with 0.700 (1 seed), 0.100 more than the next" in told
    assert told.endswith("whether that is more than noise between seeds cannot be told.")


def test_a_single_cell_is_no_comparison() -> None:
    told = answer(compared(grid({"relu": [0.6, 0.7]})))
    assert told.startswith("Best by mnd/radius_agreement: the only cell with 0.650 ± 0.071 (2 seeds)")
    assert told.endswith("there is no other finished cell.")


def test_several_metrics_name_those_that_no_other_beats() -> None:
    cells = [
        cell_of(scores(radii, mse, cost=cost), activation=name)
        for name, radii, mse, cost in (("relu", 0.9, 0.01, 5), ("tanh", 0.8, 0.01, 1), ("elu", 0.85, 0.01, 6))
    ]
    told = answer(compared(cells, metric=[{"name": RADII}, {"name": "cost", "goal": "minimize"}]))
    assert told == (
        "2 of 3 cells are beaten by no other in mnd/radius_agreement, cost, reconstruction/mse alike: "
        "activation=relu; activation=tanh."
    )


def test_no_cell_that_keeps_the_constraints() -> None:
    told = answer(search(grid(THREE), constraints=[f"{MSE} <= 0.001"]))
    assert told == "No finished cell keeps the constraints: reconstruction/mse <= 0.001."


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ({"relu": [0.60, 0.62], "tanh": [0.7, 0.72]}, 3),
        ({"relu": [0.6, 0.6003], "tanh": [0.7, 0.7]}, 5),
        ({"relu": [60.0], "tanh": [70.0]}, 1),
        ({"relu": [0.6], "tanh": [0.6]}, 4),
        ({"relu": [600.0, 900.0], "tanh": [0.7, 0.7]}, 0),
    ],
)
def test_means_are_rounded_to_two_digits_of_the_noise(values: dict[str, list[float]], places: int) -> None:
    assert decimals(compared(grid(values)), RADII) == places


# --- what cannot be told -----------------------------------------------------------------------------------------


def test_a_complete_sweep_leaves_nothing_untold() -> None:
    measured = (("relu", 0, 0.6, 0.010), ("relu", 1, 0.61, 0.011), ("elu", 0, 0.7, 0.012), ("elu", 1, 0.72, 0.010))
    noisy = [cell_of(scores(radii, mse), activation=name, seed=seed) for name, seed, radii, mse in measured]
    assert limitations(compared(noisy)) == []


def test_unfinished_runs_and_values_are_told() -> None:
    lines = limitations(
        compared([*grid(THREE), cell_of(None, activation="gelu"), cell_of({MSE: 0.01}, activation="selu")])
    )
    assert "1 of 11 runs are not finished (1 new) and not compared" in lines
    assert "mnd/radius_agreement was not measured in 1 finished run" in lines


def test_a_parameter_of_which_one_value_is_finished_is_told() -> None:
    cells = [cell_of(scores(0.6), activation=a, batch_norm=True) for a in ("relu", "elu")]
    assert "model.batch_norm: all finished runs have true" in limitations(compared([*cells, cell_of(None)]))


def test_one_seed_asks_for_two_once() -> None:
    lines = limitations(compared([cell_of(scores(r, r), activation=a) for a, r in (("relu", 0.6), ("elu", 0.7))]))
    assert lines == [
        "no intervals: no cell has two finished runs, so nothing tells an effect from noise; give at least 2 seeds"
    ]


def test_metrics_without_noise_are_named() -> None:
    (line,) = limitations(compared(grid(THREE)))
    assert line == "no intervals for reconstruction/mse: all runs have the same value"


def test_aliases_and_missing_cells_are_told_with_the_reason() -> None:
    combinations = [
        ("relu", 64, False),
        ("relu", 64, True),
        ("elu", 128, False),
        ("elu", 128, True),
        ("tanh", 64, False),
    ]
    cells = [
        cell_of(scores(0.6 + 0.01 * seed), activation=a, latent_dim=d, batch_size=2 * d, batch_norm=n, seed=seed)
        for a, d, n in combinations
        for seed in range(2)
    ]
    lines = limitations(compared(cells))
    assert (
        "activation & latent_dim & batch_size: their values come together, so their effects cannot be told apart"
        in lines
    )
    assert "activation & latent_dim & batch_size × batch_norm: no cell has tanh & 64 & 128 with true" in lines


def test_shares_that_do_not_add_up_say_so() -> None:
    uneven = {"relu": [0.6, 0.61], "elu": [0.7, 0.72, 0.71, 0.69]}
    cells = [*grid(uneven), cell_of(scores(0.8), activation="relu", batch_norm=True)]
    cells += [cell_of(scores(0.5 + s / 100), activation="elu", batch_norm=True, seed=s) for s in range(3)]
    assert any(line.startswith("shares add up to ") for line in limitations(compared(cells)))
    assert not any(line.startswith("shares") for line in limitations(compared(grid(THREE))))


def test_cells_of_other_sizes_are_better_compared_adjusted() -> None:
    cells = [
        cell_of(scores(0.6, **{CONTOURS: 0.8, f"{CONTOURS}_null": null}), latent_dim=d)
        for d, null in ((64, 0.95), (128, 0.90))
    ]
    line = next(line for line in limitations(compared(cells)) if "normal clouds" in line)
    assert "(mnd/contour_agreement 0.900 to 0.950)" in line
    assert "--metric mnd/radius_agreement_adjusted" in line


def test_a_search_is_no_design() -> None:
    lines = limitations(search(grid({"relu": [0.6], "tanh": [0.7], "elu": [0.65]})))
    assert any("no design" in line for line in lines)
    assert any("3 trials are few" in line for line in lines)
    assert any("give at least 2 seeds" in line for line in lines)
    replicated = limitations(search(grid(THREE)))
    assert not any("give at least 2 seeds" in line for line in replicated)
