"""Measures of one's own beside the built-in ones."""

from __future__ import annotations

import numpy as np
import pytest

from metrics import Measure, score
from metrics.catalog import METRICS

POINTS = np.random.default_rng(0).standard_normal((300, 3))


def farthest(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())


def test_a_measure_stands_beside_its_null(shared_cache: object) -> None:
    plain, scores = score(POINTS), score(POINTS, extra=[Measure("farthest", farthest)])
    values = scores.values
    assert values["farthest"] == farthest(POINTS)
    assert values["farthest_gap"] == values["farthest_null"] - values["farthest"]
    assert abs(values["farthest_gap_sds"]) < 4
    built_in = {name: value for name, value in values.items() if not name.startswith("farthest")}
    assert built_in == plain.values


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda points: 1 / 0, "division by zero"),
        (lambda points: points.missing, "'numpy.ndarray' object has no attribute 'missing'"),
        (lambda points: float("nan"), "it gives nan"),
        (lambda points: points, "only 0-dimensional arrays can be converted to Python scalars"),
    ],
)
def test_one_that_fails_is_left_out_with_its_reason(function: object, reason: str) -> None:
    scores = score(POINTS, extra=[Measure("odd", function)], calibrate=False)  # type: ignore[arg-type]
    assert "odd" not in scores.values
    assert reason in scores.omitted["odd"]
    assert "marginal_gaussianity" in scores.values


@pytest.mark.parametrize(
    "name",
    [
        "marginal_gaussianity",
        "contour/2.0",
        "core/radius_agreement_50",
        "correlation/above_0.3",
        "radius/correlation_contrast",
        "radius_agreement_gap",
        "with space",
        "../escaped",
        "a//b",
        "a/.",
        "a/",
        "",
    ],
)
def test_names_that_are_taken_or_none_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="measure"):
        score(POINTS, extra=[Measure(name, farthest)], calibrate=False)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="there is one of this name"):
        score(POINTS, extra=[Measure("a", farthest), Measure("a", farthest)], calibrate=False)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_goal_is_what_range_and_direction_say(metric: object) -> None:
    agrees = metric.range == "0 to 1" and metric.direction == "1 = normal"  # type: ignore[attr-defined]
    distance = metric.range.startswith("0") and metric.direction.startswith("0 = ")  # type: ignore[attr-defined]
    assert metric.goal == ("maximize" if agrees else "minimize" if distance else None)  # type: ignore[attr-defined]
