"""What stored latent vectors say: the scores of both sides of the split, of groups of images, and their tables.

A run measures what it has stored, so that measuring it again gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from cae.config import AnalysisConfig
from cae.registries import MEASURES
from metrics import Measure, Scores, score
from metrics.catalog import HEADLINES
from metrics.correlations import pairs_above
from metrics.groups import Group, groups
from metrics.marginals import Marginals
from metrics.moments import DegenerateError
from sweeps.pipeline.attributes import score_attributes
from sweeps.pipeline.latents import SIDES, LatentSplit

GROUP_SEED = 0
# What the prefix of a metric stands for.
WORDS = {"mnd": "training vectors", "mnd_test": "held-out vectors"}


@dataclass(frozen=True, eq=False)
class Measurements:
    """metrics: full name to number. steps: full name to {percent: number}, the core profiles. omitted: name to reason.

    tables: file name to table. scores: of the training vectors.
    """

    metrics: dict[str, float]
    steps: dict[str, dict[int, float]]
    omitted: dict[str, str]
    tables: dict[str, pd.DataFrame]
    scores: Scores


def measure(
    sides: dict[str, LatentSplit], analysis: AnalysisConfig, tell: Callable[[str], None] = lambda part: None
) -> Measurements:
    """Every metric of both sides; tables and groups of the training side. tell: called with what is measured."""
    metrics: dict[str, float] = {"latents/rounding": sides["train"].rounding}
    steps: dict[str, dict[int, float]] = {}
    omitted: dict[str, str] = {}
    tables: dict[str, pd.DataFrame] = {}
    of: dict[str, Scores] = {}
    for prefix, name in SIDES.items():
        side = sides[name]
        found = score(
            side.sample,
            contour_pairs=analysis.contour_pairs,
            levels=analysis.levels,
            covariates=side.properties,
            extra=plugged_measures(analysis),
            tell=partial(_tell_null, tell, prefix),
            watch=partial(_tell_family, tell, prefix),
        )
        of[name] = found
        metrics |= {f"{prefix}/{key}": value for key, value in logged(found).items()}
        omitted |= {f"{prefix}/{key}": reason for key, reason in found.omitted.items()}
        steps |= {f"{prefix}/core/{key}": values for key, values in core_steps(found).items()}
        tables[f"{prefix}.csv"] = score_table(found)
    tell("groups of images")
    each, groups_of = _components(sides["train"], of["train"]), _groups(sides, of["train"])
    every = tables | each | groups_of.tables
    return Measurements(metrics | groups_of.metrics, steps, omitted | groups_of.omitted, every, of["train"])


def _tell_null(tell: Callable[[str], None], prefix: str, done: int, total: int) -> None:
    tell(f"normal cloud {done + 1} of {total} for {WORDS[prefix]}")


def _tell_family(tell: Callable[[str], None], prefix: str, family: str) -> None:
    tell(f"{family} of {WORDS[prefix]}")


def plugged_measures(analysis: AnalysisConfig) -> list[Measure]:
    """The measures of plug-ins, each with its code's identity as version. Raises PluginError."""
    named = ((MEASURES.load(name), MEASURES.identity(name)) for name in analysis.metrics)
    return [replace(measure, version=str(identity)) for measure, identity in named]


def logged(scores: Scores) -> dict[str, float]:
    """The numbers for MLflow: headlines with everything beside them, other metrics with their gap in null sds alone."""
    chosen: dict[str, float] = {}
    for row in scores.rows:
        if row.name.startswith("core/"):
            continue
        chosen[row.name] = row.value
        shown = row.beside if row.name in HEADLINES else row.beside.keys() & {"gap_sds"}
        chosen |= {f"{row.name}_{part}": row.beside[part] for part in shown}
    return chosen


def score_table(scores: Scores) -> pd.DataFrame:
    """One row per metric, with what it is read against."""
    return pd.DataFrame([{"metric": row.name, "value": row.value, **row.beside} for row in scores.rows])


def core_steps(scores: Scores) -> dict[str, dict[int, float]]:
    """Headline, and headline_null, to {percentage of the points in the core: value}."""
    if scores.profile is None:
        return {}
    percent = [round(100 * share) for share in scores.profile.shares]
    columns = dict(scores.profile.values)
    columns |= {f"{name}_null": values for name, values in (scores.profile.null or {}).items()}
    return {name: dict(zip(percent, values.tolist(), strict=True)) for name, values in columns.items()}


def _components(side: LatentSplit, scores: Scores) -> dict[str, pd.DataFrame]:
    """Tables of components and correlated pairs; none where a component is constant."""
    if scores.components is None:
        return {}
    return {
        "components.csv": component_table(scores.components),
        "correlated_pairs.csv": pd.DataFrame(pairs_above(side.sample.moments), columns=["i", "j", "r"]),
    }


@dataclass(frozen=True, eq=False)
class _Groups:
    metrics: dict[str, float] = field(default_factory=dict)
    omitted: dict[str, str] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def _groups(sides: dict[str, LatentSplit], scores: Scores) -> _Groups:
    """What is known of groups of images that share an attribute."""
    side = sides["train"]
    if not side.attributes or scores.components is None:
        return _Groups()
    known = {name: np.where(values < 0, np.nan, values) for name, values in side.attributes.items()}
    try:
        found, reasons = groups(side.vectors, side.sample.moments, known, np.random.default_rng(GROUP_SEED))
    except DegenerateError as error:
        return _Groups(omitted={"mnd/groups": str(error)})
    told = score_attributes(sides, pd.DataFrame([asdict(group) for group in found]))
    omitted = {f"mnd/groups/{name}": reason for name, reason in reasons.items()} | told.omitted
    return _Groups(group_metrics(found) | told.metrics, omitted, {"attributes.csv": told.table})


def component_table(each: Marginals) -> pd.DataFrame:
    """One row per component, those far off the origin or wide first, as in the articles' table."""
    table = pd.DataFrame(asdict(each))
    table.insert(0, "component", np.arange(len(table)))
    return table.iloc[np.argsort(-np.hypot(each.mean, each.sd), kind="stable")]


def group_metrics(found: list[Group]) -> dict[str, float]:
    """How far the groups lie apart, and how normal they are within beside as many points at random."""
    everybody, *others = found
    columns = {
        "mnd/groups/shift": [group.shift for group in others],
        "mnd/groups/overlap": [group.overlap for group in others],
        "mnd/groups/auc": [group.auc for group in others],
        "mnd/groups/marginal_gaussianity": [group.marginal_gaussianity for group in others],
        "mnd/groups/radius_agreement": [group.radius_agreement for group in others],
        "mnd/groups/marginal_gaussianity_all": [everybody.marginal_gaussianity],
        "mnd/groups/radius_agreement_all": [everybody.radius_agreement],
    }
    known = {name: [value for value in values if value is not None] for name, values in columns.items()}
    return {name: float(np.mean(values)) for name, values in known.items() if values}
