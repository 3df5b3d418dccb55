from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.oneway import confint_effectsize_oneway
from statsmodels.stats.tests.test_anova import kidney_table

from sweeps.analysis.effects import Effect, Effects, Observation, effects, half_width


def runs_of(levels: Sequence[dict[str, str]], values: Sequence[float]) -> list[Observation]:
    return [Observation(level, float(value)) for level, value in zip(levels, values, strict=True)]


def told(runs: Sequence[Observation]) -> Effects:
    return effects({"m": runs})[0]


def named(found: Effects, name: str) -> Effect:
    return next(effect for effect in found.effects if effect.name == name)


def factorial(seeds: int, **levels: str) -> list[dict[str, str]]:
    names = [f"model.{name}" for name in levels]
    return [dict(zip(names, row, strict=True)) for row in itertools.product(*levels.values()) for _ in range(seeds)]


@pytest.fixture(autouse=True)
def _no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """statsmodels collects garbage, 0.1 s, each time that it corrects p-values: too long for thousands of them."""
    monkeypatch.setattr("gc.collect", lambda: 0)


# --- published and closed forms ----------------------------------------------------------------------------------


def kidney(dropped: list[int]) -> Effects:
    """Days in hospital by duration of treatment and weight gain, of statsmodels' tests, whose numbers are R's."""
    data = kidney_table.drop(dropped)
    levels = [{"d.duration": str(row.Duration), "d.weight": str(row.Weight)} for row in data.itertuples()]
    return told(runs_of(levels, np.log(data["Days"] + 1)))


@pytest.mark.parametrize(
    ("dropped", "df", "sums", "p_values"),
    [
        ([], 54, (2.339693, 16.97129, 0.6356584), (0.0415617, 3.944502e-06, 0.5567479)),
        ([0, 1, 2], 51, (2.904723, 13.45718, 0.1905093), (0.02457384, 3.999431e-05, 0.8391231)),
    ],
)
def test_r_agrees_on_a_balanced_and_an_unbalanced_design(
    dropped: list[int], df: int, sums: tuple[float, ...], p_values: tuple[float, ...]
) -> None:
    found = kidney(dropped)
    assert found.noise_df == df
    assert [effect.name for effect in found.effects] == ["duration", "weight", "duration × weight"]
    assert [effect.p_value for effect in found.effects] == pytest.approx(p_values, rel=1e-5)
    residual = found.noise**2 * df
    total = residual / found.noise_share
    assert [effect.share * total for effect in found.effects] == pytest.approx(sums, rel=1e-5)
    partial = [squares / (squares + residual) for squares in sums]
    assert [effect.partial_share for effect in found.effects] == pytest.approx(partial, rel=1e-5)


def test_the_shares_of_a_balanced_design_add_up() -> None:
    found = kidney([])
    assert sum(effect.share for effect in found.effects) + found.noise_share == pytest.approx(1)


def test_the_interval_of_two_groups_is_students() -> None:
    low, high = [1.0, 2.0, 4.0], [5.0, 5.5, 9.0]
    found = told(runs_of(factorial(3, a="xy"), low + high))
    (estimate,) = found.effects[0].estimates
    expected = stats.ttest_ind(high, low).confidence_interval(0.95)
    assert (estimate.label, estimate.value) == ("y vs x", pytest.approx(np.mean(high) - np.mean(low)))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected))
    assert found.effects[0].p_value == pytest.approx(stats.ttest_ind(high, low).pvalue)


def test_the_interval_of_a_level_among_three_is_that_of_its_deviation() -> None:
    values = np.array([1.0, 3, 2, 2, 7, 6])
    found = told(runs_of(factorial(2, a="xyz"), values))
    noise = math.sqrt((2 + 0 + 0.5) / 3)
    half = stats.t.isf(0.025, 3) * noise * math.sqrt((2 / 3) ** 2 / 2 + 2 * (1 / 3) ** 2 / 2)
    assert found.noise == pytest.approx(noise)
    z = found.effects[0].estimates[2]
    assert (z.value, z.low, z.high) == pytest.approx((3, 3 - half, 3 + half))


def test_the_interval_of_the_partial_share_is_steigers() -> None:
    rng = np.random.default_rng(1)
    groups = [rng.normal(mean, size=8) for mean in (0.0, 0.5, 1.5)]
    effect = told(runs_of(factorial(8, a="xyz"), np.concatenate(groups))).effects[0]
    f_value = stats.f_oneway(*groups).statistic
    assert (effect.partial_low, effect.partial_high) == pytest.approx(
        tuple(confint_effectsize_oneway(f_value, (2, 21)).eta2)
    )
    assert effect.partial_low < effect.partial_share < effect.partial_high


def test_beyond_the_reach_of_the_library_the_partial_share_is_bounded_by_one() -> None:
    effect = told(runs_of(factorial(2, a="xy"), [0, 1e-3, 100, 100 + 1e-3])).effects[0]
    assert 0.99 < effect.partial_low < effect.partial_share < effect.partial_high == 1


def test_holms_correction_counts_all_effects_on_all_metrics() -> None:
    rng = np.random.default_rng(2)
    levels = factorial(2, a="xy", b="xy")
    shift = np.array([level["model.a"] == "y" for level in levels])
    metrics = {name: runs_of(levels, rng.normal(size=8) + 3 * shift) for name in ("first", "second")}
    found = [effect for metric in effects(metrics) for effect in metric.effects]
    raw = np.array([effect.p_value for effect in found])
    assert len(raw) == 6
    order = np.argsort(raw)
    by_hand = np.minimum(np.maximum.accumulate(raw[order] * np.arange(6, 0, -1)), 1)
    assert np.array([effect.p_holm for effect in found])[order] == pytest.approx(by_hand)
    assert [effect.is_told for effect in found] == [effect.p_holm < 0.05 for effect in found]


# --- too little to tell ------------------------------------------------------------------------------------------


def test_without_replicates_there_are_estimates_and_no_intervals() -> None:
    found = told(runs_of(factorial(1, a="xy", b="xy"), [1, 2, 3, 5]))
    assert "give at least 2 seeds" in found.reason
    assert (found.noise, found.noise_df) == (None, 0)
    effect = named(found, "a")
    assert effect.estimates[0].value == pytest.approx(2.5)
    assert (effect.estimates[0].low, effect.p_value, effect.p_holm, effect.detectable) == (None,) * 4
    assert not effect.is_told
    assert sum(effect.share for effect in found.effects) == pytest.approx(1)


def test_one_cell_with_two_seeds_tells_the_noise_of_all() -> None:
    levels = [*factorial(1, a="xy", b="xy"), {"model.a": "x", "model.b": "x"}]
    found = told(runs_of(levels, [1, 2, 3, 5, 1.5]))
    assert (found.noise_df, found.noise) == (1, pytest.approx(math.sqrt(0.125)))
    assert named(found, "a").estimates[0].high > named(found, "a").estimates[0].value


@pytest.mark.parametrize(
    ("values", "reason"),
    [([3, 3, 4, 4], "they are no replicates"), ([0.1, 0.1, 0.1, 0.1], "all runs have the same value")],
)
def test_values_without_noise_have_no_intervals(values: list[float], reason: str) -> None:
    found = told(runs_of(factorial(2, a="xy"), values))
    assert reason in found.reason
    assert found.noise is None
    assert all(effect.p_value is None for effect in found.effects)


def test_a_metric_without_noise_does_not_count_as_tests() -> None:
    levels = factorial(2, a="xy")
    noisy = runs_of(levels, [1, 2, 3, 5])
    alone, beside = effects({"m": noisy})[0], effects({"m": noisy, "same": runs_of(levels, [1] * 4), "none": []})[0]
    assert alone == beside


def test_a_single_cell_has_no_effects() -> None:
    found = told(runs_of([{}, {}, {}], [1, 2, 4]))
    assert (found.effects, found.noise_df) == ((), 2)


# --- what the numbers promise ------------------------------------------------------------------------------------

# Bounds of a share of N simulations: 4 standard errors, so that a right method fails once in 10,000 seeds.
SIMULATIONS = 400


def around(share: float, count: int = SIMULATIONS) -> tuple[float, float]:
    half = 4 * math.sqrt(share * (1 - share) / count)
    return share - half, share + half


def incomplete() -> tuple[list[dict[str, str]], np.ndarray]:
    """Cells with 1 to 3 seeds, one combination missing, and what is true of them: effects that do not just add up."""
    cells = [cell for cell in factorial(1, a="xyz", b="xy", c="xy") if cell["model.a"] + cell["model.b"] != "zy"]
    levels = [cell for number, cell in enumerate(cells) for _ in range(1 + number % 3)]
    a, b, c = (np.array([level[f"model.{name}"] for level in levels]) for name in "abc")
    return levels, 1.0 * (a == "y") + 0.5 * (b == "y") * (c == "y") + 0.3 * (a == "x") * (c == "y")


def test_the_intervals_hold_what_is_true_in_95_of_100_incomplete_sweeps() -> None:
    levels, truth = incomplete()
    rng = np.random.default_rng(3)
    exact = [e for effect in told(runs_of(levels, truth)).effects for e in effect.estimates]
    assert any(estimate.value > 0.1 for estimate in exact)
    held = np.zeros(len(exact))
    for _ in range(SIMULATIONS):
        found = told(runs_of(levels, truth + rng.normal(scale=0.7, size=len(truth))))
        estimates = [e for effect in found.effects for e in effect.estimates]
        held += [e.low <= true.value <= e.high for e, true in zip(estimates, exact, strict=True)]
    low, high = around(0.95)
    assert np.all((low <= held / SIMULATIONS) & (held / SIMULATIONS <= high)), held / SIMULATIONS


def test_seeds_that_all_cells_share_widen_the_intervals_and_do_no_harm() -> None:
    levels = factorial(3, a="xy", b="xy")
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(SIMULATIONS):
        noise = rng.normal(size=12) + np.tile(rng.normal(scale=2, size=3), 4)
        (estimate,) = named(told(runs_of(levels, noise)), "a").estimates
        held += estimate.low <= 0 <= estimate.high
    assert held / SIMULATIONS >= around(0.95)[0]


def test_without_effects_hardly_anything_is_told() -> None:
    levels = factorial(2, a="xyz", b="xy")
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(SIMULATIONS):
        shared = rng.normal(size=len(levels))
        metrics = {name: runs_of(levels, shared + rng.normal(size=len(levels))) for name in "rst"}
        wrong += any(effect.is_told for metric in effects(metrics) for effect in metric.effects)
    assert wrong / SIMULATIONS <= around(0.05)[1]


def test_a_detectable_difference_is_detected_4_times_of_5() -> None:
    levels = factorial(3, a="xyz", b="xy")
    second = np.array([level["model.b"] == "y" for level in levels])
    rng = np.random.default_rng(6)
    first = told(runs_of(levels, rng.normal(size=len(levels))))
    size = named(first, "b").detectable / first.noise
    # Of the corrected level only the first step is sure: that of the smallest of all p-values.
    tests = len(first.effects)
    found = 0
    for _ in range(SIMULATIONS):
        effect = named(told(runs_of(levels, size * second + rng.normal(size=len(levels)))), "b")
        found += effect.p_value < 0.05 / tests
    low, high = around(0.8)
    assert low <= found / SIMULATIONS <= high


@pytest.mark.parametrize("seeds", [2, 8])
def test_more_seeds_detect_less(seeds: int) -> None:
    levels = factorial(seeds, a="xy")
    noise = np.resize([-1.0, 1.0], len(levels))
    found = told(runs_of(levels, noise))
    error = found.noise * math.sqrt(2 / seeds)
    # The noncentral t with this center is above the critical value 4 times of 5.
    center = found.effects[0].detectable / error
    df = 2 * seeds - 2
    assert stats.nct.sf(stats.t.isf(0.025, df), df, center) == pytest.approx(0.8, abs=1e-4)


def test_what_is_detectable_holds_for_the_pair_with_the_fewest_runs() -> None:
    levels = [{"model.a": name} for name, seeds in (("x", 8), ("y", 8), ("z", 2)) for _ in range(seeds)]
    found = told(runs_of(levels, np.resize([-1.0, 1.0], 18)))
    error = found.noise * math.sqrt(1 / 8 + 1 / 2)
    center = found.effects[0].detectable / error
    assert stats.nct.sf(stats.t.isf(0.025, 15), 15, center) == pytest.approx(0.8, abs=1e-4)


# --- the best cell -----------------------------------------------------------------------------------------------


def test_a_single_comparison_has_students_interval() -> None:
    assert half_width(2.0, 10, (3, 6), 1) == pytest.approx(stats.t.isf(0.025, 10) * 2 * math.sqrt(1 / 3 + 1 / 6))


def test_the_best_of_equal_cells_is_seldom_called_better() -> None:
    cells, seeds = 8, 3
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(2000):
        values = rng.normal(size=(cells, seeds))
        noise = math.sqrt(values.var(axis=1, ddof=1).mean())
        next_best, best = np.sort(values.mean(axis=1))[-2:]
        wrong += best - next_best > half_width(noise, cells * (seeds - 1), (seeds, seeds), cells - 1)
    assert wrong / 2000 <= 0.05
