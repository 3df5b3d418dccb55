"""The axes of a search space as Optuna knows them, and choices in its words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna import Trial
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from sweeps.spec.axes import TAIL, Axis, Category, Normal
from sweeps.spec.space import Params, Space


def distribution(axis: Axis) -> BaseDistribution:
    """What Optuna draws a value of this axis from."""
    if isinstance(axis, Category):
        return CategoricalDistribution(tuple(axis.rows)) if axis.shares is None else FloatDistribution(0, 1)
    if isinstance(axis, Normal):
        return FloatDistribution(TAIL, 1 - TAIL)
    if axis.log and axis.step is not None:
        return FloatDistribution(axis.low, axis.high, log=True)
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log, step=int(axis.step or 1))
    return FloatDistribution(axis.low, axis.high, log=axis.log, step=axis.step)


def distributions(space: Space, params: Mapping[str, Any] | None = None) -> dict[str, BaseDistribution]:
    """Name of each axis to its distribution; with `params` of the axes in it alone."""
    return {axis.name: distribution(axis) for axis in space.axes if params is None or axis.name in params}


def suggest(trial: Trial, axis: Axis) -> Any:
    """What Optuna chooses on this axis for a trial."""
    found = distribution(axis)
    if isinstance(found, CategoricalDistribution):
        return axis.chosen(trial.suggest_categorical(axis.name, list(found.choices)))
    if isinstance(found, IntDistribution):
        return axis.chosen(trial.suggest_int(axis.name, found.low, found.high, step=found.step, log=found.log))
    assert isinstance(found, FloatDistribution)
    return axis.chosen(trial.suggest_float(axis.name, found.low, found.high, step=found.step, log=found.log))


def drawn(space: Space, params: Params) -> dict[str, Any]:
    """A choice, or a part of one, in Optuna's words."""
    return {axis.name: axis.drawn(params[axis.name]) for axis in space.axes if axis.name in params}


def chosen(space: Space, trial: FrozenTrial) -> Params:
    """What was chosen for a trial, or, while it is queued, is to be."""
    # Queued trials lock their parameters as fixed ones, not yet suggested.
    found = trial.params or trial.system_attrs.get("fixed_params", {})
    return {axis.name: axis.chosen(found[axis.name]) for axis in space.axes if axis.name in found}
