"""The axes of a search space as Optuna knows them."""

from __future__ import annotations

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.spec.space import Axis, Category, Space


def distribution(axis: Axis) -> BaseDistribution:
    """What Optuna draws a value of this axis from."""
    if isinstance(axis, Category):
        return CategoricalDistribution(tuple(axis.rows))
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Name of each axis to its distribution."""
    return {axis.name: distribution(axis) for axis in space.axes}
