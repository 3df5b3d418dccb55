"""Which cells are better than which: ranks, Pareto front, and how far ahead the best one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sweeps.analysis.cells import Cell, noise
from sweeps.analysis.effects import half_width
from sweeps.spec.goals import MSE
from sweeps.spec.sweep import Metric


@dataclass(frozen=True)
class Lead:
    """How far the best cell is ahead of the next one in the ranking metric.

    low, high: 95 % interval, for the comparisons of the best with all others together; None without replicates.
    tied: how many other cells cannot be told from the best.
    """

    difference: float
    low: float | None = None
    high: float | None = None
    tied: int | None = None


def ranked(groups: Sequence[Cell], ranking: Sequence[Metric]) -> tuple[Cell, ...]:
    """From worst to best: by the metric, of several by how many fronts lie before; broken constraints stand behind, and
    without a rank behind all who has learned nothing or lacks the metric."""
    able = [group for group in groups if group.has_learned]
    rated = [group for group in able if all(metric.name in group.summaries for metric in ranking)]
    unrated = [group for group in groups if group not in rated]
    fronts = _fronts(_costs(rated, ranking)) if len(ranking) > 1 else np.zeros(len(rated))
    first = _costs(rated, ranking[:1]).ravel()
    order = sorted(range(len(rated)), key=lambda i: (not rated[i].keeps, fronts[i], first[i]))
    pareto = _pareto(rated, ranking)
    best_first = [
        replace(rated[i], rank=rank, is_pareto=rated[i].cell_hash in pareto) for rank, i in enumerate(order, start=1)
    ]
    return (*unrated, *reversed(best_first))


def _costs(groups: Sequence[Cell], ranking: Sequence[Metric]) -> np.ndarray:
    """(groups, metrics): means with the sign that makes less better."""
    rows = [[group.summaries[m.name].mean * (-1 if m.goal == "maximize" else 1) for m in ranking] for group in groups]
    return np.array(rows).reshape(len(groups), len(ranking))


def _fronts(rows: np.ndarray) -> np.ndarray:
    """(groups,): 0 where no other is better in everything, 1 where none is once those are gone, and so on."""
    fronts, left = np.zeros(len(rows), dtype=int), np.arange(len(rows))
    while len(left):
        left = left[_dominated(rows[left])]
        fronts[left] += 1
    return fronts


def _dominated(rows: np.ndarray) -> np.ndarray:
    """(groups,): whether another is nowhere worse and somewhere better."""
    no_worse = (rows[:, None] <= rows).all(axis=2)
    better = (rows[:, None] < rows).any(axis=2)
    return np.asarray((no_worse & better).any(axis=0))


def _pareto(groups: Sequence[Cell], ranking: Sequence[Metric]) -> set[str]:
    """Hashes of the cells that no other beats in the ranking and in reconstruction: a bad autoencoder can be normal."""
    asked = [*ranking, *([] if MSE in [m.name for m in ranking] else [Metric(name=MSE, goal="minimize")])]
    rated = [group for group in groups if group.keeps and all(m.name in group.summaries for m in asked)]
    beaten = _dominated(_costs(rated, asked))
    return {group.cell_hash for group, worse in zip(rated, beaten, strict=True) if not worse}


def lead_of(groups: Sequence[Cell], metric: Metric) -> Lead | None:
    rated = [group for group in reversed(groups) if group.rank is not None and group.keeps]
    if len(rated) < 2:
        return None
    best, *others = rated
    behind = _costs(others, [metric]).ravel() - _costs([best], [metric]).ravel()
    sd, df = noise(rated, metric.name)
    if sd == 0:
        return Lead(float(behind[0]))
    counts = [group.summaries[metric.name].count for group in rated]
    halves = [half_width(sd, df, (counts[0], count), len(others)) for count in counts[1:]]
    low, high = behind[0] - halves[0], behind[0] + halves[0]
    return Lead(float(behind[0]), float(low), float(high), int((behind <= halves).sum()))
