"""A sweep's finished runs, compared: cells with means over their seeds, ranked, and what each parameter does."""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cae.registries import MEASURES
from metrics.catalog import HEADLINES
from sweeps.analysis.cells import Cell, groups_of, measured
from sweeps.analysis.effects import Effects, Observation, effects
from sweeps.analysis.ranking import Lead, lead_of, ranked
from sweeps.errors import SweepError
from sweeps.planning.plan import SweepRun
from sweeps.spec.fields import nearest
from sweeps.spec.goals import MSE, Goal, goal_of
from sweeps.spec.sweep import Metric, Sweep

# After the ranking metric: reconstruction first, as a bad autoencoder can be very normal.
CONTROLS = ("untrained", "projection")
COMPARED = (MSE, *(f"mnd/{name}" for name in HEADLINES))


@dataclass(frozen=True)
class Comparison:
    """What the finished runs of a sweep say, or of several.

    sweep: the only one, or the first, by whose words the cells are ranked and shown; others: those behind it. metrics:
    the names compared. ranking: by what, several for a Pareto front. groups: from worst to best, those without the
    ranking metric first. lead: None with fewer than two ranked cells or with several objectives.
    effects: per metric, empty for a search. importance: of a search, {metric: {axis: share}}.
    unfinished: how many runs are in which other state.
    """

    sweep: Sweep
    metrics: tuple[str, ...]
    ranking: tuple[Metric, ...]
    groups: tuple[Cell, ...]
    lead: Lead | None
    effects: tuple[Effects, ...]
    importance: dict[str, dict[str, float]] = field(default_factory=dict)
    unfinished: dict[str, int] = field(default_factory=dict)
    others: tuple[Sweep, ...] = ()

    @property
    def sweeps(self) -> tuple[Sweep, ...]:
        return (self.sweep, *self.others)

    @property
    def name(self) -> str:
        """What the comparison is called: the names of its sweeps, joined by +."""
        return "+".join(sweep.name for sweep in self.sweeps)

    @property
    def searches(self) -> tuple[Sweep, ...]:
        """Those whose trials are no design."""
        return tuple(sweep for sweep in self.sweeps if sweep.is_search)


def compare(
    sweep: Sweep, cells: Sequence[SweepRun], metric: str | None = None, others: Sequence[Sweep] = ()
) -> Comparison:
    """The comparison of a sweep's finished runs.

    cells: as `api.cells` gives them. metric: ranks by this one instead of the sweep's. others: sweeps whose runs are
    among the cells as well, see `joint.together`. Raises SweepError where no run is finished, or the ranking metric was
    not measured.
    """
    finished = [cell for cell in cells if cell.state == "finished"]
    if not finished:
        start = f"cae run {shlex.quote(str(sweep.file))}"
        names = ", ".join(each.name for each in (sweep, *others))
        raise SweepError(f"{sweep.file}: no run of {names} is finished; `{start}` trains them")
    plugged = plugged_goals(finished) | dict.fromkeys(name for each in (sweep, *others) for name in each.metrics)
    ranking = _ranking(sweep, finished, metric, plugged)
    metrics = tuple(dict.fromkeys([*(m.name for m in ranking), *COMPARED, *plugged]))
    # Of a measure with no better way there is no importance for reaching it.
    rated = [name for name in metrics if plugged.get(name, "known") or name in [metric.name for metric in ranking]]
    in_file_order = groups_of(
        sweep, cells, [*metrics, *itertools.starmap(control_of, itertools.product(CONTROLS, metrics))]
    )
    groups = ranked(in_file_order, ranking)
    searched = any(each.is_search for each in (sweep, *others))
    return Comparison(
        sweep=sweep,
        metrics=tuple(name for name in metrics if any(name in group.summaries for group in groups)),
        ranking=ranking,
        groups=groups,
        lead=None if len(ranking) > 1 else lead_of(groups, ranking[0]),
        effects=() if searched else tuple(_effects(in_file_order, metrics)),
        # Of several there is no space that all trials lie in.
        importance=_importance(sweep, groups, rated, ranking, plugged) if searched and not others else {},
        unfinished=dict(Counter(cell.state for cell in cells if cell.state != "finished")),
        others=tuple(others),
    )


def control_of(control: str, metric: str) -> str:
    """The name of what a control scores where the run itself has `metric`."""
    return f"control/{control}/{metric.removeprefix('mnd/')}"


def plugged_goals(finished: Sequence[SweepRun]) -> dict[str, Goal | None]:
    """The metrics that measures of plug-ins gave, and which way each is better. Raises PluginError."""
    named = dict.fromkeys(name for run in finished for name in run.config.analysis.metrics)
    found = {f"mnd/{measure.name}": measure.goal for measure in map(MEASURES.load, named)}
    return {name: goal for name, goal in found.items() if any(name in run.metrics for run in finished)}


def _ranking(
    sweep: Sweep, finished: Sequence[SweepRun], metric: str | None, goals: Mapping[str, Goal | None]
) -> tuple[Metric, ...]:
    named = {m.name: m for m in sweep.metric}
    known = {name for cell in finished for name in cell.metrics if measured(cell, name) is not None}
    for name in [metric] if metric else named:
        if name not in known:
            where = "--metric" if metric else f"{sweep.file}: metric"
            raise SweepError(f"{where}: no finished run measures {name}{nearest(name, sorted(known))}")
    if metric is None:
        return tuple(sweep.metric)
    return (named.get(metric) or Metric(name=metric, goal=goals.get(metric) or goal_of(metric)),)


def _effects(groups: Sequence[Cell], metrics: Iterable[str]) -> list[Effects]:
    return effects(
        {
            metric: [
                Observation(group.values, value)
                for group in groups
                for cell in group.runs
                if (value := measured(cell, metric)) is not None
            ]
            for metric in metrics
        }
    )


def _importance(
    sweep: Sweep,
    groups: Sequence[Cell],
    metrics: Iterable[str],
    ranking: Sequence[Metric],
    plugged: Mapping[str, Goal | None],
) -> dict[str, dict[str, float]]:
    from sweeps.search.importance import importance

    goals = {**plugged, **{metric.name: metric.goal for metric in ranking}}
    rows = {m: [(g.runs[0].config, g.summaries[m].mean) for g in groups if m in g.summaries] for m in metrics}
    return importance(sweep, {m: (goals.get(m) or goal_of(m), row) for m, row in rows.items()})
