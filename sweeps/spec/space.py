"""What a search chooses from: each axis as Optuna suggests it and as the fields of a run."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cae.config import PLACES, DataConfig, RunConfig, flatten, from_flat
from sweeps.spec.axes import COUNTED, TAIL, Axis, Category, Range, axis_of
from sweeps.spec.condition import hold, in_order, walk
from sweeps.spec.fields import SEED
from sweeps.spec.sweep import Sweep

Params = dict[str, Any]
# What a parameter could say when the first studies were made, to which a digest holds.
_FIRST_KEYS = ("value", "values", "min", "max", "distribution")


@dataclass(frozen=True)
class Space:
    """The axes of a search, each behind those that decide over it, and what is the same in all of its runs."""

    sweep: Sweep
    axes: tuple[Axis, ...]
    fixed: dict[str, Any]

    @property
    def fields(self) -> list[str]:
        """The fields that are searched, in the order of the axes."""
        return [name for axis in self.axes for name in axis.fields]

    def chosen(self, choose: Callable[[Axis], Any]) -> tuple[Params, dict[str, Any]]:
        """What is chosen on one axis after the other, as long as conditions hold, and the fields that come of it."""
        params: Params = {}
        given = dict(self.fixed)
        for axis in self.axes:
            if hold(axis.when, given):
                params[axis.name] = choose(axis)
                given |= axis.values(params[axis.name])
        return params, given

    def configs(self, params: Params) -> list[RunConfig]:
        """The runs, one a seed, that Optuna's choice stands for.

        Empty where it is excluded, no valid run (a resolution that the layers cannot halve), or not of this space.
        """
        axes = {axis.name: axis for axis in self.axes}
        if not all(name in axes and axes[name].holds(choice) for name, choice in params.items()):
            return []
        try:
            used, given = self.chosen(lambda axis: params[axis.name])
            configs = [from_flat(given | {SEED: seed}) for seed in self.sweep.seeds]
        except (KeyError, ValidationError):  # an axis that it lacks
            return []
        flat = flatten(configs[0])
        excluded = any(all(flat[name] == value for name, value in rule.items()) for rule in self.sweep.exclude)
        return [] if excluded or used.keys() != params.keys() else configs

    def choices(self, most: int = COUNTED) -> list[Params] | None:
        """Every choice that stands for runs; None where there are more than `most`, or fractions to choose from."""
        if any((options := axis.options()) is None or len(options) > most for axis in self.axes):
            return None
        found = list(itertools.islice(self._walk(self.axes, lambda axis: axis.options() or ()), most + 1))
        return None if len(found) > most else [params for params, _ in found if self.configs(params)]

    def _walk(
        self, axes: Sequence[Axis], options: Callable[[Axis], Iterable[Any]]
    ) -> Iterator[tuple[Params, dict[str, Any]]]:
        """Every choice on these axes, and its fields."""

        def of(axis: Axis) -> Iterator[tuple[Any, dict[str, Any]]]:
            return ((choice, axis.values(choice)) for choice in options(axis))

        for chosen, given in walk(axes, of, self.fixed):
            yield {axis.name: choice for axis, choice in chosen}, given

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
            if not isinstance(axis, Category):
                yield from given.items()
            elif given:
                yield axis.name, next(text for text in axis.rows if given.items() <= axis.values(text).items())

    def data_sets(self) -> list[DataConfig]:
        """The data sections that the listed values can give, to be looked for before anything runs."""
        found = []
        for _, fields in self._walk(self._of_data(), _samples):
            data = {name.split(".")[1]: value for name, value in fields.items() if name.startswith("data.")}
            try:
                found.append(DataConfig(**data))
            except ValidationError:  # no valid run; passed over when the search meets it
                continue
        return list(dict.fromkeys(found))

    def _of_data(self) -> list[Axis]:
        """The axes that data hang on, through conditions too."""
        asked: set[str] = set()
        for axis in reversed(self.axes):  # each stands behind those that decide over it
            if any(name.startswith("data.") or name in asked for name in axis.fields):
                asked |= {*axis.fields, *(condition.field for condition in axis.when)}
        return [axis for axis in self.axes if not asked.isdisjoint(axis.fields)]

    def digest(self) -> str:
        """Names what makes two searches the same: values told of one are then true of the other.

        More trials, another description or another place of the files change nothing.
        """
        ignored = {"description", "run_cap", "include", "method", "sampler", "early_terminate", "metrics", "reuse"}
        ignored |= {"order", "max_failures", "max_hours"}
        content = self.sweep.model_dump(mode="json", exclude=ignored)
        if made := {name: text for name, text in self.sweep.metrics.items() if name in self.sweep.asked}:
            content["metrics"] = made
        for name in PLACES:
            content["parameters"].pop(name, None)
        # Keys that are younger than studies count where they are used.
        for name, parameter in content["parameters"].items():
            content["parameters"][name] = {k: v for k, v in parameter.items() if k in _FIRST_KEYS or v is not None}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def space(sweep: Sweep) -> Space:
    """The space of a sweep whose method is random or bayes."""
    fixed = {name: p.value for name, p in sweep.parameters.items() if not p.is_varied}
    axes: dict[str, Axis] = {}
    for name in sweep.parameters:
        group = tuple(next((g for g in sweep.zip if name in g), [name]))
        if name not in fixed:
            axis = axis_of(group, [sweep.parameters[member] for member in group])
            axes.setdefault(axis.name, axis)
    return Space(sweep, tuple(in_order(list(axes.values()))), fixed)


def _samples(axis: Axis) -> list[Any]:
    """Choices that stand for all of them where it only matters which images there are: one resolution is enough."""
    if isinstance(axis, Category):
        return list(axis.rows)
    ends = [axis.low, axis.high] if isinstance(axis, Range) else [axis.chosen(TAIL), axis.chosen(1 - TAIL)]
    return ends[:1] if axis.name.startswith("data.") else ends


def key_of(params: Params) -> str:
    """The same text for the same choice, whatever its order. Numbers survive it exactly."""
    return json.dumps(params, sort_keys=True)
