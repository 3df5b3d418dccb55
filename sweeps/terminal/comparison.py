"""What the terminal shows of a comparison, as wide as the terminal allows."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from rich.text import Text

from sweeps.analysis.answer import answer, limitations
from sweeps.analysis.column import Column
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.effects import LEVEL, POWER, Effects
from sweeps.analysis.tables import (
    detectable_columns,
    effect_columns,
    effects_title,
    group_columns,
    importance_columns,
    share_columns,
    tests,
)
from sweeps.spec.display import short_name
from sweeps.spec.goals import MSE
from sweeps.terminal.table import as_table, show_table


def show_comparison(out: Console, comparison: Comparison) -> None:
    """The answer, the cells, what the parameters do, and what cannot be told."""
    out.print(answer(comparison), markup=False, style="bold")
    out.print()
    show_groups(out, comparison)
    for metric in comparison.ranking:
        found = next((e for e in comparison.effects if e.metric == metric.name), None)
        if found is not None and found.effects:
            out.print()
            show_effects(out, comparison, found)
    if any(found.effects for found in comparison.effects):
        out.print()
        show_shares(out, comparison)
    if comparison.importance:
        out.print()
        show_importance(out, comparison)
    lines = limitations(comparison)
    if lines:
        out.print("\nWhat cannot be told", style="bold")
    for line in lines:
        out.print(line, markup=False)


# --- cells -------------------------------------------------------------------------------------------------------


def show_groups(out: Console, comparison: Comparison) -> None:
    """A table of the cells from best to worst, and what was left out of it to fit."""
    rank, *others = group_columns(replace(comparison, groups=tuple(reversed(comparison.groups))))
    show_table(out, [_marked(comparison, rank), *others], "cae compare --csv PATH")
    asked = dict.fromkeys([*(metric.name for metric in comparison.ranking), MSE])
    out.print(f"* beaten by no other in {' and '.join(map(short_name, asked))} alike", style="dim", markup=False)


def _marked(comparison: Comparison, ranks: Column) -> Column:
    """The best cell is called so in place of its rank; where several metrics rank, none is the best."""
    best = comparison.groups[-1]
    if len(comparison.ranking) > 1 or best.rank != 1 or not best.keeps:
        return ranks
    first = Text(f"best{'*' if best.is_pareto else ' '}", "bold green")
    return replace(ranks, cells=[first, *ranks.cells[1:]])


# --- effects -----------------------------------------------------------------------------------------------------


def show_effects(out: Console, comparison: Comparison, found: Effects) -> None:
    """Every number of every effect on one metric, under what it is told from."""
    out.print(effects_title(comparison, found), style="bold", markup=False)
    show_table(out, effect_columns(comparison, found), "cae compare --csv PATH")


def show_shares(out: Console, comparison: Comparison) -> None:
    """How much of each metric each effect decides, and the smallest differences that would have been found."""
    out.print("Share of the variance between runs", style="bold")
    out.print(as_table(share_columns(comparison)))
    if not tests(comparison):
        return
    out.print(f"* p < {LEVEL:g} by Holm's method over these {tests(comparison)} tests", style="dim")
    out.print(f"\nSmallest difference of two values that had a chance of {100 * POWER:.0f} % to get a *", style="bold")
    out.print(as_table(detectable_columns(comparison)))


# --- search ------------------------------------------------------------------------------------------------------


def show_importance(out: Console, comparison: Comparison) -> None:
    """What sets the best trials apart, for each metric."""
    out.print("Importance for reaching the best tenth (PED-ANOVA, sums to 1)", style="bold")
    out.print(as_table(importance_columns(comparison)))
