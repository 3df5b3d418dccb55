from __future__ import annotations

import itertools
import statistics
from pathlib import Path
from typing import Any

import pytest

from sweeps.analysis.comparison import Comparison, compare
from sweeps.errors import SweepError
from sweeps.planning.plan import SweepRun
from sweeps.spec.goals import goal_of
from sweeps.spec.sweep import Sweep
from tests.sweeps.fakes import cell_of

RADII, CONTOURS, MSE = "mnd/radius_agreement", "mnd/contour_agreement", "reconstruction/mse"


def sweep_of(**content: Any) -> Sweep:
    return Sweep.model_validate({"name": "s", **content})


def scores(radii: float, mse: float = 0.01, **more: float) -> dict[str, float]:
    return {
        RADII: radii,
        f"{RADII}_null": 0.99,
        f"{RADII}_null_sd": 0.002,
        f"{RADII}_gap": 0.99 - radii,
        MSE: mse,
        **more,
    }


def grid(values: dict[str, list[float]], mse: dict[str, float] | None = None) -> list[SweepRun]:
    """Cells by activation, one seed for each value of the radii."""
    return [
        cell_of(scores(value, (mse or {}).get(name, 0.01)), activation=name, seed=seed)
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]


def order(comparison: Comparison) -> list[str]:
    return [group.values["model.activation"] for group in comparison.groups]


THREE = {"relu": [0.60, 0.62, 0.61], "tanh": [0.72, 0.70, 0.74], "elu": [0.66, 0.65, 0.64]}


# --- cells -------------------------------------------------------------------------------------------------------


def test_seeds_become_mean_and_sd_beside_null_and_gap() -> None:
    comparison = compare(sweep_of(), grid(THREE))
    summary = comparison.groups[-1].summaries[RADII]
    assert (summary.mean, summary.sd) == pytest.approx((0.72, statistics.stdev(THREE["tanh"])))
    assert (summary.count, summary.null, summary.null_sd) == (3, pytest.approx(0.99), pytest.approx(0.002))
    assert summary.gap == pytest.approx(0.27)
    assert comparison.groups[-1].summaries[MSE].null is None
    assert comparison.groups[-1].label == "activation=tanh"


def test_one_seed_has_no_sd() -> None:
    assert compare(sweep_of(), grid({"relu": [0.6]})).groups[0].summaries[RADII].sd is None


def test_cells_stand_from_worst_to_best() -> None:
    comparison = compare(sweep_of(), grid(THREE))
    assert order(comparison) == ["relu", "elu", "tanh"]
    assert [group.rank for group in comparison.groups] == [3, 2, 1]
    downward = compare(sweep_of(metric={"name": RADII, "goal": "minimize"}), grid(THREE))
    assert order(downward) == ["tanh", "elu", "relu"]


def test_unfinished_runs_are_counted_and_left_out() -> None:
    cells = [*grid(THREE), cell_of(None, activation="gelu"), cell_of(None, activation="tanh", seed=3)]
    comparison = compare(sweep_of(), cells)
    assert order(comparison) == ["relu", "elu", "tanh"]
    assert comparison.unfinished == {"new": 2}
    assert len(comparison.groups[-1].runs) == 3


def test_values_that_are_no_numbers_are_left_out() -> None:
    cells = [
        *grid(THREE),
        cell_of(scores(float("nan")), activation="gelu"),
        cell_of(scores(1.797e308), activation="selu"),
    ]
    comparison = compare(sweep_of(), cells)
    assert order(comparison) == ["gelu", "selu", "relu", "elu", "tanh"]
    assert [group.rank for group in comparison.groups] == [None, None, 3, 2, 1]
    assert MSE in comparison.groups[0].summaries


def test_two_folders_of_pictures_are_two_cells() -> None:
    cells = [
        cell_of(scores(value), digest=f"{path}-digest", name="folder", path=path, seed=seed)
        for path, value in (("a", 0.6), ("b", 0.7))
        for seed in (0, 1)
    ]
    comparison = compare(sweep_of(), cells)
    assert [group.values["data.digest"] for group in comparison.groups] == ["a-digest", "b-digest"]
    assert comparison.effects[0].effects[0].name == "digest"


# --- order -------------------------------------------------------------------------------------------------------


def test_the_star_is_for_cells_that_no_other_beats_in_ranking_and_reconstruction() -> None:
    comparison = compare(sweep_of(), grid(THREE, {"relu": 0.02, "tanh": 0.03, "elu": 0.01}))
    assert [group.is_pareto for group in comparison.groups] == [False, True, True]


def test_several_metrics_rank_by_fronts() -> None:
    asked = [{"name": RADII, "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]
    cells = [
        cell_of(scores(radii, cost=cost), activation=name)
        for name, radii, cost in (
            ("relu", 0.9, 5),
            ("tanh", 0.8, 1),
            ("elu", 0.85, 6),
            ("gelu", 0.7, 2),
            ("selu", 0.6, 7),
        )
    ]
    comparison = compare(sweep_of(metric=asked), cells)
    assert order(comparison) == ["selu", "gelu", "elu", "tanh", "relu"]
    assert comparison.lead is None


def test_cells_that_break_a_constraint_stand_behind_and_lead_nothing() -> None:
    search = sweep_of(
        method="random",
        parameters={"model.activation": {"values": ["relu", "tanh", "elu"]}},
        run_cap=3,
        constraints=[f"{MSE} <= 0.015"],
    )
    comparison = compare(search, grid(THREE, {"tanh": 0.02}))
    assert order(comparison) == ["tanh", "relu", "elu"]
    assert [group.keeps for group in comparison.groups] == [False, True, True]
    assert [group.is_pareto for group in comparison.groups] == [False, False, True]
    assert comparison.lead.difference == pytest.approx(0.04)


def test_the_lead_counts_what_cannot_be_told_from_the_best() -> None:
    lead = compare(sweep_of(), grid(THREE)).lead
    assert lead.difference == pytest.approx(0.07)
    assert lead.tied == 0
    assert lead.low > 0
    blurred = compare(sweep_of(), grid({"relu": [0.5, 0.5001], "tanh": [0.8, 0.6], "elu": [0.6, 0.75]})).lead
    assert (blurred.tied, blurred.low < 0 < blurred.high) == (2, True)


@pytest.mark.parametrize("values", [{"relu": [0.6], "tanh": [0.7]}, {"relu": [0.6, 0.6], "tanh": [0.7, 0.7]}])
def test_without_noise_the_lead_has_no_interval(values: dict[str, list[float]]) -> None:
    lead = compare(sweep_of(), grid(values)).lead
    assert lead.difference == pytest.approx(0.1)
    assert (lead.low, lead.high, lead.tied) == (None, None, None)


# --- parameters --------------------------------------------------------------------------------------------------


def test_effects_are_those_of_every_headline() -> None:
    cells = [
        cell_of(scores(0.6 + 0.1 * norm + 0.001 * seed, **{CONTOURS: 0.9}), activation=name, batch_norm=norm, seed=seed)
        for name, norm, seed in itertools.product(("relu", "tanh"), (False, True), range(2))
    ]
    comparison = compare(sweep_of(), cells)
    assert comparison.metrics == (RADII, MSE, CONTOURS)
    radii = comparison.effects[0]
    (estimate,) = next(effect for effect in radii.effects if effect.name == "batch_norm").estimates
    assert (estimate.label, estimate.value) == ("true vs false", pytest.approx(0.1))
    assert [found.reason for found in comparison.effects[1:]] == ["all runs have the same value"] * 2


def test_another_metric_ranks_and_joins_those_compared() -> None:
    comparison = compare(sweep_of(), grid(THREE, {"relu": 0.02, "tanh": 0.03, "elu": 0.01}), MSE)
    assert order(comparison) == ["tanh", "relu", "elu"]
    assert comparison.metrics == (MSE, RADII)
    assert comparison.effects[0].metric == MSE


@pytest.mark.parametrize(
    ("metric", "goal"),
    [
        (RADII, "maximize"),
        ("mnd_test/contour_agreement", "maximize"),
        ("mnd/radius_agreement_adjusted", "maximize"),
        ("gain/mnd_test/radius_agreement", "maximize"),
        ("control/untrained/mnd_test/radius_agreement_gap", "minimize"),
        ("mnd/radius_agreement_gap", "minimize"),
        ("mnd/off_origin_distance", "minimize"),
        ("mnd/pursuit/ks", "minimize"),
        (MSE, "minimize"),
        ("reconstruction/ssim", "maximize"),
        ("training/held_out_loss", "minimize"),
        ("faces/visible_mnd", "maximize"),
        ("faces/kid_mnd", "minimize"),
        ("faces/coverage_mnd", "maximize"),
        ("faces/inception_fid_mnd", "minimize"),
    ],
)
def test_names_tell_which_way_is_better(metric: str, goal: str) -> None:
    assert goal_of(metric) == goal


@pytest.mark.parametrize(
    "metric",
    ["mnd/radius/spread", "mnd/elliptical/kurtosis", "mnd/pursuit/ks_gap", "seconds/train", "faces/density_mnd"],
)
def test_where_normal_lies_in_between_the_sweep_file_must_tell(metric: str) -> None:
    with pytest.raises(SweepError, match=r"write metric: \{name: .*, goal: minimize\}"):
        goal_of(metric)


def test_the_goal_of_the_sweep_file_is_believed() -> None:
    sweep = sweep_of(metric=[{"name": RADII}, {"name": "mnd/radius/spread", "goal": "minimize"}])
    cells = [
        cell_of(scores(0.6, **{"mnd/radius/spread": value}), activation=name)
        for name, value in (("relu", 2), ("elu", 1))
    ]
    assert order(compare(sweep, cells, "mnd/radius/spread")) == ["relu", "elu"]


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "typed"), [("s.yaml", "s.yaml"), ("my s.yaml", "'my s.yaml'")])
def test_nothing_finished_is_one_line(file: str, typed: str) -> None:
    with pytest.raises(SweepError, match=rf"^{file}: no run of s is finished; `cae run {typed}` trains them$"):
        compare(sweep_of().read_from(Path(file), ""), [cell_of(None)])


def test_a_metric_that_no_run_has_names_the_nearest() -> None:
    with pytest.raises(SweepError, match=r"^--metric: .* mnd/radius_agrement; did you mean mnd/radius_agreement\?$"):
        compare(sweep_of(), grid(THREE), "mnd/radius_agrement")
    with pytest.raises(SweepError, match=r"^s.yaml: metric: no finished run measures wrong"):
        compare(sweep_of(metric={"name": "wrong"}), grid(THREE))
