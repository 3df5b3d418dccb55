"""The axes of a search space: what can be chosen of one field, or of several that move together.

A choice is what is shown and recorded: the text of a row, a number. What Optuna draws for it may be another: `drawn`
and `chosen` lead from one to the other and back.
"""

from __future__ import annotations

import bisect
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from sweeps.spec.condition import Condition, conditions
from sweeps.spec.fields import numbers_of
from sweeps.spec.numbers import nearest_multiple, significant, stepped, steps
from sweeps.spec.parameter import Parameter

# How an axis of values that move together is called after its fields.
JOINT = " & "
# A search tells when all choices are tried where there are no more than so many.
COUNTED = 1000
# Of a normal distribution what is farther out, beyond 3.7 sigma, is not drawn.
TAIL = 1e-4


@dataclass(frozen=True)
class Category:
    """An axis of listed values. rows: the text by which Optuna knows a choice, to the values of `fields`.

    Text, because lists are no categories of Optuna's, and to it true, 1 and 1.0 are the same. shares: how often each
    is drawn, where not all alike; Optuna then draws a number from 0 to 1, in which each has its part.
    """

    fields: tuple[str, ...]
    rows: dict[str, tuple[Any, ...]]
    when: tuple[Condition, ...] = ()
    shares: tuple[float, ...] | None = None

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
        if self.shares is None:
            return drawn
        sums = list(itertools.accumulate(self.shares))
        return list(self.rows)[min(bisect.bisect_right(sums, drawn), len(sums) - 1)]

    def drawn(self, choice: Any) -> Any:
        if self.shares is None:
            return choice
        place = list(self.rows).index(choice)
        return sum(self.shares[:place]) + self.shares[place] / 2

    def told(self) -> str:
        shares = self.shares or [None] * len(self.rows)
        words = [
            text if share is None else f"{text} ({share:g})" for text, share in zip(self.rows, shares, strict=True)
        ]
        return ", ".join(words) + _told(self.when)


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
        """Optuna's sums of steps are cleaned of what floats make of them: 0.3, not 0.30000000000000004. On a
        logarithmic scale it has no steps, and what it draws is moved to the nearest."""
        return drawn if self.step is None else self._number(nearest_multiple(drawn, self.step, self.low))

    def _number(self, value: float) -> float:
        return int(value) if self.whole else value

    def drawn(self, choice: Any) -> Any:
        return choice

    def told(self) -> str:
        marks = [("whole numbers", self.whole), ("log", self.log), (f"in steps of {self.step or 0:g}", self.step)]
        words = [f"{self.low:g} to {self.high:g}", *(word for word, holds in marks if holds)]
        return ", ".join(words) + _told(self.when)


@dataclass(frozen=True)
class Normal:
    """An axis of numbers around mu, or whose logarithms are; only multiples of `step` where there is one.

    Optuna has no such distribution: it draws how large a share of all is smaller.
    """

    name: str
    mu: float
    sigma: float
    log: bool
    whole: bool
    step: float | None = None
    when: tuple[Condition, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name,)

    def values(self, choice: Any) -> dict[str, Any]:
        return {self.name: choice}

    def holds(self, choice: Any) -> bool:
        return _is_number(choice) and self.chosen(self.drawn(choice)) == choice

    def options(self) -> Sequence[Any] | None:
        if self.step is None:
            return None
        least, greatest = self.chosen(TAIL), self.chosen(1 - TAIL)
        if least >= greatest:
            return [least]
        many = steps(least, greatest, self.step) >= COUNTED
        return None if many else [self._number(value) for value in stepped(least, greatest, self.step)]

    def chosen(self, drawn: Any) -> Any:
        found = NormalDist(self.mu, self.sigma).inv_cdf(drawn)
        if self.log:
            found = math.exp(found)
        if self.step is not None:
            return self._number(nearest_multiple(found, self.step))
        # Coarser than what is lost on the way to a share and back, so that a number that is recorded is found again.
        return significant(found, 10) if self.log else round(found, 9 - math.floor(math.log10(self.sigma)))

    def _number(self, value: float) -> float:
        return int(value) if self.whole else value

    def drawn(self, choice: Any) -> Any:
        if self.log and choice <= 0:
            return TAIL
        share = NormalDist(self.mu, self.sigma).cdf(math.log(choice) if self.log else choice)
        return min(max(share, TAIL), 1 - TAIL)

    def told(self) -> str:
        words = [f"{'log-normal' if self.log else 'normal'}, mu {self.mu:g}, sigma {self.sigma:g}"]
        words += [f"multiples of {self.step:g}"] if self.step else []
        return ", ".join(words) + _told(self.when)


Axis = Category | Range | Normal


def axis_of(fields: tuple[str, ...], parameters: Sequence[Parameter]) -> Axis:
    """The axis of one parameter of a search, or of several that move together; of a fixed one, its one value."""
    first, when = parameters[0], conditions(parameters[0].when)
    if first.is_drawn:
        return _numeric(fields[0], first, when)
    rows = [tuple(row) for row in zip(*(parameter.choices for parameter in parameters), strict=True)]
    shares = next((p.probabilities for p in parameters if p.probabilities is not None), None)
    texts = [JOINT.join(map(_text, row)) for row in rows]
    return Category(fields, dict(zip(texts, rows, strict=True)), when, None if shares is None else tuple(shares))


def _numeric(name: str, parameter: Parameter, when: tuple[Condition, ...]) -> Range | Normal:
    whole = numbers_of(name) == "whole"
    if parameter.is_range:
        low, high = parameter.ends
        return Range(name, low, high, whole, parameter.is_log, parameter.steps, when)
    assert parameter.mu is not None
    assert parameter.sigma is not None
    return Normal(name, parameter.mu, parameter.sigma, parameter.is_log, whole, parameter.steps, when)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_number(choice: Any) -> bool:
    return isinstance(choice, int | float) and not isinstance(choice, bool)


def _told(when: tuple[Condition, ...]) -> str:
    return f" when {' and '.join(map(str, when))}" if when else ""
