from __future__ import annotations

import math
import statistics

import optuna
import pytest

from sweeps.search.sampler import SeededByTrial


def errors(method: str, seed: int, count: int = 30, again_at: int | None = None) -> list[float]:
    """Distances from the best of a parabola, trial by trial; from `again_at` on by a sampler made anew."""
    study = optuna.create_study(direction="maximize", sampler=SeededByTrial(method, seed))
    found = []
    for number in range(count):
        if number == again_at:
            study.sampler = SeededByTrial(method, seed)
        trial = study.ask()
        found.append(abs(math.log10(trial.suggest_float("x", 1e-4, 1e-2, log=True)) + 3))
        study.tell(trial, -(found[-1] ** 2))
    return found


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_sampler_made_anew_goes_on_as_if_it_had_not_been(method: str) -> None:
    assert errors(method, 0, 15, again_at=12) == errors(method, 0, 15)
    assert len(set(errors(method, 0, 15))) == 15


def test_bayes_looks_where_it_is_good_and_random_everywhere() -> None:
    late = {
        method: statistics.mean(statistics.median(errors(method, seed)[10:]) for seed in range(6))
        for method in ("random", "bayes")
    }
    assert late["random"] == pytest.approx(0.5, abs=0.15)
    assert late["bayes"] < 0.6 * late["random"]
