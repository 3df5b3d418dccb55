"""Parameters of a sweep file checked against the fields that they vary, for a grid and for a search."""

from __future__ import annotations

import math
from typing import Any

from sweeps.spec.condition import conditions
from sweeps.spec.fields import check_value, end_value, numbers_of
from sweeps.spec.numbers import spread, stepped
from sweeps.spec.parameter import Parameter


def checked(name: str, parameter: Parameter, method: str | None) -> Parameter:
    """The parameter with its values as the field takes them; of a grid a range as the values that it stands for.

    method: of the sweep; None where that is not known. Raises ValueError.
    """
    try:
        conditions(parameter.when)
        if method == "grid":
            _check_grid(parameter)
            return _listed(name, parameter)
        return _searched(name, parameter)
    except ValueError as error:
        told = str(error)
        raise ValueError(told if told.startswith(name) else f"{name}: {told}") from None


def _with_values(name: str, parameter: Parameter) -> Parameter:
    if parameter.values is not None:
        return parameter.model_copy(update={"values": [check_value(name, value) for value in parameter.values]})
    return parameter.model_copy(update={"value": check_value(name, parameter.value)})


# --- grids ------------------------------------------------------------------------------------------------------------


def _check_grid(parameter: Parameter) -> None:
    if parameter.probabilities is not None:
        raise ValueError("probabilities need method random or bayes; a grid has each of its values")
    if parameter.is_normal:
        raise ValueError("mu and sigma need method random or bayes; a grid takes values, or min and max with count")
    if parameter.distribution is not None:
        raise ValueError("distribution needs method random or bayes; a grid takes count and scale")
    if parameter.is_range and parameter.step is None and parameter.count is None:
        raise ValueError("min and max need method random or bayes; under grid give step or count, or values")


def _listed(name: str, parameter: Parameter) -> Parameter:
    if not parameter.is_range:
        return _with_values(name, parameter)
    kept = parameter.model_dump(exclude_unset=True, exclude={"min", "max", "step", "count", "scale"})
    return Parameter(values=_numbers(name, parameter), **kept)


def _numbers(name: str, parameter: Parameter) -> list[Any]:
    low, high, whole = _ends(name, parameter)
    if parameter.step is not None:
        found = stepped(low, high, parameter.step)
    else:
        found = spread(low, high, parameter.count or 2, parameter.scale == "log")
    # Of whole numbers several may be rounded to the same.
    return [check_value(name, value) for value in dict.fromkeys(math.floor(x + 0.5) if whole else x for x in found)]


# --- searches ---------------------------------------------------------------------------------------------------------


def _searched(name: str, parameter: Parameter) -> Parameter:
    if not parameter.is_drawn:
        return _with_values(name, parameter)
    if parameter.count is not None:
        raise ValueError("count is of a grid; a search takes step, or all numbers from min to max")
    if parameter.is_range:
        _check_drawn_range(name, parameter)
    else:
        _check_drawn_normal(name, parameter)
    return parameter


def _check_drawn_range(name: str, parameter: Parameter) -> None:
    low, high, whole = _ends(name, parameter)
    if parameter.distribution == "int_uniform" and not whole:
        raise ValueError("int_uniform is for whole numbers; use uniform or log_uniform_values")
    least, greatest = parameter.ends
    if least >= greatest:
        word = "step" if parameter.step is not None else "q"
        raise ValueError(f"{word} {parameter.steps:g} leaves no two numbers between min {low:g} and max {high:g}")


def _ends(name: str, parameter: Parameter) -> tuple[float, float, bool]:
    """Both ends, and whether all numbers between them are whole as the field takes no others."""
    low, high = (end_value(name, end) for end in (parameter.min, parameter.max) if end is not None)
    whole = numbers_of(name) == "whole"
    _check_whole_steps(parameter, whole)
    return float(low), float(high), whole


def _check_drawn_normal(name: str, parameter: Parameter) -> None:
    """The middle of the distribution has to be a number that the field takes; what it does not take is passed over."""
    assert parameter.mu is not None
    middle = math.exp(min(parameter.mu, 700.0)) if parameter.is_log else parameter.mu
    whole = numbers_of(name) == "whole"
    if whole and parameter.steps is None:
        raise ValueError(f"the field takes whole numbers; use q_{parameter.distribution}, whose q is 1 by itself")
    check_value(name, round(middle) if whole else middle)
    _check_whole_steps(parameter, whole)


def _check_whole_steps(parameter: Parameter, whole: bool) -> None:
    if whole and parameter.steps is not None and not parameter.steps.is_integer():
        word = "step" if parameter.step is not None else "q"
        raise ValueError(f"the field takes whole numbers; {word} {parameter.steps:g} gives others")
