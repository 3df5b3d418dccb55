"""What a search chooses from: each axis as Optuna suggests it and as the fields of a run."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cae.config import PLACES, DataConfig, RunConfig, flatten, from_flat
from sweeps.spec.fields import SEED, end_value
from sweeps.spec.parameter import Parameter
from sweeps.spec.sweep import Sweep

Params = dict[str, Any]
# How an axis of values that move together is called after its fields.
JOINT = " & "


@dataclass(frozen=True)
class Category:
    """An axis of listed values. rows: the text by which Optuna knows a choice, to the values of `fields`.

    Text, because lists are no categories of Optuna's, and to it true, 1 and 1.0 are the same.
    """

    fields: tuple[str, ...]
    rows: dict[str, tuple[Any, ...]]

    @property
    def name(self) -> str:
        return JOINT.join(self.fields)

    def values(self, chosen: Any) -> dict[str, Any]:
        return dict(zip(self.fields, self.rows[chosen], strict=True))

    def holds(self, chosen: Any) -> bool:
        return chosen in self.rows

    def options(self) -> Sequence[Any] | None:
        """Every choice, None where they cannot be counted."""
        return list(self.rows)

    def told(self) -> str:
        return ", ".join(self.rows)


@dataclass(frozen=True)
class Range:
    """An axis of numbers from low to high, both included; whole numbers, and a logarithmic scale, where so marked."""

    name: str
    low: float
    high: float
    whole: bool
    log: bool

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name,)

    def values(self, chosen: Any) -> dict[str, Any]:
        return {self.name: int(chosen) if self.whole else float(chosen)}

    def holds(self, chosen: Any) -> bool:
        return not isinstance(chosen, str) and self.low <= chosen <= self.high

    def options(self) -> Sequence[Any] | None:
        return range(int(self.low), int(self.high) + 1) if self.whole else None

    def told(self) -> str:
        return f"{self.low:g} to {self.high:g}{', whole numbers' if self.whole else ''}{', log' if self.log else ''}"


Axis = Category | Range


@dataclass(frozen=True)
class Space:
    """The axes of a search and what is the same in all of its runs."""

    sweep: Sweep
    axes: tuple[Axis, ...]
    fixed: dict[str, Any]

    @property
    def fields(self) -> list[str]:
        """The fields that are searched, in file order."""
        return [name for axis in self.axes for name in axis.fields]

    def configs(self, params: Params) -> list[RunConfig]:
        """The runs, one a seed, that Optuna's choice stands for.

        Empty where it is excluded, no valid run (a resolution that the layers cannot halve), or not of this space.
        """
        if set(params) != {axis.name for axis in self.axes} or not all(a.holds(params[a.name]) for a in self.axes):
            return []
        chosen = {name: value for axis in self.axes for name, value in axis.values(params[axis.name]).items()}
        try:
            configs = [from_flat(self.fixed | chosen | {SEED: seed}) for seed in self.sweep.seeds]
        except ValidationError:
            return []
        flat = flatten(configs[0])
        excluded = any(all(flat[name] == value for name, value in rule.items()) for rule in self.sweep.exclude)
        return [] if excluded else configs

    def choices(self, most: int = 1000) -> list[Params] | None:
        """Every choice that stands for runs; None where there are more than `most`, or fractions to choose from."""
        options = [axis.options() for axis in self.axes]
        if any(some is None for some in options) or math.prod(len(some or ()) for some in options) > most:
            return None
        names = [axis.name for axis in self.axes]
        found = (
            dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*(some or () for some in options))
        )
        return [params for params in found if self.configs(params)]

    @property
    def trials(self) -> int:
        """How many trials the search can come to: those asked for, or all that there are."""
        choices = self.choices()
        return self.sweep.trials if choices is None else min(self.sweep.trials, len(choices))

    def first_tries(self) -> list[Params]:
        """The cells under `include` as Optuna's choices; what they leave open is sampled."""
        return [dict(self._chosen(cell)) for cell in self.sweep.include]

    def _chosen(self, cell: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for axis in self.axes:
            given = {name: cell[name] for name in axis.fields if name in cell}
            if isinstance(axis, Range):
                yield from given.items()
            elif given:
                yield axis.name, next(text for text in axis.rows if given.items() <= axis.values(text).items())

    def data_sets(self) -> list[DataConfig]:
        """The data sections that the listed values can give, to be looked for before anything runs."""
        varied = [axis for axis in self.axes if any(name.startswith("data.") for name in axis.fields)]
        choices = [axis.rows if isinstance(axis, Category) else [axis.low] for axis in varied]
        found = []
        for chosen in itertools.product(*choices):
            values = [axis.values(choice) for axis, choice in zip(varied, chosen, strict=True)]
            fields = self.fixed | {name: value for part in values for name, value in part.items()}
            data = {name.split(".")[1]: value for name, value in fields.items() if name.startswith("data.")}
            try:
                found.append(DataConfig(**data))
            except ValidationError:  # no valid run; passed over when the search meets it
                continue
        return list(dict.fromkeys(found))

    def digest(self) -> str:
        """Names what makes two searches the same: values told of one are then true of the other.

        More trials, another description or another place of the files change nothing.
        """
        ignored = {"description", "run_cap", "include", "method", "early_terminate"}
        ignored |= {"order", "max_failures", "max_hours"}
        content = self.sweep.model_dump(mode="json", exclude=ignored)
        for name in PLACES:
            content["parameters"].pop(name, None)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def space(sweep: Sweep) -> Space:
    """The space of a sweep whose method is random or bayes."""
    fixed = {name: p.value for name, p in sweep.parameters.items() if p.values is None and not p.is_range}
    axes: dict[str, Axis] = {}
    for name, parameter in sweep.parameters.items():
        if name in fixed:
            continue
        group = tuple(next((g for g in sweep.zip if name in g), [name]))
        if parameter.is_range:
            axis: Axis = _range(name, parameter)
        else:
            rows = zip(*(sweep.parameters[member].choices for member in group), strict=True)
            axis = Category(group, {JOINT.join(map(_text, row)): row for row in rows})
        axes.setdefault(axis.name, axis)
    return Space(sweep, tuple(axes.values()), fixed)


def _range(name: str, parameter: Parameter) -> Range:
    assert parameter.min is not None
    assert parameter.max is not None
    whole = isinstance(end_value(name, parameter.min), int)
    return Range(name, parameter.min, parameter.max, whole, parameter.distribution == "log_uniform_values")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def key_of(params: Params) -> str:
    """The same text for the same choice, whatever its order. Numbers survive it exactly."""
    return json.dumps(params, sort_keys=True)
