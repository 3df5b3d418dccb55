"""What a sweep file says of one field."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from cae.config import Number, Section
from sweeps.spec.fields import check_value, end_value


class Parameter(Section):
    """What one field takes on: one `value`, several `values`, or (random, bayes) a range from `min` to `max`."""

    value: Any = None
    values: list[Any] | None = None
    min: Number | None = None
    max: Number | None = None
    distribution: Literal["uniform", "int_uniform", "log_uniform_values"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Parameter:
        ways = [self.values is not None, "value" in self.model_fields_set, self.min is not None or self.max is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of value, values, or min with max")
        if self.values == []:
            raise ValueError("values is empty; list at least one")
        if self.is_range:
            self._check_range()
        elif self.distribution:
            raise ValueError("distribution belongs to min and max")
        return self

    def _check_range(self) -> None:
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"min {self.min} and max {self.max} are no range; min must be below max")
        if self.distribution == "log_uniform_values" and self.min <= 0:
            raise ValueError(f"min {self.min:g} must be above 0 for log_uniform_values")

    @property
    def is_range(self) -> bool:
        return self.min is not None or self.max is not None

    @property
    def choices(self) -> list[Any]:
        return self.values if self.values is not None else [self.value]


def _checked(name: str, parameter: Parameter) -> Parameter:
    if parameter.is_range:
        ends = [end_value(name, end) for end in (parameter.min, parameter.max) if end is not None]
        if parameter.distribution == "int_uniform" and not isinstance(ends[0], int):
            raise ValueError(f"{name}: int_uniform is for whole numbers; use uniform or log_uniform_values")
        return parameter
    if parameter.values is not None:
        return Parameter(values=[check_value(name, value) for value in parameter.values])
    return Parameter(value=check_value(name, parameter.value))
