"""From a sweep to the runs it stands for."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cae.config import PLACES, RunConfig, from_flat
from sweeps.errors import SweepError
from sweeps.spec.condition import Condition, conditions, hold, in_order, walk
from sweeps.spec.conditional import completed
from sweeps.spec.display import varied
from sweeps.spec.fields import DEFAULTS, FIELDS, SEED
from sweeps.spec.sweep import Sweep, line_of

# More runs than a person reads: only a part of them is made to be shown.
MANY = 1000


@dataclass(frozen=True)
class Choice:
    """Values of one field, or rows of several that move together, which are tried as long as conditions hold."""

    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    when: tuple[Condition, ...]


def expand(sweep: Sweep, most: int | None = None) -> list[RunConfig]:
    """Every run of a grid in file order: product, less `exclude`, plus `include`, times seeds; each once.

    At most `run_cap`, or `most`, of them: no more are made. Raises SweepError.
    """
    caps = [number for number in (sweep.run_cap, most) if number is not None]
    runs = list(itertools.islice(_distinct(sweep), min(caps, default=None)))
    if not runs:
        raise SweepError(f"{sweep.file}: exclude leaves no runs; loosen it or add values")
    return runs


def count(sweep: Sweep) -> int:
    """How many runs a grid has, without making them; included cells that are in the product count twice."""
    runs = sum(counted(sweep).values())
    return runs if sweep.run_cap is None else min(runs, sweep.run_cap)


def counted(sweep: Sweep, fields: Sequence[str] = ()) -> Counter[tuple[Any, ...]]:
    """How many runs have which values of these fields, lists as tuples; without making the runs, and whatever the cap.

    As `count`, it takes runs that differ in nothing that matters for several. Of the axes only those that these fields,
    `exclude` or a condition name are gone through.
    """
    parts = _parts(sweep) if _has_product(sweep) else None
    needed = {*fields, *(name for rule in sweep.exclude for name in rule)}
    needed |= {condition.field for part in parts or () for condition in part.when}
    found: Counter[tuple[Any, ...]] = Counter()
    merged = [(part.when, _merged(part.rows, needed)) for part in parts or ()]
    for cell, number in () if parts is None else _weighted(merged, _always(sweep)):
        if not any(_matches(cell, rule) for rule in sweep.exclude):
            found[_values(cell, fields)] += number * len(sweep.seeds)
    for cell in sweep.include:
        found[_values(completed(sweep.parameters, cell), fields)] += len(sweep.seeds)
    return found


Weighted = tuple[dict[str, Any], int]


def _weighted(
    parts: Sequence[tuple[tuple[Condition, ...], list[Weighted]]], given: dict[str, Any]
) -> Iterator[Weighted]:
    """The cells of a product of merged choices under conditions, each with how many it stands for."""
    if not parts:
        yield given, 1
        return
    (when, rows), *rest = parts
    for row, number in rows if hold(when, given) else [({}, 1)]:
        for cell, others in _weighted(rest, given | row):
            yield cell, number * others


def _merged(rows: Sequence[dict[str, Any]], needed: set[str]) -> list[Weighted]:
    """The choices of an axis as far as they differ in what is needed, each with how many it stands for."""
    parts = [{name: value for name, value in choice.items() if name in needed} for choice in rows]
    texts = Counter(json.dumps(part) for part in parts)
    return [(json.loads(text), number) for text, number in texts.items()]


def _values(cell: dict[str, Any], fields: Sequence[str]) -> tuple[Any, ...]:
    values = [cell.get(name, DEFAULTS[name]) for name in fields]
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def varied_fields(sweep: Sweep) -> list[str]:
    """The fields in which the runs differ: those of the runs, or of very many, those that the file gives values."""
    if sweep.run_cap is None and count(sweep) <= MANY:
        return varied(expand(sweep))
    listed = {name for name, parameter in sweep.parameters.items() if len(parameter.choices) > 1 or parameter.when}
    listed |= {name for cell in sweep.include for name in cell} | ({SEED} if len(sweep.seeds) > 1 else set())
    return [name for name in FIELDS if name in listed and name not in PLACES]


def _distinct(sweep: Sweep) -> Iterator[RunConfig]:
    seen: set[RunConfig] = set()
    for cell in _cells(sweep):
        for seed in sweep.seeds:
            run = _resolve(cell | {SEED: seed}, sweep.file)
            if run not in seen:
                seen.add(run)
                yield run


def _cells(sweep: Sweep) -> Iterator[dict[str, Any]]:
    if _has_product(sweep):
        for cell in _product(sweep):
            if not any(_matches(cell, rule) for rule in sweep.exclude):
                yield cell
    yield from (completed(sweep.parameters, cell) for cell in sweep.include)


def _product(sweep: Sweep) -> Iterator[dict[str, Any]]:
    parts, always = _parts(sweep), _always(sweep)
    if any(part.when for part in parts):
        yield from (cell for _, cell in walk(parts, lambda part: ((row, row) for row in part.rows), always))
        return
    for row in itertools.product(*(part.rows for part in parts)):
        yield always | {name: value for part in row for name, value in part.items()}


def _has_product(sweep: Sweep) -> bool:
    """Where nothing is varied but by the listed cells there is none, as in GitHub Actions."""
    return not sweep.include or any(parameter.values for parameter in sweep.parameters.values())


def _always(sweep: Sweep) -> dict[str, Any]:
    """The fields that are the same in all cells."""
    return {name: p.value for name, p in sweep.parameters.items() if not p.is_varied}


def _parts(sweep: Sweep) -> list[Choice]:
    """What is varied in file order, but what is conditional behind what it depends on."""
    parts: dict[tuple[str, ...], Choice] = {}
    for name, parameter in sweep.parameters.items():
        group = tuple(next((g for g in sweep.zip if name in g), [name]))
        columns = [sweep.parameters[member].choices for member in group]
        rows = [dict(zip(group, row, strict=True)) for row in zip(*columns, strict=True)]
        if any(sweep.parameters[member].is_varied for member in group):
            parts.setdefault(group, Choice(group, rows, conditions(parameter.when)))
    return in_order(list(parts.values()))


def _matches(cell: dict[str, Any], rule: dict[str, Any]) -> bool:
    return all(cell.get(name, DEFAULTS[name]) == value for name, value in rule.items())


def _resolve(cell: dict[str, Any], file: Path) -> RunConfig:
    try:
        return from_flat(cell)
    except ValidationError as error:
        raise SweepError(f"{file}: {line_of(error.errors()[0])}") from None
