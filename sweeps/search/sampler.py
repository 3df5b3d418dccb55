"""Optuna's samplers, made to give the same cells whether or not a search was cut off."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweeps.errors import SweepError
from sweeps.spec.search_settings import Sampler

Axes = Mapping[str, BaseDistribution]
# Packages that Optuna imports for these samplers and does not bring.
NEEDED = {"cmaes": "cmaes", "gp": "torch"}


def check_installed(settings: Sampler, file: Path) -> None:
    """Raises SweepError where the sampler needs a package that is not installed."""
    package = NEEDED.get(settings.name)
    if package is not None and find_spec(package) is None:
        raise SweepError(f"{file}: sampler: {settings.name} needs the package {package}; pip install {package}")


class SeededByTrial(BaseSampler):
    """A sampler seeded anew for each trial, by `seed` and the trial's number.

    A sampler seeded once would, in every process that goes on with a search, draw its first numbers again.
    axes: those that every trial has; the others, which are conditional, are drawn one by one.
    """

    def __init__(self, settings: Sampler, seed: int, axes: Axes) -> None:
        self._settings, self._seed = settings, seed
        self._axes = {name: axis for name, axis in axes.items() if not axis.single()}

    def _sampler(self, trial: FrozenTrial, param_name: str = "") -> BaseSampler:
        # By the parameter as well: a trial that was cut off between two of them draws the second as it would have been.
        entropy = [self._seed, trial.number, zlib.crc32(param_name.encode())]
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            if self._settings.name == "qmc" and not param_name:
                return QMCByTrial(self._axes, trial.number, self._seed, **self._settings.options)
            return _made(self._settings, seed, self._axes)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        sampler = self._sampler(trial)
        sampler.infer_relative_search_space(study, trial)  # of TPE's groups one has to know of the other
        return sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._sampler(trial, param_name).sample_independent(study, trial, param_name, param_distribution)


def _made(settings: Sampler, seed: int, axes: Axes) -> BaseSampler:
    options = settings.options
    if "startup" in options:
        options["n_startup_trials"] = options.pop("startup")
    # That conditional axes are drawn one by one needs no warning at each.
    match settings.name:
        case "tpe":
            if options.get("group"):
                options["multivariate"] = True
            return TPESampler(seed=seed, **options)
        case "gp":
            return GPSampler(seed=seed, warn_independent_sampling=False, **options)
        case "cmaes":
            return CmaEsOnAxes(axes, seed=seed, warn_independent_sampling=False, **options)
        case "nsgaii":
            return NSGAIISampler(seed=seed, **options)
        case _:
            return RandomSampler(seed)


class CmaEsOnAxes(CmaEsSampler):
    """CMA-ES on these axes. Optuna takes those that all trials had so far, and fails where they become fewer."""

    def __init__(self, axes: Axes, **options: Any) -> None:
        super().__init__(**options)
        self._axes = axes

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return dict(self._axes)


class QMCByTrial(QMCSampler):
    """The point of a quasi-random sequence that belongs to a trial by its number.

    Optuna counts in the study how many it has drawn, and a trial that is taken over would draw another.
    """

    def __init__(self, axes: Axes, number: int, seed: int, scramble: bool = True, **options: Any) -> None:
        super().__init__(seed=seed, scramble=scramble, warn_independent_sampling=False, **options)
        self._axes, self._number = axes, number

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return dict(self._axes)

    def _find_sample_id(self, study: Study, search_space: dict[str, BaseDistribution]) -> int:
        return self._number
