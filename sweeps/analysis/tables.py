"""A comparison as columns of text, for terminals and reports."""

from __future__ import annotations

from collections.abc import Callable

from sweeps.analysis.answer import decimals
from sweeps.analysis.cells import Cell
from sweeps.analysis.column import Column
from sweeps.analysis.comparison import Comparison, control_of
from sweeps.analysis.effects import Effect, Effects, Estimate
from sweeps.spec.display import HEADLINES, short_name
from sweeps.spec.goals import MSE


def group_columns(comparison: Comparison) -> list[Column]:
    """What there is to tell of the cells, in their order."""
    groups = comparison.groups
    columns = [
        Column("rank", [f"{group.rank or '-'}{'*' if group.is_pareto else ' '}" for group in groups]),
        *(Column(name.split(".")[1], [g.values[name] for g in groups], 1, right=False) for name in groups[0].values),
        Column("seeds", [str(len(group.runs)) for group in groups], need=3),
    ]
    if comparison.sweep.constraints:
        columns.append(Column("keeps", ["yes" if group.keeps else "no" for group in groups]))
    if any(group.remarks for group in groups):
        faults = [", ".join(map(fault, group.remarks)) for group in groups]
        columns.append(Column("fault", faults, need=FAULT, right=False))
    for position, name in enumerate(comparison.metrics):
        columns += _metric_columns(comparison, name, position if position >= len(comparison.ranking) else 0)
    return columns


def fault(remark: str) -> str:
    """A remark in two or three words; in full it stands in the answer and among what cannot be told."""
    return remark.partition(":")[0]


# See `Column`. Of a metric's mean, where the headlines always stand; of what is beside the ranking metric, and
# later beside each metric behind it; of the spread between seeds.
MEANS, OTHER_MEAN = dict.fromkeys(HEADLINES.values(), 0) | {MSE: 2}, 4
BESIDE = {"untrained": 3, "pixels": 5, "gap": 6, "MND": 30}
SPREAD, OTHER_SPREADS, FAULT = 2, 4, 5


def _metric_columns(comparison: Comparison, metric: str, position: int) -> list[Column]:
    """Mean ± sd; where known, what an untrained network, the pixels alone and a normal cloud have, and the gap.

    position: 0 of those that the cells are ranked by, else the place among the others.
    """
    places, short = decimals(comparison, metric), short_name(metric)
    groups = comparison.groups
    need = MEANS.get(metric, OTHER_MEAN) if position else 0
    means = [_mean(group, metric, places) for group in groups]
    plain = [mean.partition(" ±")[0] for mean in means]
    spared, full = ("± of the others", OTHER_SPREADS) if position else (f"± of {short}", SPREAD)
    columns = [Column(short, means, need, short=() if plain == means else plain, spared=spared, full=full)]

    def beside(head: str, values: list[float | None]) -> Column:
        return Column(head, [_rounded(value, places) for value in values], BESIDE[head] + 4 * position)

    for head, control in (("untrained", "untrained"), ("pixels", "projection")):
        name = control_of(control, metric)
        if any(name in group.summaries for group in groups):
            columns.append(beside(head, [g.summaries[name].mean if name in g.summaries else None for g in groups]))
    if metric.endswith("off_origin_distance") or all(_part(group, metric, "null") is None for group in groups):
        return columns
    parts = (("MND", "null"), ("gap", "gap"))
    return [*columns, *(beside(head, [_part(group, metric, name) for group in groups]) for head, name in parts)]


def _mean(group: Cell, metric: str, places: int) -> str:
    summary = group.summaries.get(metric)
    if summary is None:
        return "-"
    return f"{summary.mean:.{places}f}" + ("" if summary.sd is None else f" ± {summary.sd:.{places}f}")


def _part(group: Cell, metric: str, part: str) -> float | None:
    summary = group.summaries.get(metric)
    return None if summary is None else getattr(summary, part)


def _rounded(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def effects_title(comparison: Comparison, found: Effects) -> str:
    """On what, from how many runs, against which noise."""
    places = decimals(comparison, found.metric)
    noise = "" if found.noise is None else f"; noise between seeds {found.noise:.{places}f} (sd, {found.noise_df} df)"
    return f"Effects on {found.metric}, {found.runs} runs{noise}"


def effect_columns(comparison: Comparison, found: Effects) -> list[Column]:
    """Every number of every effect on one metric. Interactions in full only where they are told from noise."""
    places = decimals(comparison, found.metric)
    rows = [row for effect in found.effects for row in _effect_rows(effect, places)]
    heads = ("effect", "estimate", "95 % interval", "share", "partial share", "p (Holm)")
    kept = [0, 1, 3] if found.reason else range(6)
    return [Column(heads[i], [row[i] for row in rows], int(i == 4), i > 0, wraps=i == 0) for i in kept]


def _effect_rows(effect: Effect, places: int) -> list[tuple[str, ...]]:
    share = f"{effect.share:.2f}"
    low, high = effect.partial_low, effect.partial_high
    partial = "" if low is None or high is None else f"{effect.partial_share:.2f} ({low:.2f} to {high:.2f})"
    tested = (share, partial, _p_value(effect))
    if len(effect.estimates) == 1:
        return [(f"{effect.name}: {effect.estimates[0].label}", *_interval(effect.estimates[0], places), *tested)]
    in_full = len(effect.parameters) == 1 or effect.is_told
    each = [(f"  {e.label}", *_interval(e, places), "", "", "") for e in effect.estimates if in_full]
    return [(effect.name or "other differences", "", "", *tested), *each]


def _interval(estimate: Estimate, places: int) -> tuple[str, str]:
    between = "" if estimate.low is None else f"{estimate.low:+.{places}f} to {estimate.high:+.{places}f}"
    return f"{estimate.value:+.{places}f}", between


def _p_value(effect: Effect) -> str:
    if effect.p_holm is None:
        return ""
    return ("<0.001" if effect.p_holm < 0.001 else f"{effect.p_holm:.3f}") + (" *" if effect.is_told else "  ")


def tests(comparison: Comparison) -> int:
    """How many tests of effects there are, on all metrics."""
    return sum(effect.p_value is not None for found in comparison.effects for effect in found.effects)


def share_columns(comparison: Comparison) -> list[Column]:
    """Each effect's share of the variance between runs, a column a metric."""
    return _by_metric(comparison, _share, "noise between seeds")


def detectable_columns(comparison: Comparison) -> list[Column]:
    """The smallest difference of two values that had a chance of POWER to be told, a column a metric."""
    return _by_metric(comparison, _detectable, "")


def _by_metric(comparison: Comparison, told: Callable[[Comparison, str, Effect], str], last: str) -> list[Column]:
    names = dict.fromkeys(effect.name for found in comparison.effects for effect in found.effects)
    table = {name: [_entry(comparison, found, name, told) for found in comparison.effects] for name in names}
    rows = {name: row for name, row in table.items() if any(row)}
    if last and any(found.noise is not None for found in comparison.effects):
        rows[last] = ["" if found.noise is None else f"{found.noise_share:.2f} " for found in comparison.effects]
    first = Column("effect", [name or "other differences" for name in rows], right=False)
    heads = [short_name(found.metric) for found in comparison.effects]
    return [first, *(Column(head, [row[i] for row in rows.values()]) for i, head in enumerate(heads))]


def _entry(comparison: Comparison, found: Effects, name: str, told: Callable[[Comparison, str, Effect], str]) -> str:
    return next((told(comparison, found.metric, effect) for effect in found.effects if effect.name == name), "")


def _share(_comparison: Comparison, _metric: str, effect: Effect) -> str:
    return f"{effect.share:.2f}{'*' if effect.is_told else ' '}"


def _detectable(comparison: Comparison, metric: str, effect: Effect) -> str:
    return "" if effect.detectable is None else f"{effect.detectable:.{decimals(comparison, metric)}f}"


def importance_columns(comparison: Comparison) -> list[Column]:
    """Each axis' importance, a column a metric."""
    found = comparison.importance
    axes = dict.fromkeys(axis for shares in found.values() for axis in shares)
    columns = [Column("searched", list(axes), right=False)]
    return columns + [Column(short_name(m), [f"{shares[axis]:.2f}" for axis in axes]) for m, shares in found.items()]
