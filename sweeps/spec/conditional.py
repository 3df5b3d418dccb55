"""Conditions of a sweep's parameters: whether they mean something, and what they make of an included cell."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.spec.condition import Condition, conditions, hold, in_order
from sweeps.spec.display import readable
from sweeps.spec.fields import DEFAULTS
from sweeps.spec.parameter import Parameter

Parameters = Mapping[str, Parameter]
Cells = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Field:
    fields: tuple[str, ...]
    when: tuple[Condition, ...]


def completed(parameters: Parameters, cell: Mapping[str, Any]) -> dict[str, Any]:
    """An included cell with what is fixed beside it, as far as conditions hold there."""
    given = {name: p.value for name, p in parameters.items() if p.is_fixed and not p.when} | dict(cell)
    for part in in_order([_Field((name,), conditions(p.when)) for name, p in parameters.items() if p.when]):
        (name,) = part.fields
        if not hold(part.when, given):
            given.pop(name, None)
        elif parameters[name].is_fixed:
            given.setdefault(name, parameters[name].value)
    return given


def check_conditions(
    parameters: Parameters, zipped: Sequence[Sequence[str]], include: Cells, search: bool, forced: Collection[str]
) -> None:
    """Raises ValueError for conditions that contradict themselves or each other, or decide nothing.

    forced: fields that the command line fixes; what depended on them is decided then, and that is no fault.
    """
    in_order([_Field((name,), conditions(parameter.when)) for name, parameter in parameters.items()])
    for group in zipped:
        _check_group(parameters, group)
    for name, parameter in parameters.items():
        for condition in conditions(parameter.when):
            if condition.field not in forced:
                _check_decides(name, condition, parameters, include, search)
    for cell in include:
        _check_cell(parameters, cell, search, forced)


def _check_group(parameters: Parameters, group: Sequence[str]) -> None:
    first, *others = group
    wanted = set(map(str, conditions(parameters[first].when)))
    for other in others:
        if set(map(str, conditions(parameters[other].when))) != wanted:
            raise ValueError(f"zip: {first} and {other} move together, so both need the same when")


def _check_decides(name: str, condition: Condition, parameters: Parameters, include: Cells, search: bool) -> None:
    """A condition has to hold in some cells and not in others."""
    deciding = parameters.get(condition.field)
    listed = _listed(condition.field, deciding, include, search)
    if any(map(condition.holds, listed)):
        if len(listed) == 1 and (deciding is None or not deciding.is_drawn):
            raise ValueError(f"{name}: when: {condition} in every run; remove the condition")
    elif deciding is None or not deciding.is_drawn or not condition.can_hold(*_ends(deciding)):
        it_is = " or ".join(map(readable, listed)) or "outside of the range"
        raise ValueError(f"{name}: when: {condition} in no run; it is {it_is}")


def _ends(parameter: Parameter) -> tuple[float, float]:
    return parameter.ends if parameter.is_range else (-math.inf, math.inf)


def _listed(field: str, parameter: Parameter | None, include: Cells, search: bool) -> list[Any]:
    """Every value that the field is said to take, each once."""
    found = [] if parameter is None or parameter.is_drawn else list(parameter.choices)
    always = parameter is not None and (parameter.is_fixed or search) and not parameter.when
    if not always and (parameter is None or parameter.when or any(field not in cell for cell in include)):
        found.append(DEFAULTS[field])
    found += [cell[field] for cell in include if field in cell]
    return [value for place, value in enumerate(found) if value not in found[:place]]


def _check_cell(parameters: Parameters, cell: Mapping[str, Any], search: bool, forced: Collection[str]) -> None:
    whole = completed(parameters, cell)
    for name in cell:
        for condition in conditions(parameters[name].when if name in parameters else None):
            field = condition.field
            deciding = parameters.get(field)
            is_open = search and field not in cell and deciding is not None and deciding.is_varied
            value = whole.get(field, DEFAULTS[field])
            if not is_open and field not in forced and not condition.holds(value):
                raise ValueError(
                    f"include: {name} is varied when {condition}, which here is {readable(value)}; remove one of them"
                )
