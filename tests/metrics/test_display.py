"""Scores as a notebook and a terminal show them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from metrics import Scores, display, score
from metrics.scores import Row


@pytest.mark.parametrize(
    ("number", "beside", "words"),
    [
        (0.123456, {}, "0.1235"),
        (12345.6, {}, "1.235e+04"),
        (0.98765, {"null": 0.99, "null_sd": 0.0012}, "0.9877"),
        (140.3, {"null": 120, "null_sd": 35}, "140"),
        (0.5, {"null": 0.5, "null_sd": 0.0}, "0.5"),
    ],
)
def test_values_have_the_digits_that_chance_leaves(number: float, beside: dict[str, float], words: str) -> None:
    assert display.value(Row("x", number, beside)) == words


def test_what_is_not_known_is_empty() -> None:
    row = Row("x", 1.0)
    assert [words(row) for words in (display.interval, display.null, display.gap, display.adjusted)] == [""] * 4


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score(np.random.default_rng(0).standard_normal((500, 3)))


def test_a_notebook_shows_headlines_and_folds_the_rest(scores: Scores) -> None:
    shown = scores._repr_html_()
    first, folded = shown.split("<details>")
    assert re.findall(r"<th style[^>]*>([\w/]+)</th>", first) == [row.name for row in scores.rows[:4]]
    assert f"<summary>{len(scores.rows) - 4} other metrics</summary>" in folded
    assert all(f">{row.name}</th>" in folded for row in scores.rows[4:])


def test_what_could_not_be_computed_is_told_with_its_reason() -> None:
    flat = np.column_stack([np.random.default_rng(0).standard_normal((200, 2)), np.zeros(200)])
    scores = score(flat, calibrate=False)
    assert scores.omitted
    for name, reason in scores.omitted.items():
        assert name in scores._repr_html_()
        assert reason.split("<")[0][:40] in scores._repr_html_()


def test_a_terminal_shows_one_line(scores: Scores) -> None:
    assert re.fullmatch(r"<Scores: marginal_gaussianity 0\.\d+ \(0\.\d+ ± 0\.\d+\), .*; \d+ metrics>", repr(scores))


def test_names_are_escaped() -> None:
    assert "<b>" not in display.html([Row("<b>", 1.0)], ["<b>"], {"<b>": "<b>"}).replace("&lt;b&gt;", "")
