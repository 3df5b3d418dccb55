from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from sweeps.errors import SweepError
from sweeps.search import sampler as samplers
from sweeps.search.sampler import SeededByTrial, check_installed
from sweeps.spec.search_settings import SAMPLERS, Sampler, sampler_of

AXES: dict[str, BaseDistribution] = {
    "x": FloatDistribution(1e-4, 1e-2, log=True),
    "k": IntDistribution(1, 9),
    "one": IntDistribution(3, 3),
}


def tried(settings: Sampler, seed: int, count: int = 24, again_at: int | None = None) -> list[tuple[float, ...]]:
    """Choices of a search whose third axis depends on the second; from `again_at` on by a sampler made anew."""
    study = optuna.create_study(direction="maximize")
    found = []
    for number in range(count):
        if number in (0, again_at):
            study.sampler = SeededByTrial(settings, seed, AXES)
        trial = study.ask()
        x, k = trial.suggest_float("x", 1e-4, 1e-2, log=True), trial.suggest_int("k", 1, 9)
        trial.suggest_int("one", 3, 3)
        z = trial.suggest_float("z", 0, 1) if k > 4 else 0.0
        study.tell(trial, -((math.log10(x) + 3) ** 2) - z)
        found.append((x, k, z))
    return found


def errors(method: str, seed: int, count: int = 30) -> list[float]:
    """Distances from the best of a parabola, trial by trial."""
    study = optuna.create_study(direction="maximize", sampler=SeededByTrial(sampler_of(method, None), seed, {}))
    found = []
    for _ in range(count):
        trial = study.ask()
        found.append(abs(math.log10(trial.suggest_float("x", 1e-4, 1e-2, log=True)) + 3))
        study.tell(trial, -(found[-1] ** 2))
    return found


EVERY: list[dict[str, Any]] = [
    {"name": "random"},
    {"name": "qmc"},
    {"name": "qmc", "qmc_type": "halton"},
    {"name": "tpe"},
    {"name": "tpe", "startup": 4, "group": True, "n_ei_candidates": 8},
    {"name": "tpe", "startup": 4, "multivariate": False, "constant_liar": False},
    {"name": "nsgaii", "population_size": 6, "mutation_prob": 0.3},
    {"name": "cmaes", "startup": 3, "popsize": 4},
    {"name": "cmaes", "with_margin": True},
    {"name": "gp", "startup": 20},
]


@pytest.mark.parametrize("options", EVERY, ids=lambda options: "-".join(map(str, options.values())))
def test_a_sampler_made_anew_goes_on_as_if_it_had_not_been(options: dict[str, Any]) -> None:
    settings = Sampler.model_validate(options)
    if package := samplers.NEEDED.get(settings.name):
        pytest.importorskip(package)
    once = tried(settings, 0)
    assert tried(settings, 0, again_at=13) == once
    assert len({x for x, _, _ in once}) > 6  # the children of NSGA-II resemble their parents
    assert {x for x, _, _ in tried(settings, 1)}.isdisjoint(x for x, _, _ in once)


def test_every_sampler_is_tried() -> None:
    assert {options["name"] for options in EVERY} == set(SAMPLERS)


@pytest.mark.parametrize(("method", "name"), [("bayes", "tpe"), ("random", "random")])
def test_the_sampler_of_a_method_is_the_one_without_settings(method: str, name: Any) -> None:
    assert tried(Sampler(name=name), 5) == tried(sampler_of(method, None), 5)


def test_quasi_random_points_fill_the_space_more_evenly() -> None:
    """Of 16 points of Sobol's sequence each quarter of an axis has four."""
    quarters = [int(2 * (math.log10(x) + 4)) for x, _, _ in tried(Sampler(name="qmc"), 0, 16)]
    assert [quarters.count(quarter) for quarter in range(4)] == [4] * 4


@pytest.mark.parametrize(("name", "package"), samplers.NEEDED.items())
def test_a_missing_package_is_one_line(name: Any, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samplers, "find_spec", lambda name: None)
    with pytest.raises(SweepError) as caught:
        check_installed(Sampler(name=name), Path("s.yaml"))
    assert str(caught.value) == f"s.yaml: sampler: {name} needs the package {package}; pip install {package}"
    check_installed(Sampler(name="tpe"), Path("s.yaml"))


def test_bayes_looks_where_it_is_good_and_random_everywhere() -> None:
    late = {
        method: statistics.mean(statistics.median(errors(method, seed)[10:]) for seed in range(6))
        for method in ("random", "bayes")
    }
    assert late["random"] == pytest.approx(0.5, abs=0.15)
    assert late["bayes"] < 0.6 * late["random"]
