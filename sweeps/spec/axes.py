"""The axes of a search space: what can be chosen of one field, or of several that move together.

A choice is what is shown and recorded: the text of a row, a number. What Optuna draws for it may be another: `drawn`
and `chosen` lead from one to the other and back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.spec.condition import Condition, conditions
from sweeps.spec.fields import end_value
from sweeps.spec.numbers import nearest_multiple, stepped, steps
from sweeps.spec.parameter import Parameter

# How an axis of values that move together is called after its fields.
JOINT = " & "
# A search tells when all choices are tried where there are no more than so many.
COUNTED = 1000


@dataclass(frozen=True)
class Category:
    """An axis of listed values. rows: the text by which Optuna knows a choice, to the values of `fields`.

    Text, because lists are no categories of Optuna's, and to it true, 1 and 1.0 are the same.
    """

    fields: tuple[str, ...]
    rows: dict[str, tuple[Any, ...]]
    when: tuple[Condition, ...] = ()

    @property
    def name(self) -> str:
        return JOINT.join(self.fields)

    def values(self, choice: Any) -> dict[str, Any]:
        return dict(zip(self.fields, self.rows[choice], strict=True))

    def holds(self, choice: Any) -> bool:
        return choice in self.rows

    def options(self) -> Sequence[Any] | None:
        """Every choice, None where they cannot be counted."""
        return list(self.rows)

    def chosen(self, drawn: Any) -> Any:
        return drawn

    def drawn(self, choice: Any) -> Any:
        return choice

    def told(self) -> str:
        return ", ".join(self.rows) + _told(self.when)


@dataclass(frozen=True)
class Range:
    """An axis of numbers from low to high, both included; whole numbers, a logarithmic scale, and only those in steps
    from low, where so marked."""

    name: str
    low: float
    high: float
    whole: bool
    log: bool
    step: float | None = None
    when: tuple[Condition, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name,)

    def values(self, choice: Any) -> dict[str, Any]:
        return {self.name: int(choice) if self.whole else float(choice)}

    def holds(self, choice: Any) -> bool:
        return _is_number(choice) and self.low <= choice <= self.high and self.chosen(choice) == choice

    def options(self) -> Sequence[Any] | None:
        if self.step is None:
            return range(int(self.low), int(self.high) + 1) if self.whole else None
        if steps(self.low, self.high, self.step) >= COUNTED:
            return None
        return [self._number(value) for value in stepped(self.low, self.high, self.step)]

    def chosen(self, drawn: Any) -> Any:
        """Optuna's sums of steps are cleaned of what floats make of them: 0.3, not 0.30000000000000004."""
        return drawn if self.step is None else self._number(nearest_multiple(drawn, self.step, self.low))

    def _number(self, value: float) -> float:
        return int(value) if self.whole else value

    def drawn(self, choice: Any) -> Any:
        return choice

    def told(self) -> str:
        marks = [("whole numbers", self.whole), ("log", self.log), (f"in steps of {self.step or 0:g}", self.step)]
        words = [f"{self.low:g} to {self.high:g}", *(word for word, holds in marks if holds)]
        return ", ".join(words) + _told(self.when)


Axis = Category | Range


def axis_of(fields: tuple[str, ...], parameters: Sequence[Parameter]) -> Axis:
    """The axis of one parameter of a search, or of several that move together; of a fixed one, its one value."""
    first, when = parameters[0], conditions(parameters[0].when)
    if first.is_range:
        return _range(fields[0], first, when)
    rows = zip(*(parameter.choices for parameter in parameters), strict=True)
    return Category(fields, {JOINT.join(map(_text, row)): row for row in rows}, when)


def _range(name: str, parameter: Parameter, when: tuple[Condition, ...]) -> Range:
    assert parameter.min is not None
    assert parameter.max is not None
    whole = isinstance(end_value(name, parameter.min), int)
    low, high, step = parameter.min, parameter.max, parameter.step
    if step is not None:
        high = nearest_multiple(low + steps(low, high, step) * step, step, low)
    return Range(name, low, high, whole, parameter.distribution == "log_uniform_values", step, when)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_number(choice: Any) -> bool:
    return isinstance(choice, int | float) and not isinstance(choice, bool)


def _told(when: tuple[Condition, ...]) -> str:
    return f" when {' and '.join(map(str, when))}" if when else ""
