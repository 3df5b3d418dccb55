"""What a comparison says, in words: one sentence that answers the question, and what cannot be told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from metrics.catalog import HEADLINES
from sweeps.analysis.cells import Cell, noise
from sweeps.analysis.comparison import Comparison
from sweeps.analysis.joint import disagreements
from sweeps.spec.display import plural
from sweeps.spec.goals import MSE
from sweeps.spec.remarks import LEAST_EXPLAINED, training_words
from sweeps.spec.sweep import Metric, Sweep

# PED-ANOVA asks what sets the best tenth of the trials apart; its authors want five of them there.
ENOUGH = 50
SHOWN = 3
ROUNDING = 1e-6


def answer(comparison: Comparison) -> str:
    """One sentence: the best cell, by how much, and whether that is more than the noise between seeds."""
    ranked = [group for group in reversed(comparison.groups) if group.rank is not None and group.keeps]
    if not ranked and not any(group.has_learned for group in comparison.groups):
        return (
            f"No finished cell reconstructs its images: all explain less than {100 * LEAST_EXPLAINED:.0f} % of what "
            "the mean image leaves. Their scores say nothing about an autoencoder; train longer, or at another rate."
        )
    if not ranked:
        return f"No finished cell keeps the constraints: {', '.join(comparison.sweep.constraints)}."
    if len(comparison.ranking) > 1:
        return _front(comparison, ranked)
    metric = comparison.ranking[0]
    best = f"Best by {metric.name}: {ranked[0].label} with {_mean(comparison, ranked[0], metric)}"
    beside = f"{_trained(ranked[0], metric)}{''.join(f' But it is {remark}.' for remark in ranked[0].remarks)}"
    if comparison.lead is None:
        kept = " that keeps the constraints" if comparison.sweep.constraints else ""
        return f"{best}; there is no other finished cell{kept}.{beside}"
    verdict = _verdict(comparison, ranked)
    return f"{best}, {_ahead(comparison, metric)} than the next, {ranked[1].label}: {verdict}.{beside}"


def _trained(cell: Cell, metric: Metric) -> str:
    """What training did to the metric in this cell; empty where controls do not know it."""
    said = training_words(metric.name, "it", {key: summary.mean for key, summary in cell.summaries.items()})
    return "" if said is None else f" In this cell {said}."


def _front(comparison: Comparison, ranked: Sequence[Cell]) -> str:
    best = [group for group in ranked if group.is_pareto]
    names = dict.fromkeys([*(metric.name for metric in comparison.ranking), MSE])
    more = f"; and {len(best) - SHOWN} more" if len(best) > SHOWN else ""
    labels = "; ".join(group.label for group in best[:SHOWN])
    return f"{len(best)} of {len(ranked)} cells are beaten by no other in {', '.join(names)} alike: {labels}{more}."


def _mean(comparison: Comparison, group: Cell, metric: Metric) -> str:
    summary, places = group.summaries[metric.name], decimals(comparison, metric.name)
    spread = "" if summary.sd is None else f" ± {summary.sd:.{places}f}"
    return f"{summary.mean:.{places}f}{spread} ({summary.count} seed{'s' if summary.count > 1 else ''})"


def _ahead(comparison: Comparison, metric: Metric) -> str:
    lead, places = comparison.lead, decimals(comparison, metric.name)
    assert lead is not None
    between = "" if lead.low is None else f" (95 % interval {lead.low:.{places}f} to {lead.high:.{places}f})"
    return f"{lead.difference:.{places}f}{between} {'more' if metric.goal == 'maximize' else 'less'}"


def _verdict(comparison: Comparison, ranked: Sequence[Cell]) -> str:
    lead = comparison.lead
    assert lead is not None
    if lead.tied is None or lead.low is None:
        return "whether that is more than noise between seeds cannot be told"
    if lead.low > 0:
        return "more than the noise between seeds"
    tied = f"{lead.tied} of the {len(ranked) - 1} other cells cannot be told from the best"
    return "no more than the noise between seeds" + (f"; {tied}" if len(ranked) > 2 else "")


def decimals(comparison: Comparison, metric: str) -> int:
    """Digits after the point that a metric's means deserve: two of the noise, or where none is known of what the cells
    differ by."""
    groups = [group for group in comparison.groups if metric in group.summaries]
    means = [group.summaries[metric].mean for group in groups]
    size = noise(groups, metric)[0] or (max(means) - min(means)) / 10
    return min(max(1 - math.floor(math.log10(size)), 0), 8) if size > 0 else 4


# --- what cannot be told -----------------------------------------------------------------------------------------


def limitations(comparison: Comparison) -> list[str]:
    """Lines on what these runs cannot say, and why; each once."""
    return list(
        dict.fromkeys(
            [
                *disagreements(comparison.sweeps, comparison.ranking),
                *_faults(comparison),
                *_unfinished(comparison),
                *_effects(comparison),
                *_search(comparison),
                *_sizes(comparison),
            ]
        )
    )


def _faults(comparison: Comparison) -> Iterator[str]:
    for group in comparison.groups:
        yield from (f"{group.label}: {remark}" for remark in group.remarks)
    unranked = sum(not group.has_learned for group in comparison.groups)
    if unranked:
        few = f"explains less than {100 * LEAST_EXPLAINED:.0f} %"
        yield f"{plural(unranked, 'cell')} without a rank: what {few} of its images is no autoencoder"


def _unfinished(comparison: Comparison) -> Iterator[str]:
    missing = sum(comparison.unfinished.values())
    if missing:
        states = ", ".join(f"{count} {state}" for state, count in comparison.unfinished.items())
        total = missing + sum(len(group.runs) for group in comparison.groups)
        yield f"{missing} of {total} runs are not finished ({states}) and not compared"
    for name in comparison.groups[0].values:
        values = {group.values[name] for group in comparison.groups}
        if missing and len(comparison.groups) > 1 and len(values) == 1:
            yield f"{name}: all finished runs have {values.pop()}"
    for metric in comparison.metrics:
        lacking = sum(len(group.runs) - _count(group, metric) for group in comparison.groups)
        if lacking:
            yield f"{metric} was not measured in {lacking} finished run{'s' if lacking > 1 else ''}"


def _count(group: Cell, metric: str) -> int:
    return group.summaries[metric].count if metric in group.summaries else 0


def _effects(comparison: Comparison) -> Iterator[str]:
    reasons = {found.metric: found.reason for found in comparison.effects if found.reason}
    everywhere = len(reasons) == len(comparison.effects) and len(set(reasons.values())) == 1
    for metric, reason in reasons.items():
        yield f"no intervals{'' if everywhere else f' for {metric}'}: {reason}"
    for found in comparison.effects:
        yield from (
            f"{effect.name}: their values come together, so their effects cannot be told apart"
            for effect in found.effects
            if len(effect.parameters) == 1 and len(effect.parameters[0]) > 1
        )
        yield from (f"{name}: {reason}" for name, reason in found.left_out.items())
    yield from _shares(comparison)


def _shares(comparison: Comparison) -> Iterator[str]:
    for found in comparison.effects[:1]:
        total = sum(effect.share for effect in found.effects) + found.noise_share
        if found.effects and abs(total - 1) > 0.005:
            yield (
                f"shares add up to {total:.2f}, not 1: cells are missing or have unequal numbers of runs, so some of "
                f"the variance belongs to several effects or to none"
            )


def _search(comparison: Comparison) -> Iterator[str]:
    if not comparison.searches:
        return
    if comparison.others:
        yield f"effects: {_listed(comparison.searches)}, whose trials are no design; compare the grids without"
        return
    yield "effects: the trials of a search are no design; importance stands in for them and has no intervals"
    if len(comparison.groups) < ENOUGH:
        yield f"importance asks what the best tenth have in common; {len(comparison.groups)} trials are few for that"
    if comparison.lead is not None and comparison.lead.low is None:
        yield "noise: no trial has two finished runs that differ; give at least 2 seeds"


def _listed(searches: Sequence[Sweep]) -> str:
    names = " and ".join(sweep.name for sweep in searches)
    return f"{names} {'is a search' if len(searches) == 1 else 'are searches'}"


def _sizes(comparison: Comparison) -> Iterator[str]:
    """Where chance alone scores differently from cell to cell, because they differ in n or d."""
    found = []
    for name in (f"mnd/{headline}" for headline in HEADLINES[:3]):
        nulls = {s.null for group in comparison.groups if (s := group.summaries.get(name)) and s.null is not None}
        if max(nulls, default=0) - min(nulls, default=0) > ROUNDING:
            found.append(f"{name} {min(nulls):.3f} to {max(nulls):.3f}")
    if found:
        yield (
            f"cells differ in their numbers of points or dimensions, so normal clouds themselves score differently "
            f"({', '.join(found)}); compare by NAME_adjusted, for example --metric mnd/radius_agreement_adjusted"
        )
