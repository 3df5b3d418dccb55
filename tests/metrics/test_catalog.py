"""The table of metrics and the numbers are one to one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from metrics import METRICS, Scores, score
from metrics.catalog import HEADLINES
from metrics.registry import Metric
from tests.metrics.controls import normal

PLACEHOLDERS = {"NAME": r"[a-z]+", "K": r"\d+\.\d+", "P": r"\d{2,3}", "R": r"0\.\d"}
SUFFIXES = ("null", "null_sd", "gap", "gap_sds", "adjusted", "low", "high")
LEVELS = (1, 2.25)
# 12 components for blocks of 10, 500 points for intervals.
POINTS = normal(500, 12, np.random.default_rng(0))


@pytest.fixture(scope="module")
def scores(shared_cache: Path) -> Scores:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAE_CACHE", str(shared_cache))
        return score(POINTS, contour_pairs=3, levels=LEVELS, covariates={"contrast": np.arange(500)})


def pattern(metric: Metric) -> re.Pattern[str]:
    """What the name stands for: a placeholder is a word of capitals at its end."""
    stem, placeholder = re.fullmatch(r"([^A-Z]*)([A-Z]*)", metric.name).groups()  # type: ignore[union-attr]
    return re.compile(re.escape(stem) + PLACEHOLDERS.get(placeholder, ""))


def metrics_of(name: str) -> list[Metric]:
    return [metric for metric in METRICS if pattern(metric).fullmatch(name)]


def test_every_metric_has_one_name_and_all_its_texts() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        for text in (metric.name, metric.range, metric.direction, metric.sees, metric.cannot_see):
            assert text.strip() == text != ""
            # Cells of a Markdown table.
            assert "|" not in text
            assert "\n" not in text


def test_only_placeholders_are_in_capitals() -> None:
    assert {"".join(re.findall("[A-Z]", metric.name)) for metric in METRICS} == {"", *PLACEHOLDERS}


def test_every_row_is_in_the_table_once(scores: Scores) -> None:
    assert {row.name: len(metrics_of(row.name)) for row in scores.rows} == {row.name: 1 for row in scores.rows}
    assert len({row.name for row in scores.rows}) == len(scores.rows)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_of_the_table_is_measured(metric: Metric, scores: Scores) -> None:
    expected = {"K": len(LEVELS), "P": 8, "R": 6}.get(metric.name.split("_")[-1].split("/")[-1], 1)
    assert sum(pattern(metric).fullmatch(row.name) is not None for row in scores.rows) == expected
    assert not scores.omitted


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_what_is_calibrated_has_a_null_and_nothing_else_has(metric: Metric, scores: Scores) -> None:
    rows = [row for row in scores.rows if pattern(metric).fullmatch(row.name)]
    for row in rows:
        assert ({"null", "null_sd", "gap"} <= set(row.beside)) == metric.calibrated
        assert metric.calibrated or not row.beside


def test_headlines_come_first_and_alone_have_intervals(scores: Scores) -> None:
    assert tuple(row.name for row in scores.rows[:4]) == HEADLINES == tuple(metric.name for metric in METRICS[:4])
    assert [row.name for row in scores.rows if "low" in row.beside or "high" in row.beside] == list(HEADLINES)
    assert [row.name for row in scores.rows if "adjusted" in row.beside] == list(HEADLINES[:3])


def test_every_key_is_a_name_with_or_without_a_suffix(scores: Scores) -> None:
    names = [row.name for row in scores.rows]
    keys = names + [f"{row.name}_{part}" for row in scores.rows for part in row.beside]
    assert sorted(scores.values) == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {part for row in scores.rows for part in row.beside} == set(SUFFIXES)
    # No name of a metric reads as another one with a suffix.
    assert not [name for name in names if name.endswith(tuple(f"_{suffix}" for suffix in SUFFIXES))]


def test_keys_are_those_that_mlflow_takes_and_values_plain_finite_numbers(scores: Scores) -> None:
    for key, value in scores.values.items():
        assert re.fullmatch(r"[A-Za-z0-9_./ -]{1,250}", key), key
        # MLflow refuses names that are no normalised paths.
        assert "//" not in key
        assert not key.startswith("/")
        assert type(value) is float, key
        assert np.isfinite(value), key


def test_values_lie_in_the_range_of_the_table(scores: Scores) -> None:
    for row in scores.rows:
        (metric,) = metrics_of(row.name)
        lowest, highest = bounds(metric.range)
        assert lowest <= row.value <= highest, row


def bounds(text: str) -> tuple[float, float]:
    if text == "any":
        return -np.inf, np.inf
    low, _, high = text.removeprefix("about ").partition(" ")
    # The energy distance's estimate is "about 0 to 1" and falls below 0 by a little.
    least = float(low) - 0.01 * text.startswith("about ")
    if high.startswith("and up"):
        return least, np.inf
    top = high.removeprefix("to ")
    return least, {"d": 12.0, "d (d - 1) / 2": 66.0}[top] if "d" in top else float(top)


def test_without_nulls_the_same_metrics_have_their_values_alone(scores: Scores) -> None:
    bare = score(POINTS, contour_pairs=3, levels=LEVELS, covariates={"contrast": np.arange(500)}, calibrate=False)
    assert bare.values == {row.name: row.value for row in scores.rows}


@pytest.mark.parametrize(("d", "sizes"), [(1, ()), (2, (2,)), (4, (2,)), (5, (2, 5)), (9, (2, 5)), (10, (2, 5, 10))])
def test_blocks_are_of_at_most_all_components(d: int, sizes: tuple[int, ...]) -> None:
    scores = score(normal(50, d, np.random.default_rng(0)), contour_pairs=1, levels=(2,), calibrate=False)
    for size in (2, 5, 10):
        for name in (f"multivariate/henze_zirkler_{size}", f"multivariate/henze_zirkler_{size}_rejected"):
            assert (name in scores.values) == (size in sizes)
            if size not in sizes:
                assert scores.omitted[name] == f"{d} components have no block of {size}; use at least {size}"
    # A share of the blocks: of 1 of 2 components, of 10 of 5, of 20 of more.
    blocks = min(20, d * (d - 1) // 2)
    share = scores.values.get("multivariate/henze_zirkler_2_rejected", 0.0)
    assert share * blocks == pytest.approx(round(share * blocks))
