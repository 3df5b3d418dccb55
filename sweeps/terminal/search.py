"""What the terminal shows of a search: its space before anything runs, then its trials, the best ones marked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from sweeps.analysis.column import Column
from sweeps.planning.plan import SweepRun
from sweeps.search.study import best
from sweeps.search.trial_result import TrialResult, mean, trial_result
from sweeps.spec.display import short_name, shown_values
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.terminal.runs import STYLES
from sweeps.terminal.table import as_table, fitting, show_lack

METHODS = {"random": "at random", "bayes": "by TPE"}


def show_space(out: Console, sweep: Sweep) -> None:
    """What is searched, for what, and how long."""
    searching = space(sweep)
    axes = searching.axes
    searched = Column("searched", [axis.name for axis in axes], right=False)
    out.print(as_table([searched, Column("choices", [axis.told() for axis in axes], right=False)]))
    goals = " and ".join(f"{metric.goal} {metric.name}" for metric in sweep.metric)
    kept = f", subject to {' and '.join(sweep.constraints)}" if sweep.constraints else ""
    out.print(f"{goals}{kept}", markup=False)
    if rule := sweep.early_terminate:
        judged = " of the first seed" if len(sweep.seeds) > 1 else ""
        out.print(f"stopped early by {rule.type} on {rule.metric}{judged}, after {rule.min_iter} epochs at the soonest")
    seeds = len(sweep.seeds)
    trials = searching.trials
    each = f", {seeds} seeds each: {trials * seeds} runs" if seeds > 1 else ""
    first = ", those under include first" if sweep.include else ""
    every = f", all that there are (run_cap asks for {sweep.trials})" if trials < sweep.trials else ""
    out.print(f"{trials} trials{every} {METHODS[sweep.method]}{first}{each}", markup=False)


def show_trials(out: Console, sweep: Sweep, cells: Sequence[SweepRun]) -> None:
    """A table of the cells tried so far with their means over seeds, and a line that counts them.

    Marked with a star: the best, or with several objectives those that no other beats in all of them.
    """
    trials = [list(group) for _, group in itertools.groupby(cells, key=lambda cell: cell.cell_hash)]
    verdicts = [trial_result(sweep, runs) for runs in trials]
    if trials:
        columns = _columns(sweep, trials, verdicts)
        shown = fitting(out, columns)
        out.print(as_table(shown))
        show_lack(out, columns, shown)
    for text in dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason):
        which = ", ".join(str(row) for row, verdict in enumerate(verdicts, start=1) if verdict.reason == text)
        out.print(f"trial {which}: {text}", style="yellow", markup=False)
    out.print(f"{sweep.name}: {_counted(sweep, verdicts)}", markup=False)


def _columns(sweep: Sweep, trials: Sequence[Sequence[SweepRun]], verdicts: Sequence[TrialResult]) -> list[Column]:
    fields, marked = space(sweep).fields, best(sweep, verdicts)
    shown = [shown_values(runs[0].config, fields) for runs in trials]
    numbers = [[f"{value:.4g}" for value in verdict.values] or ["-"] * len(sweep.metric) for verdict in verdicts]
    return [
        Column("", [Text("*" if row in marked else "", "green") for row in range(len(trials))]),
        Column("trial", [str(row) for row in range(1, len(trials) + 1)]),
        Column("hash", [runs[0].config_hash or "-" for runs in trials], need=2, right=False),
        *(Column(name.split(".")[1], [values[name] for values in shown], right=False) for name in fields),
        Column("state", [Text(verdict.state, STYLES[verdict.state]) for verdict in verdicts], right=False),
        *(Column(short_name(m.name), [row[place] for row in numbers]) for place, m in enumerate(sweep.metric)),
        *(Column(text, _kept(text, trials, verdicts), need=1, right=False) for text in sweep.constraints),
    ]


def _kept(constraint: str, trials: Sequence[Sequence[SweepRun]], verdicts: Sequence[TrialResult]) -> list[Text]:
    """Whether each trial keeps the constraint, and its mean."""
    cells = []
    for runs, verdict in zip(trials, verdicts, strict=True):
        value = mean(runs, constraint.split()[0])
        if constraint not in verdict.violations:
            cells.append(Text("-"))
        elif verdict.violations[constraint] <= 0:
            cells.append(Text(f"kept, {value:.4g}"))
        else:
            cells.append(Text.assemble(("broken", "red"), f", {value:.4g}"))
    return cells


def _counted(sweep: Sweep, verdicts: Sequence[TrialResult]) -> str:
    states = [verdict.state for verdict in verdicts]
    told = [f"{states.count(s)} {s}" for s in ("finished", "running", "pruned", "failed", "new") if s in states]
    trials = space(sweep).trials
    left = trials - len(verdicts)
    told += [f"{left} to come"] if left > 0 else []
    finished = [verdict.violations for verdict in verdicts if verdict.state == "finished"]
    keeping = sum(all(violations[text] <= 0 for text in sweep.constraints) for violations in finished)
    kept = f"; {keeping} of the finished keep the constraints" if sweep.constraints and finished else ""
    every = "; every choice of the space is tried" if left <= 0 and trials < sweep.trials else ""
    return f"{trials} trials: {', '.join(told)}{every}{kept}"
