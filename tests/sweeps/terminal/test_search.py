from __future__ import annotations

import io

import pytest
from rich.console import Console

from sweeps.planning.plan import SweepRun
from sweeps.spec.sweep import Sweep
from sweeps.terminal.search import show_trials
from tests.sweeps.analysis.test_comparison import CONTOURS, MSE, RADII, scores, sweep_of
from tests.sweeps.fakes import cell_of

OTHERS = {CONTOURS: 0.8, "mnd/marginal_gaussianity": 0.9, "mnd/off_origin_distance": 0.5}


def trial(radii: float | None, mse: float = 0.01, **fields: object) -> SweepRun:
    return cell_of(None if radii is None else scores(radii, mse) | OTHERS, **fields)


# In the order in which they were tried: good, best but for the constraint, best, not begun.
TRIALS = [
    trial(0.5, activation="relu", latent_dim=8),
    trial(0.9, 0.02, activation="elu", latent_dim=20),
    trial(0.7, activation="tanh", latent_dim=30),
    trial(None, activation="relu", latent_dim=40),
]


def search(**changes: object) -> Sweep:
    axes = {"model.activation": {"values": ["relu", "elu", "tanh"]}, "model.latent_dim": {"min": 8, "max": 64}}
    return sweep_of(method="random", run_cap=9, parameters=axes, **changes)


def printed(sweep: Sweep, width: int) -> list[str]:
    stream = io.StringIO()
    show_trials(Console(file=stream, width=width, highlight=False), sweep, TRIALS)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 160])
def test_trials_stand_from_best_to_worst_with_the_numbers_in_which_they_were_tried(width: int) -> None:
    lines = printed(search(constraints=[f"{MSE} <= 0.015"]), width)
    rows = [line.split() for line in lines if " relu " in line or " elu " in line or " tanh " in line]
    assert rows[0][:2] == ["best", "3"]
    assert [row[:2] for row in rows[1:]] == [["1", rows[1][1]], ["broken", "2"], ["4", rows[3][1]]]
    for head in ("radii", "marginals", "contours", "origin"):
        assert any(head in line for line in lines[:2])
    assert max(map(len, lines)) <= width


def test_of_several_objectives_all_that_none_beats_are_marked() -> None:
    sweep = search(metric=[{"name": RADII, "goal": "maximize"}, {"name": MSE, "goal": "minimize"}])
    marked = [line.split()[1] for line in printed(sweep, 160) if line.startswith("best")]
    assert marked == ["2", "3"]
