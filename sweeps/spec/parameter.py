"""What a sweep file says of one field."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, model_validator

from cae.config import Number, Positive, Section
from sweeps.spec.condition import conditions
from sweeps.spec.fields import check_value, end_value
from sweeps.spec.numbers import MOST, spread, stepped


class Parameter(Section):
    """What one field takes on: one `value`, several `values`, or numbers from `min` to `max`: of a grid at each `step`
    or `count` of them, of a search (random, bayes) what a `distribution` gives."""

    value: Any = Field(None, description="the same in every run")
    values: list[Any] | None = Field(None, description="one after the other; a search chooses among them")
    min: Number | None = None
    max: Number | None = None
    step: Positive | None = Field(None, description="the numbers from min to max at this distance; grid, random, bayes")
    count: Annotated[StrictInt, Field(ge=2, le=MOST)] | None = Field(
        None, description="so many numbers from min to max, both among them; grid"
    )
    scale: Literal["linear", "log"] | None = Field(
        None, description="of count: equal differences (the default), or equal ratios; grid"
    )
    distribution: Literal["uniform", "int_uniform", "log_uniform_values"] | None = Field(
        None, description="of the numbers from min to max; random, bayes"
    )
    when: Annotated[dict[str, Any], Field(min_length=1)] | None = Field(
        None,
        description="fields and what each has to be, else this field has its default: a value, a list of them, or a "
        'comparison such as ">= 96"',
    )

    @model_validator(mode="after")
    def _one_way(self) -> Parameter:
        ways = [self.values is not None, "value" in self.model_fields_set, self.min is not None or self.max is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of value, values, or min with max")
        if self.values == []:
            raise ValueError("values is empty; list at least one")
        if self.is_range:
            self._check_range()
        else:
            self._belongs_to("min and max", "step", "count", "scale", "distribution")
        return self

    def _belongs_to(self, what: str, *keys: str) -> None:
        given = next((key for key in keys if getattr(self, key) is not None), None)
        if given:
            raise ValueError(f"{given} belongs to {what}")

    def _check_range(self) -> None:
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"min {self.min} and max {self.max} are no range; min must be below max")
        for log in ("log_uniform_values", "log"):
            if log in (self.distribution, self.scale) and self.min <= 0:
                raise ValueError(f"min {self.min:g} must be above 0 for {log}")
        if self.step is not None and self.count is not None:
            raise ValueError("step and count say the same; give one of them")
        if self.count is None:
            self._belongs_to("count", "scale")
        if self.distribution == "log_uniform_values":
            self._belongs_to("uniform numbers, not to log_uniform_values", "step")

    @property
    def is_range(self) -> bool:
        return self.min is not None or self.max is not None

    @property
    def is_fixed(self) -> bool:
        """Whether it has one value, wherever its conditions hold."""
        return self.values is None and not self.is_range

    @property
    def is_varied(self) -> bool:
        """Whether not all runs need have the same value."""
        return not self.is_fixed or self.when is not None

    @property
    def choices(self) -> list[Any]:
        return self.values if self.values is not None else [self.value]


def checked(name: str, parameter: Parameter, method: str | None) -> Parameter:
    """The parameter with its values as the field takes them; of a grid a range as the values that it stands for.

    method: of the sweep; None where that is not known. Raises ValueError.
    """
    try:
        conditions(parameter.when)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if parameter.is_range:
        return _listed(name, parameter) if method == "grid" else _searched(name, parameter)
    if parameter.values is not None:
        return parameter.model_copy(update={"values": [check_value(name, value) for value in parameter.values]})
    return parameter.model_copy(update={"value": check_value(name, parameter.value)})


def _listed(name: str, parameter: Parameter) -> Parameter:
    if parameter.distribution is not None:
        raise ValueError(f"{name}: distribution needs method random or bayes; a grid takes count and scale")
    if parameter.step is None and parameter.count is None:
        raise ValueError(f"{name}: min and max need method random or bayes; under grid give step or count, or values")
    kept = parameter.model_dump(exclude_unset=True, exclude={"min", "max", "step", "count", "scale"})
    return Parameter(values=_numbers(name, parameter), **kept)


def _numbers(name: str, parameter: Parameter) -> list[Any]:
    low, high, whole = _ends(name, parameter)
    if parameter.step is not None:
        try:
            found = stepped(low, high, parameter.step)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    else:
        found = spread(low, high, parameter.count or 2, parameter.scale == "log")
    # Of whole numbers several may be rounded to the same.
    return [check_value(name, value) for value in dict.fromkeys(math.floor(x + 0.5) if whole else x for x in found)]


def _searched(name: str, parameter: Parameter) -> Parameter:
    if parameter.count is not None:
        raise ValueError(f"{name}: count is of a grid; a search takes step, or all numbers from min to max")
    low, high, whole = _ends(name, parameter)
    if parameter.distribution == "int_uniform" and not whole:
        raise ValueError(f"{name}: int_uniform is for whole numbers; use uniform or log_uniform_values")
    if parameter.step is not None and parameter.step > high - low:
        raise ValueError(f"{name}: step {parameter.step:g} is more than there is between {low:g} and {high:g}")
    return parameter


def _ends(name: str, parameter: Parameter) -> tuple[float, float, bool]:
    """Both ends, and whether all numbers between them are whole as the field takes no others."""
    low, high = (end_value(name, end) for end in (parameter.min, parameter.max) if end is not None)
    whole = isinstance(low, int)
    if whole and parameter.step is not None and not parameter.step.is_integer():
        raise ValueError(f"{name} takes whole numbers; step {parameter.step:g} gives others")
    return float(low), float(high), whole
