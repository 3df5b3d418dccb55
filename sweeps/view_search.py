"""What the terminal shows of a search: its space before anything runs, then its trials, the best ones marked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sweeps.definition import Sweep
from sweeps.objective import Verdict, judge, mean
from sweeps.plan import Cell, shown_values
from sweeps.space import space
from sweeps.study import best
from sweeps.view import STYLES

METHODS = {"random": "at random", "bayes": "by TPE"}


def show_space(out: Console, sweep: Sweep) -> None:
    """What is searched, for what, and how long."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("searched", no_wrap=True)
    table.add_column("choices")
    for axis in space(sweep).axes:
        table.add_row(axis.name, axis.told())
    out.print(table, markup=False)
    goals = " and ".join(f"{metric.goal} {metric.name}" for metric in sweep.metric)
    kept = f", subject to {' and '.join(sweep.constraints)}" if sweep.constraints else ""
    out.print(f"{goals}{kept}", markup=False)
    if rule := sweep.early_terminate:
        judged = " of the first seed" if len(sweep.seeds) > 1 else ""
        out.print(f"stopped early by {rule.type} on {rule.metric}{judged}, after {rule.min_iter} epochs at the soonest")
    seeds = len(sweep.seeds)
    each = f", {seeds} seeds each: {sweep.trials * seeds} runs" if seeds > 1 else ""
    first = ", those under include first" if sweep.include else ""
    out.print(f"{sweep.trials} trials {METHODS[sweep.method]}{first}{each}", markup=False)


def show_trials(out: Console, sweep: Sweep, cells: Sequence[Cell]) -> None:
    """A table of the cells tried so far with their means over seeds, and a line that counts them.

    Marked with a star: the best, or with several objectives those that no other beats in all of them.
    """
    trials = [list(group) for _, group in itertools.groupby(cells, key=lambda cell: cell.cell_hash)]
    verdicts = [judge(sweep, runs) for runs in trials]
    if trials:
        out.print(_table(sweep, trials, verdicts))
    for text in dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason):
        which = ", ".join(str(row) for row, verdict in enumerate(verdicts, start=1) if verdict.reason == text)
        out.print(f"trial {which}: {text}", style="yellow", markup=False)
    out.print(f"{sweep.name}: {_counted(sweep, verdicts)}", markup=False)


def _table(sweep: Sweep, trials: Sequence[Sequence[Cell]], verdicts: Sequence[Verdict]) -> Table:
    fields, marked = space(sweep).fields, best(sweep, verdicts)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    heads = ["", "trial", "hash", *(name.split(".")[1] for name in fields), "state"]
    for head in [*heads, *(metric.name for metric in sweep.metric), *sweep.constraints]:
        table.add_column(head, no_wrap=True)
    for row, (runs, verdict) in enumerate(zip(trials, verdicts, strict=True)):
        shown = shown_values(runs[0].config, fields).values()
        state = f"[{STYLES[verdict.state]}]{verdict.state}[/]"
        numbers = [f"{value:.4g}" for value in verdict.values] or ["-"] * len(sweep.metric)
        kept = [_kept(text, runs, verdict) for text in sweep.constraints]
        mark = "[green]*[/]" if row in marked else ""
        table.add_row(mark, str(row + 1), runs[0].config_hash or "-", *shown, state, *numbers, *kept)
    return table


def _kept(constraint: str, runs: Sequence[Cell], verdict: Verdict) -> str:
    if constraint not in verdict.violations:
        return "-"
    value = mean(runs, constraint.split()[0])
    return f"{'kept' if verdict.violations[constraint] <= 0 else '[red]broken[/]'}, {value:.4g}"


def _counted(sweep: Sweep, verdicts: Sequence[Verdict]) -> str:
    states = [verdict.state for verdict in verdicts]
    told = [f"{states.count(s)} {s}" for s in ("finished", "running", "pruned", "failed", "new") if s in states]
    left = sweep.trials - len(verdicts)
    told += [f"{left} to come"] if left > 0 else []
    feasible = sum(verdict.feasible for verdict in verdicts)
    kept = f"; {feasible} of the finished keep the constraints" if sweep.constraints and "finished" in states else ""
    return f"{sweep.trials} trials: {', '.join(told)}{kept}"
