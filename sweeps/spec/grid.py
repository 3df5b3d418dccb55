"""From a sweep to the runs it stands for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cae.config import RunConfig, flatten, from_flat
from sweeps.errors import SweepError
from sweeps.spec.fields import SEED
from sweeps.spec.sweep import Sweep, line_of


def expand(sweep: Sweep, path: Path) -> list[RunConfig]:
    """Every run of a grid in file order: product, less `exclude`, plus `include`, times seeds; each once.

    Raises SweepError.
    """
    fixed = {name: p.value for name, p in sweep.parameters.items() if p.values is None}
    product = _product(sweep)
    if sweep.include and not any(parameter.values for parameter in sweep.parameters.values()):
        product = []  # nothing is varied but by the listed cells, as in GitHub Actions
    cells = [cell for cell in product if not any(_matches(cell, path, rule) for rule in sweep.exclude)]
    cells += [fixed | cell for cell in sweep.include]
    runs = [_resolve(cell | {SEED: seed}, path) for cell in cells for seed in sweep.seeds]
    distinct = list(dict.fromkeys(runs))
    if not distinct:
        raise SweepError(f"{path}: exclude leaves no runs; loosen it or add values")
    return distinct


def _product(sweep: Sweep) -> list[dict[str, Any]]:
    axes: list[list[dict[str, Any]]] = []
    grouped: set[str] = set()
    for name in sweep.parameters:
        if name in grouped:
            continue
        group = next((g for g in sweep.zip if name in g), [name])
        grouped.update(group)
        columns = [sweep.parameters[member].choices for member in group]
        axes.append([dict(zip(group, row, strict=True)) for row in zip(*columns, strict=True)])
    return [{k: v for part in combination for k, v in part.items()} for combination in itertools.product(*axes)]


def _matches(cell: dict[str, Any], path: Path, rule: dict[str, Any]) -> bool:
    resolved = flatten(_resolve(cell, path))
    return all(resolved[name] == value for name, value in rule.items())


def _resolve(cell: dict[str, Any], path: Path) -> RunConfig:
    try:
        return from_flat(cell)
    except ValidationError as error:
        raise SweepError(f"{path}: {line_of(error.errors()[0])}") from None
