"""The cells of a sweep that have finished runs, each with its metrics over the seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweeps.planning.plan import SweepRun
from sweeps.spec.constraint import parse_constraint
from sweeps.spec.display import shown_values, varied
from sweeps.spec.fields import SEED
from sweeps.spec.order import INFINITE
from sweeps.spec.remarks import REMARKED, has_learned, remarks
from sweeps.spec.sweep import Sweep


@dataclass(frozen=True)
class Summary:
    """A metric over a cell's runs. sd: between seeds, None of one run. null, null_sd, gap: means, where known."""

    mean: float
    sd: float | None
    count: int
    null: float | None
    null_sd: float | None
    gap: float | None


@dataclass(frozen=True)
class Cell:
    """A cell with its finished runs.

    values: the fields that vary between the sweep's cells, as a person reads them. rank: 1 is best; None where the cell
    lacks the ranking metric or has learned nothing. is_pareto: whether no other is better in the ranking metric and
    reconstruction alike. keeps: whether it keeps the sweep's constraints. has_learned: whether its networks reconstruct
    enough for a score to mean anything. remarks: faults that the scores do not show.
    """

    cell_hash: str
    values: dict[str, str]
    runs: tuple[SweepRun, ...]
    summaries: dict[str, Summary]
    rank: int | None = None
    is_pareto: bool = False
    keeps: bool = True
    has_learned: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The values in one line: "activation=relu batch_norm=true"; "the only cell" where nothing varies."""
        words = [f"{name.split('.')[1]}={value}" for name, value in self.values.items() if value]
        return " ".join(words) or "the only cell"


def groups_of(sweep: Sweep, cells: Sequence[SweepRun], metrics: Iterable[str]) -> list[Cell]:
    """Cells with at least one finished run, in file order."""
    names = [name for name in varied([cell.config for cell in cells]) if name != SEED]
    constraints = [parse_constraint(text) for text in sweep.constraints]
    asked = [*metrics, *(constraint.metric for constraint in constraints)]
    together = _by_cell(cells)
    values = _values_shown([runs[0] for runs in together], names)
    found = []
    for runs, shown in zip(together, values, strict=True):
        summaries = {name: summary for name in asked if (summary := _summary(runs, name)) is not None}
        kept = [c.metric in summaries and c.violation(summaries[c.metric].mean) <= 0 for c in constraints]
        means = {name: s.mean for name in REMARKED if (s := _summary(runs, name)) is not None}
        learned, faults = has_learned(means), tuple(remarks(means))
        found.append(
            Cell(
                str(runs[0].cell_hash),
                shown,
                tuple(runs),
                summaries,
                keeps=all(kept),
                has_learned=learned,
                remarks=faults,
            )
        )
    return found


def _values_shown(cells: Sequence[SweepRun], names: list[str]) -> list[dict[str, str]]:
    """What varies, for each cell; with the digest of the data where cells differ in nothing else (two folders)."""
    shown = [shown_values(cell.config, names) for cell in cells]
    if len({tuple(values.items()) for values in shown}) == len(cells):
        return shown
    return [values | {"data.digest": str(cell.data_digest)[:8]} for values, cell in zip(shown, cells, strict=True)]


def _by_cell(cells: Sequence[SweepRun]) -> list[list[SweepRun]]:
    groups: dict[str | None, list[SweepRun]] = {}
    for cell in cells:
        if cell.state == "finished":
            groups.setdefault(cell.cell_hash, []).append(cell)
    return list(groups.values())


def measured(cell: SweepRun, metric: str) -> float | None:
    """The run's value, None where there is none or no finite one."""
    value = cell.metrics.get(metric, math.nan)
    return value if abs(value) < INFINITE else None


def _summary(runs: Sequence[SweepRun], metric: str) -> Summary | None:
    values = _values(runs, metric)
    if not values:
        return None
    beside = {part: _mean(_values(runs, f"{metric}_{part}")) for part in ("null", "null_sd", "gap")}
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.fmean(values), sd, len(values), **beside)


def _values(runs: Sequence[SweepRun], metric: str) -> list[float]:
    return [value for cell in runs if (value := measured(cell, metric)) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def noise(groups: Sequence[Cell], metric: str) -> tuple[float, int]:
    """The sd between seeds of the same cell, pooled over cells, and its degrees of freedom; 0, 0 without replicates."""
    summaries = [group.summaries[metric] for group in groups]
    df = sum(s.count - 1 for s in summaries)
    squares = sum((s.count - 1) * s.sd**2 for s in summaries if s.sd is not None)
    return (math.sqrt(squares / df), df) if df else (0.0, 0)
