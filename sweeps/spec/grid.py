"""From a sweep to the runs it stands for."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cae.config import PLACES, RunConfig, flatten, from_flat
from sweeps.errors import SweepError
from sweeps.spec.display import varied
from sweeps.spec.fields import FIELDS, SEED
from sweeps.spec.sweep import Sweep, line_of

DEFAULTS = flatten(RunConfig())
# More runs than a person reads: only a part of them is made to be shown.
MANY = 1000


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

    As `count`, it takes runs that differ in nothing that matters for several. Of the axes only those that these fields
    or `exclude` name are gone through.
    """
    needed = {*fields, *(name for rule in sweep.exclude for name in rule)}
    found: Counter[tuple[Any, ...]] = Counter()
    for row in itertools.product(*(_merged(axis, needed) for axis in _axes(sweep))) if _has_product(sweep) else ():
        cell = {name: value for part, _ in row for name, value in part.items()}
        if not any(_matches(cell, rule) for rule in sweep.exclude):
            found[_values(cell, fields)] += math.prod(number for _, number in row) * len(sweep.seeds)
    fixed = _fixed(sweep)
    for cell in sweep.include:
        found[_values(fixed | cell, fields)] += len(sweep.seeds)
    return found


def _merged(axis: list[dict[str, Any]], needed: set[str]) -> list[tuple[dict[str, Any], int]]:
    """The choices of an axis as far as they differ in what is needed, each with how many it stands for."""
    parts = [{name: value for name, value in choice.items() if name in needed} for choice in axis]
    texts = Counter(json.dumps(part) for part in parts)
    return [(json.loads(text), number) for text, number in texts.items()]


def _values(cell: dict[str, Any], fields: Sequence[str]) -> tuple[Any, ...]:
    values = [cell.get(name, DEFAULTS[name]) for name in fields]
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def varied_fields(sweep: Sweep) -> list[str]:
    """The fields in which the runs differ: those of the runs, or of very many, those that the file gives values."""
    if sweep.run_cap is None and count(sweep) <= MANY:
        return varied(expand(sweep))
    listed = {name for name, parameter in sweep.parameters.items() if len(parameter.choices) > 1}
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
        for row in itertools.product(*_axes(sweep)):
            cell = {name: value for part in row for name, value in part.items()}
            if not any(_matches(cell, rule) for rule in sweep.exclude):
                yield cell
    yield from (_fixed(sweep) | cell for cell in sweep.include)


def _fixed(sweep: Sweep) -> dict[str, Any]:
    return {name: p.value for name, p in sweep.parameters.items() if p.values is None}


def _has_product(sweep: Sweep) -> bool:
    """Where nothing is varied but by the listed cells there is none, as in GitHub Actions."""
    return not sweep.include or any(parameter.values for parameter in sweep.parameters.values())


def _axes(sweep: Sweep) -> list[list[dict[str, Any]]]:
    axes: list[list[dict[str, Any]]] = []
    grouped: set[str] = set()
    for name in sweep.parameters:
        if name in grouped:
            continue
        group = next((g for g in sweep.zip if name in g), [name])
        grouped.update(group)
        columns = [sweep.parameters[member].choices for member in group]
        axes.append([dict(zip(group, row, strict=True)) for row in zip(*columns, strict=True)])
    return axes


def _matches(cell: dict[str, Any], rule: dict[str, Any]) -> bool:
    return all(cell.get(name, DEFAULTS[name]) == value for name, value in rule.items())


def _resolve(cell: dict[str, Any], file: Path) -> RunConfig:
    try:
        return from_flat(cell)
    except ValidationError as error:
        raise SweepError(f"{file}: {line_of(error.errors()[0])}") from None
