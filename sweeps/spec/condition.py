"""Conditions under which a field is varied: `when: {model.activation: leaky_relu}`. Where one does not hold, the field
has its default."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sweeps.spec.display import readable
from sweeps.spec.fields import DEFAULTS, FIELDS, SEED, check_value, nearest, numbers_of, shown

SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_COMPARISON = re.compile(rf"\s*({'|'.join(SIGNS)})\s*(.*)", re.S)


@dataclass(frozen=True)
class Condition:
    """What another field has to be: one of `values`, or, with a sign, on this side of the bound."""

    field: str
    values: tuple[Any, ...] = ()
    sign: str = ""
    bound: float = 0.0

    def __str__(self) -> str:
        if self.sign:
            return f"{self.field} {self.sign} {self.bound:g}"
        return f"{self.field} is {' or '.join(map(readable, self.values))}"

    def holds(self, value: Any) -> bool:
        if not self.sign:
            return value in self.values
        return self.sign == "!=" if value is None else SIGNS[self.sign](value, self.bound)

    def can_hold(self, low: float, high: float) -> bool:
        """Whether it holds for some number from low to high."""
        if not self.sign:
            return any(low <= value <= high for value in self.values)
        return self.sign == "!=" or self.holds(high if self.sign.startswith(">") else low)


def conditions(when: Mapping[str, Any] | None) -> tuple[Condition, ...]:
    """What `when` of a sweep file asks for; all have to hold. Raises ValueError."""
    return tuple(_condition(field, wanted) for field, wanted in (when or {}).items())


def _condition(field: str, wanted: Any) -> Condition:
    if field == SEED:
        raise ValueError(f"when: {SEED} is no parameter of a cell: replicates are listed under seeds")
    if field not in FIELDS:
        raise ValueError(f"when: {field} is not a field of a run{nearest(field, FIELDS)}")
    comparison = _COMPARISON.fullmatch(wanted) if isinstance(wanted, str) else None
    if comparison:
        return Condition(field, sign=comparison[1], bound=_bound(field, comparison))
    return Condition(field, values=_values(field, wanted))


def _bound(field: str, comparison: re.Match[str]) -> float:
    if numbers_of(field) is None:
        raise ValueError(f"when: {field} is no number, which {shown(comparison[0])} would compare; list its values")
    try:
        bound = float(comparison[2])
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise ValueError(f'when: {field}: {shown(comparison[0])} compares with no number; write for example ">= 96"')
    return bound


def _values(field: str, wanted: Any) -> tuple[Any, ...]:
    """One value, or any of several; a list that the field itself takes, [64, 128] of model.maps, is one."""
    try:
        return (check_value(field, wanted),)
    except ValueError as error:
        if not isinstance(wanted, list):
            raise ValueError(f"when: {error}") from None
    if not wanted:
        raise ValueError(f"when: {field} has no value; list at least one")
    try:
        return tuple(check_value(field, value) for value in wanted)
    except ValueError as error:
        raise ValueError(f"when: {error}") from None


def hold(when: Iterable[Condition], given: Mapping[str, Any]) -> bool:
    """Whether all conditions hold where these fields are given and the others have their defaults."""
    return all(condition.holds(given.get(condition.field, DEFAULTS[condition.field])) for condition in when)


# --- what is varied under conditions ----------------------------------------------------------------------------------


class Part(Protocol):
    """Fields that are varied together, as long as conditions hold."""

    @property
    def fields(self) -> tuple[str, ...]: ...

    @property
    def when(self) -> tuple[Condition, ...]: ...


P = TypeVar("P", bound=Part)


def in_order(parts: Sequence[P]) -> list[P]:
    """The parts in their order, but each behind those that it depends on. Raises ValueError for a circle."""
    owner = {field: part for part in parts for field in part.fields}
    found: dict[tuple[str, ...], P] = {}

    def place(part: P, path: tuple[str, ...]) -> None:
        for condition in part.when:
            if condition.field in path:
                circle = [*path[path.index(condition.field) :], condition.field]
                raise ValueError(f"when goes round in a circle: {' needs '.join(circle)}")
            if condition.field in owner:
                place(owner[condition.field], (*path, condition.field))
        found.setdefault(part.fields, part)

    for part in parts:
        place(part, (part.fields[0],))
    return list(found.values())


def walk(
    parts: Sequence[P],
    options: Callable[[P], Iterable[tuple[Any, dict[str, Any]]]],
    given: dict[str, Any],
    chosen: tuple[tuple[P, Any], ...] = (),
) -> Iterator[tuple[tuple[tuple[P, Any], ...], dict[str, Any]]]:
    """Every combination of what the parts can be: what was chosen of each, and the fields that come of it.

    A part whose conditions do not hold is passed over. options: of a part, each choice and its fields. given: the
    fields that are the same in all. The parts are `in_order`.
    """
    if not parts:
        yield chosen, given
        return
    first, rest = parts[0], parts[1:]
    if not hold(first.when, given):
        yield from walk(rest, options, given, chosen)
        return
    for choice, fields in options(first):
        yield from walk(rest, options, given | fields, (*chosen, (first, choice)))
