"""What stored latent vectors say: the scores of both sides of the split, of groups of images, and their tables.

A run measures what it has stored, so that measuring it again gives the same numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cae.config import AnalysisConfig
from cae.datasets import ImageSet
from cae.datasets.crops import contrasts
from metrics import Scores, score
from metrics.catalog import HEADLINES
from metrics.correlations import pairs_above
from metrics.groups import Group, groups
from metrics.marginals import Marginals
from metrics.moments import DegenerateError, moments

# float16 keeps 3 digits, far below the noise of any score, up to this magnitude.
FLOAT16_LIMIT = 30_000
SIDES = {"mnd": "train", "mnd_test": "test"}
GROUP_SEED = 0


@dataclass(frozen=True, eq=False)
class Side:
    """One side of the split: latent vectors (n, d), float32, and what is known of their images.

    contrast: (n,) sd of the luminance; None in files of metrics version 1. attributes: name to (n,) of 1, 0 and -1,
    not known.
    """

    vectors: np.ndarray
    contrast: np.ndarray | None = None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Measured:
    """metrics: full name to number. steps: full name to {percent: number}, the core profiles. omitted: name to reason.

    tables: file name to table. scores: of the training vectors.
    """

    metrics: dict[str, float]
    steps: dict[str, dict[int, float]]
    omitted: dict[str, str]
    tables: dict[str, pd.DataFrame]
    scores: Scores


def save_latents(path: Path, images: ImageSet, train: np.ndarray, test: np.ndarray) -> None:
    """Writes both sides' vectors, the indices, contrasts and attributes of their images, as `latents.npz`."""
    largest = max(float(np.abs(train).max()), float(np.abs(test).max()))
    dtype = np.float16 if largest < FLOAT16_LIMIT else np.float32
    known = images.attributes.fillna(-1).astype(np.int8)
    content: dict[str, np.ndarray] = {"attributes": np.array(list(known.columns), dtype=str)}
    for name, vectors, index in (("train", train, images.train), ("test", test, images.test)):
        content[name] = vectors.astype(dtype)
        content[f"{name}_index"] = index
        content[f"{name}_contrast"] = contrasts(images.images, index)
        content[f"{name}_attributes"] = known.to_numpy()[index]
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **content)  # type: ignore[arg-type]


def load_latents(path: Path) -> dict[str, Side]:
    """The training and the held-out side by "train" and "test", vectors as they were stored, in float32."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: _side(stored, name) for name in SIDES.values()}


def _side(stored: Any, name: str) -> Side:
    side = Side(stored[name].astype(np.float32))
    if "attributes" not in stored:
        return side
    table = stored[f"{name}_attributes"]
    attributes = {str(column): table[:, number] for number, column in enumerate(stored["attributes"])}
    return replace(side, contrast=stored[f"{name}_contrast"], attributes=attributes)


def measure(sides: dict[str, Side], analysis: AnalysisConfig) -> Measured:
    """Every metric of both sides; tables and groups of the training side."""
    metrics: dict[str, float] = {}
    steps: dict[str, dict[int, float]] = {}
    omitted: dict[str, str] = {}
    tables: dict[str, pd.DataFrame] = {}
    of: dict[str, Scores] = {}
    for prefix, name in SIDES.items():
        side = sides[name]
        covariates = {} if side.contrast is None else {"contrast": side.contrast}
        found = score(side.vectors, contour_pairs=analysis.contour_pairs, levels=analysis.levels, covariates=covariates)
        of[name] = found
        metrics |= {f"{prefix}/{key}": value for key, value in logged(found).items()}
        omitted |= {f"{prefix}/{key}": reason for key, reason in found.omitted.items()}
        steps |= {f"{prefix}/core/{key}": values for key, values in core_steps(found).items()}
        tables[f"{prefix}.csv"] = score_table(found)
    more, reasons, more_tables = _training_details(sides["train"], of["train"])
    return Measured(metrics | more, steps, omitted | reasons, tables | more_tables, of["train"])


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


def _training_details(side: Side, scores: Scores) -> tuple[dict[str, float], dict[str, str], dict[str, pd.DataFrame]]:
    """Metrics, reasons and tables of components, correlated pairs and groups of images."""
    own, each = moments(side.vectors), scores.components
    if each is None:
        return {}, {}, {}
    tables = {
        "components.csv": component_table(each),
        "correlated_pairs.csv": pd.DataFrame(pairs_above(own), columns=["i", "j", "r"]),
    }
    if not side.attributes:
        return {}, {}, tables
    known = {name: np.where(values < 0, np.nan, values) for name, values in side.attributes.items()}
    try:
        found, omitted = groups(side.vectors, own, known, np.random.default_rng(GROUP_SEED))
    except DegenerateError as error:
        return {}, {"mnd/groups": str(error)}, tables
    tables["groups.csv"] = pd.DataFrame([asdict(group) for group in found])
    return group_metrics(found), {f"mnd/groups/{name}": reason for name, reason in omitted.items()}, tables


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
        "mnd/groups/auc": [group.auc for group in others],
        "mnd/groups/marginal_gaussianity": [group.marginal_gaussianity for group in others],
        "mnd/groups/radius_agreement": [group.radius_agreement for group in others],
        "mnd/groups/marginal_gaussianity_all": [everybody.marginal_gaussianity],
        "mnd/groups/radius_agreement_all": [everybody.radius_agreement],
    }
    known = {name: [value for value in values if value is not None] for name, values in columns.items()}
    return {name: float(np.mean(values)) for name, values in known.items() if values}
