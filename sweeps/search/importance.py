"""Which axes of a search decided what was good, by Optuna's importance.

The trials of a search are no design: hardly two share a value, and means over them would say where it looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from warnings import catch_warnings, simplefilter

import optuna
from optuna.importance import get_param_importances
from optuna.trial import FrozenTrial

from cae.config import RunConfig, flatten
from sweeps.search.distributions import distributions, drawn
from sweeps.spec.axes import Axis, Category
from sweeps.spec.goals import Goal
from sweeps.spec.space import Params, Space, space
from sweeps.spec.sweep import Sweep

optuna.logging.set_verbosity(optuna.logging.WARNING)


def importance(
    sweep: Sweep, means: Mapping[str, tuple[Goal, Sequence[tuple[RunConfig, float]]]]
) -> dict[str, dict[str, float]]:
    """Each axis' share in reaching the best tenth of each metric, most important first; they sum to 1.

    PED-ANOVA (Watanabe, Bansal and Hutter 2023), Optuna's default. means: by metric, its goal and each trial's mean.
    A metric in which no two trials differ is left out.
    """
    searched = space(sweep)
    return {
        name: _of(searched, goal, rows) for name, (goal, rows) in means.items() if len({value for _, value in rows}) > 1
    }


def _of(searched: Space, goal: Goal, rows: Sequence[tuple[RunConfig, float]]) -> dict[str, float]:
    study = optuna.create_study(direction=goal)
    study.add_trials([_trial(searched, params_of(searched, config), value) for config, value in rows])
    with catch_warnings():  # of few trials in which a conditional axis was there: what cannot be told says so already
        simplefilter("ignore", UserWarning)
        return get_param_importances(study)


def _trial(searched: Space, params: Params, value: float) -> FrozenTrial:
    known = distributions(searched, params)
    return optuna.trial.create_trial(value=value, params=drawn(searched, params), distributions=known)


def params_of(searched: Space, config: RunConfig) -> Params:
    """What Optuna chose for a run of this space."""
    flat = flatten(config)

    def choice(axis: Axis) -> Any:
        if isinstance(axis, Category):
            return next(text for text in axis.rows if axis.values(text).items() <= flat.items())
        return flat[axis.name]

    return searched.chosen(choice)[0]
