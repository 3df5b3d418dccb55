"""From a sweep to the runs it stands for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cae.config import PLACES, RunConfig, from_flat
from sweeps.errors import SweepError
from sweeps.spec.display import varied
from sweeps.spec.fields import DEFAULTS, FIELDS, SEED
from sweeps.spec.sweep import Sweep, line_of

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
    cells = math.prod(map(len, _axes(sweep))) + len(sweep.include)
    if sweep.exclude or not _has_product(sweep):
        cells = sum(1 for _ in _cells(sweep))
    runs = cells * len(sweep.seeds)
    return runs if sweep.run_cap is None else min(runs, sweep.run_cap)


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
    fixed = {name: p.value for name, p in sweep.parameters.items() if p.values is None}
    yield from (fixed | cell for cell in sweep.include)


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
