"""What the terminal shows of a search: its space before anything runs, then its trials, the best ones marked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from sweeps.analysis.column import Column
from sweeps.planning.plan import SweepRun
from sweeps.search.known import known
from sweeps.search.study import best
from sweeps.search.trial_result import TrialResult, mean, trial_result
from sweeps.spec.display import HEADLINES, plural, short_name, shown_values
from sweeps.spec.search_settings import sampler_of
from sweeps.spec.space import space
from sweeps.spec.sweep import Sweep
from sweeps.terminal.runs import NEEDS, STYLES, hash_column
from sweeps.terminal.table import as_table, show_table

SAMPLERS = {
    "random": "at random",
    "qmc": "by a quasi-random sequence",
    "tpe": "by TPE",
    "gp": "by a Gaussian process",
    "cmaes": "by CMA-ES",
    "nsgaii": "by NSGA-II",
}


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
    sampler = sampler_of(sweep.method, sweep.sampler)
    out.print(f"{trials} trials{every} {SAMPLERS[sampler.name]}{first}{each}", markup=False)
    if sweep.reuse and (waiting := known(searching)):
        out.print(f"beside these, {plural(len(waiting), 'cell')} of other sweeps will be adopted", markup=False)


def show_trials(out: Console, sweep: Sweep, cells: Sequence[SweepRun]) -> None:
    """A table of the cells tried so far with their means over seeds, the best first, and a line that counts them.

    Marked: the best, or with several objectives those that no other beats in all of them; and what cannot be it.
    Behind the finished ones, in the order in which they were tried, stand the others, each with the number of its
    trial.
    """
    trials = [list(group) for _, group in itertools.groupby(cells, key=lambda cell: cell.cell_hash)]
    verdicts = [trial_result(sweep, runs) for runs in trials]
    if trials:
        show_table(out, _columns(sweep, trials, verdicts), "cae status FILE --json")
    for text in dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason):
        which = ", ".join(str(row) for row, verdict in enumerate(verdicts, start=1) if verdict.reason == text)
        out.print(f"trial {which}: {text}", style="yellow", markup=False)
    for text in dict.fromkeys(cell.note for cell in cells if cell.link):
        rows = [str(row) for row, runs in enumerate(trials, start=1) if text in {cell.note for cell in runs}]
        out.print(f"trial {', '.join(rows)}: {text}", style="yellow", markup=False)
    out.print(f"{sweep.name}: {_counted(sweep, verdicts)}", markup=False)


def _columns(sweep: Sweep, trials: Sequence[Sequence[SweepRun]], verdicts: Sequence[TrialResult]) -> list[Column]:
    fields, marked = space(sweep).fields, best(sweep, verdicts)
    rows = _best_first(sweep, verdicts, marked)
    runs, found = [trials[row] for row in rows], [verdicts[row] for row in rows]
    shown = [shown_values(cells[0].config, fields) for cells in runs]
    numbers = [[f"{value:.4g}" for value in verdict.values] or ["-"] * len(sweep.metric) for verdict in found]
    return [
        Column("", [_mark(row in marked, verdicts[row]) for row in rows], right=False),
        Column("trial", [str(row + 1) for row in rows]),
        hash_column([cells[0].config_hash for cells in runs]),
        *(Column(n.split(".")[1], [values[n] for values in shown], NEEDS["field"], right=False) for n in fields),
        Column("state", [Text(verdict.state, STYLES[verdict.state]) for verdict in found], NEEDS["state"], right=False),
        *(Column(short_name(m.name), [row[place] for row in numbers]) for place, m in enumerate(sweep.metric)),
        *(_kept(text, runs, found) for text in sweep.constraints),
        *_headlines(sweep, runs),
    ]


def _mark(is_best: bool, verdict: TrialResult) -> Text:
    """Which is the best, and which cannot be: it breaks a constraint, or reconstructs next to nothing."""
    broken = verdict.state == "finished" and not verdict.feasible
    return Text("best", "bold green") if is_best else Text("broken" if broken else "", "red")


def _best_first(sweep: Sweep, verdicts: Sequence[TrialResult], marked: Sequence[int]) -> list[int]:
    """The rows in their order: marked, finished and good enough by the first metric, finished, others."""
    sign = -1 if sweep.metric[0].goal == "maximize" else 1

    def place(row: int) -> tuple[bool, bool, bool, float]:
        verdict = verdicts[row]
        value = sign * verdict.values[0] if verdict.values else 0.0
        return row not in marked, verdict.state != "finished", not verdict.feasible, value

    return sorted(range(len(verdicts)), key=place)


def _headlines(sweep: Sweep, trials: Sequence[Sequence[SweepRun]]) -> list[Column]:
    """Means of the headlines that are not searched for."""
    others = {head: name for head, name in HEADLINES.items() if name not in [metric.name for metric in sweep.metric]}
    return [Column(head, [_mean(runs, name) for runs in trials], NEEDS.get(head, 0)) for head, name in others.items()]


def _mean(runs: Sequence[SweepRun], metric: str) -> str:
    value = mean(runs, metric)
    places = 4 if metric.startswith("reconstruction/") else 3
    return f"{value:.{places}f}" if math.isfinite(value) else "-"


def _kept(constraint: str, trials: Sequence[Sequence[SweepRun]], verdicts: Sequence[TrialResult]) -> Column:
    """Whether each trial keeps the constraint, and its mean."""
    metric, _, bound = constraint.partition(" ")
    found = [verdict.violations.get(constraint) for verdict in verdicts]
    short = [Text("-") if v is None else Text("kept") if v <= 0 else Text("broken", "red") for v in found]
    means = ["" if v is None else f", {mean(runs, metric):.4g}" for v, runs in zip(found, trials, strict=True)]
    full = [word.copy().append(value, "default") for word, value in zip(short, means, strict=True)]
    head = f"{short_name(metric)} {bound}"
    return Column(head, full, NEEDS["constraint"], right=False, short=short, spared=f"{short_name(metric)} of each")


def _counted(sweep: Sweep, verdicts: Sequence[TrialResult]) -> str:
    own = [verdict for verdict in verdicts if not verdict.adopted]
    adopted, choices = len(verdicts) - len(own), space(sweep).choices()
    states = [verdict.state for verdict in own]
    told = [f"{states.count(s)} {s}" for s in ("finished", "running", "pruned", "failed", "new") if s in states]
    trials = sweep.trials if choices is None else min(sweep.trials, len(choices) - adopted)
    left = trials - len(own)
    told += [f"{left} to come"] if left > 0 else []
    finished = [verdict.violations for verdict in verdicts if verdict.state == "finished"]
    keeping = sum(all(violations[text] <= 0 for text in sweep.constraints) for violations in finished)
    kept = f"; {keeping} of the finished keep the constraints" if sweep.constraints and finished else ""
    every = "; every choice of the space is tried" if left <= 0 and trials < sweep.trials else ""
    beside = f"; {adopted} adopted, which run_cap does not count" if adopted else ""
    return f"{trials} trials: {', '.join(told)}{every}{kept}{beside}"
