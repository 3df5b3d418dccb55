"""Optuna's random and TPE samplers, made to give the same cells whether or not a search was cut off."""

from __future__ import annotations

import zlib
from typing import Any, Literal

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial


class SeededByTrial(BaseSampler):
    """A sampler seeded anew for each trial, by `seed` and the trial's number.

    A sampler seeded once would, in every process that goes on with a search, draw its first numbers again.
    """

    def __init__(self, method: Literal["random", "bayes"], seed: int) -> None:
        self._method, self._seed = method, seed

    def _sampler(self, trial: FrozenTrial, param_name: str = "") -> BaseSampler:
        # By the parameter as well: a trial that was cut off between two of them draws the second as it would have been.
        entropy = [self._seed, trial.number, zlib.crc32(param_name.encode())]
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        return RandomSampler(seed) if self._method == "random" else TPESampler(seed=seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._sampler(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._sampler(trial, param_name).sample_independent(study, trial, param_name, param_distribution)
