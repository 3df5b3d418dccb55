from __future__ import annotations

import io
import itertools
import random
from typing import Any

import pytest
from rich.console import Console

from sweeps.analysis.comparison import Comparison, compare
from sweeps.terminal.comparison import show_comparison
from tests.sweeps.analysis.test_comparison import CONTOURS, MSE, RADII, grid, scores, sweep_of
from tests.sweeps.fakes import cell_of

RANDOM = random.Random(0)
MANY = [
    cell_of(
        {
            **scores(
                0.6 + 0.1 * (a == "leaky_relu") - d / 10_000 + RANDOM.gauss(0, 0.004), 0.01 + RANDOM.gauss(0, 0.0002)
            ),
            f"{CONTOURS}": 0.9 + RANDOM.gauss(0, 0.002),
            f"{CONTOURS}_null": 0.95,
            f"{CONTOURS}_gap": 0.05,
            "mnd/marginal_gaussianity": 0.97 + RANDOM.gauss(0, 0.001),
            "mnd/off_origin_distance": 0.6 + RANDOM.gauss(0, 0.05),
        },
        activation=a,
        batch_norm=n,
        latent_dim=d,
        maps=m,
        seed=s,
    )
    for a, n, d, m, s in itertools.product(
        ("relu", "leaky_relu", "tanh"), (False, True), (64, 256), ([64, 64, 128, 128], [32, 64, 128, 256]), range(2)
    )
]


def printed(comparison: Comparison, width: int, **options: Any) -> str:
    stream = io.StringIO()
    show_comparison(Console(file=stream, width=width, highlight=False, **options), comparison)
    return stream.getvalue()


@pytest.fixture(scope="module")
def many() -> Comparison:
    return compare(sweep_of(), MANY)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_line_fits(many: Comparison, width: int) -> None:
    assert max(map(len, printed(many, width).splitlines())) <= width


def test_the_order_is_answer_cells_effects_and_what_cannot_be_told(many: Comparison) -> None:
    text = printed(compare(sweep_of(), [*MANY, cell_of(None)]), 160)
    parts = ("Best by", "rank", "Effects on", "Share of the variance", "Smallest difference", "What cannot be told")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_narrow_terminal_keeps_the_ranking_and_says_what_is_missing(many: Comparison) -> None:
    narrow, wide = printed(many, 80), printed(many, 160)
    rows = [text.split("\n\n")[1] for text in (narrow, wide)]
    for head in ("radii", "marginals", "contours", "origin"):
        assert all(head in row for row in rows)
    assert all(" 0.6" in row for row in rows)
    table, lack = rows[0].split("No room in 80 columns for ")
    assert "gap" in lack
    assert "gap" not in table
    assert "so does cae compare --csv PATH" in " ".join(lack.split())
    # No value of a cell is cut off or broken.
    assert "64-64-128-128" in narrow


def test_cells_stand_from_best_to_worst_and_the_best_is_called_so(many: Comparison) -> None:
    rows = printed(many, 160).split("\n\n")[1].splitlines()[1:]
    ranks = [row.split()[0].rstrip("*") for row in rows if row[:5].strip(" *").isdigit() or row.startswith("best")]
    assert ranks == ["best", *(str(rank) for rank in range(2, len(many.groups) + 1))]


def test_of_several_metrics_none_is_called_the_best() -> None:
    sweep = sweep_of(metric=[{"name": RADII}, {"name": CONTOURS}])
    text = printed(compare(sweep, MANY), 160)
    assert not any(line.startswith("best") for line in text.splitlines())


def test_effects_have_their_interval_before_their_p_value(many: Comparison) -> None:
    lines = printed(many, 160).splitlines()
    head = next(line for line in lines if line.startswith("effect") and "estimate" in line)
    assert head.index("estimate") < head.index("95 % interval") < head.index("share") < head.index("p (Holm)")
    (line,) = [line for line in lines if line.startswith("latent_dim: 256 vs 64")]
    assert " to " in line
    assert line.rstrip().endswith("*")


def test_three_levels_have_a_line_each_and_an_interaction_only_where_it_is_told(many: Comparison) -> None:
    text = printed(many, 160)
    assert "\n  leaky_relu  " in text
    assert "leaky_relu with" not in text
    crossed = [
        cell_of(scores(0.6 + 0.1 * (a == "elu" and n) + 0.001 * s), activation=a, batch_norm=n, seed=s)
        for a, n, s in itertools.product(("relu", "elu", "tanh"), (False, True), range(2))
    ]
    assert "\n  elu with true  " in printed(compare(sweep_of(), crossed), 160)


def test_one_seed_shows_no_intervals() -> None:
    text = printed(compare(sweep_of(), grid({"relu": [0.6], "elu": [0.7]})), 160)
    assert "activation: elu vs relu" in text
    for words in ("95 %", "p (Holm)", "noise between seeds  ", "Smallest difference", "±"):
        assert words not in text


def test_text_from_files_is_not_taken_for_markup() -> None:
    sweep = sweep_of(metric={"name": "a/[red]b"})
    folders = [cell_of({"a/[red]b": v, MSE: v}, digest=f"[{v:g}]", name="folder", path=f"{v}") for v in (1.0, 2.0)]
    text = printed(compare(sweep, folders), 160)
    head = next(line for line in text.splitlines() if line.lstrip().startswith("rank"))
    assert "[red]b" in head
    assert any(line.split()[1:2] == ["[1]"] for line in text.splitlines())


def test_nothing_but_text_goes_into_a_file(many: Comparison) -> None:
    assert "\x1b" not in printed(many, 160)


def test_a_search_shows_importance_in_place_of_effects() -> None:
    sweep = sweep_of(
        method="random",
        run_cap=6,
        parameters={
            "model.activation": {"values": ["relu", "elu", "tanh"]},
            "model.latent_dim": {"min": 8, "max": 64},
        },
        constraints=[f"{MSE} <= 0.015"],
    )
    cells = [
        cell_of(scores(0.5 + d / 100, 0.01 + d / 5000), activation=a, latent_dim=d)
        for a, d in (("relu", 8), ("elu", 20), ("tanh", 30), ("relu", 40), ("elu", 50), ("tanh", 64))
    ]
    text = printed(compare(sweep, cells), 160)
    assert "Importance for reaching the best tenth" in text
    assert "Effects on" not in text
    assert "latent_dim=20 with" in text
    best = next(line for line in text.splitlines() if line.startswith("best*"))
    assert " yes " in best
    assert RADII in text
