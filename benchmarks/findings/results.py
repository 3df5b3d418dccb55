"""The published runs of a sweep: what `cae compare --json` printed, as one row for each run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sweeps.files import atomic_write
from sweeps.spec.grid import count
from sweeps.spec.sweep_file import load
from sweeps.tracking.artifacts import fetch, listing

FOLDER = Path(__file__).parents[2] / "experiments" / "results"
# Where files lie says nothing of a result, and is nobody's business.
PLACES = ("data.path",)
# Metrics with steps that are kept: how scores formed over the epochs, and of the innermost percents of the cloud.
STEPPED = ("formation/", "mnd/core/")
COMPONENTS = "scores/components.csv"
# Of the components, the articles' table has twenty.
RANKS = (*range(1, 21), 64, 128, 192, 256)


HEADLINES = {"marginals": "marginal_gaussianity", "contours": "contour_agreement", "radii": "radius_agreement"}
# What tells the cells of a sweep apart.
AXES = {
    "surrogates": ["data.surrogate"],
    "activation": ["model.activation", "model.batch_norm"],
    "dataset": ["data.name", "data.factors", "data.contrast"],
    "latent_dim": ["data.name", "model.latent_dim"],
    "epochs": ["model.activation", "model.batch_norm"],
    "long_training": ["model.activation", "model.batch_norm", "training.epochs"],
    "maps": ["model.maps"],
    "batch_norm": ["model.activation", "model.batch_norm"],
    "resolution": ["data.resolution", "data.crop"],
    "radius": ["data.contrast", "data.background", "data.blur"],
    "attributes": ["model.latent_dim"],
    "enforced": ["model.regularizer", "model.regularizer_weight"],
}


# What radius.yaml takes away from photographs.
REMOVED = {
    "equal contrast": ("data.contrast", "normalized"),
    "no background": ("data.background", "masked"),
    "no detail": ("data.blur", 2.0),
}


@cache
def runs(name: str) -> pd.DataFrame:
    """A row for each finished run: its fields, then its metrics. Lists are text. Empty where nothing is published."""
    file = FOLDER / f"{name}.json"
    if not file.exists():
        return pd.DataFrame()
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    done = [cell for cell in cells if _is_done(cell)]
    return pd.DataFrame([_row(cell) for cell in done])


def cells_of(found: pd.DataFrame, axes: list[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Values of these fields, and the runs that have them, in the order of the file."""
    return iter(found.groupby(axes, sort=False)) if len(found) else iter(())


def removed() -> dict[str, pd.DataFrame]:
    """What is taken away, in words, and the runs without it; "as they are" first."""
    cells = [cell for _, cell in cells_of(runs("radius"), AXES["radius"])]
    return {_removed(cell.iloc[0]): cell for cell in cells}


def _removed(run: pd.Series) -> str:
    return ", ".join(words for words, (field, value) in REMOVED.items() if run[field] == value) or "as they are"


def _row(cell: dict[str, Any]) -> dict[str, Any]:
    return {"cell_hash": cell["cell_hash"]} | _fields(cell["parameters"]) | cell["metrics"] | _steps(cell)


def planned(name: str) -> int:
    """How many runs the sweep's file has."""
    return count(load(FOLDER.parent / f"{name}.yaml"))


def _steps(cell: dict[str, Any]) -> dict[str, float]:
    """Metrics with steps as NAME@STEP."""
    steps = cell.get("steps", {})
    return {f"{name}@{step}": value for name, values in steps.items() for step, value in values.items()}


def _fields(parameters: dict[str, Any]) -> dict[str, Any]:
    """Lists as text; nothing where synthetic faces alone have a value that says something."""
    fields = {name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()}
    return fields if fields["data.name"] == "synthetic" else fields | {"data.factors": ""}


def chosen(name: str, **fields: Any) -> pd.DataFrame:
    """The runs of a sweep with these values; `model_batch_norm=True` stands for model.batch_norm: true."""
    found = runs(name)
    for field, value in fields.items():
        if len(found):
            found = found[found[field.replace("_", ".", 1)] == value]
    return found


def publish(comparison: Path) -> Path:
    """Keeps what `cae compare --json` printed of each run under the sweep's name, without places of files; gives where.

    The runs have to be in the record at hand: metrics with steps are added. Runs that were
    published before and are not among these stay: a sweep may be done in parts, on several machines.
    """
    content = json.loads(comparison.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell["metrics"] = {name: short(value) for name, value in cell["metrics"].items()}
        cell["parameters"] |= dict.fromkeys(PLACES)
        for part in cell["parameters"]["data.mixture"]:
            part["path"] = None
        if _is_done(cell):
            cell["steps"] = _with_steps(cell["run_id"])
    place = FOLDER / f"{content['sweep'].replace('-', '_')}.json"
    done = {cell["config_hash"]: cell for cell in content["cells"] if _is_done(cell)}
    # The comparison itself is of the runs at hand, not of all that are published.
    published = {"sweep": content["sweep"], "cells": list((_published(place) | done).values())}
    write(place, published)
    return place


def write(place: Path, content: dict[str, Any]) -> None:
    """Without spaces; whole or not at all."""
    with atomic_write(place) as unfinished:
        unfinished.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def short(value: float) -> float:
    """In six significant digits, more than seeds leave the same: half of the file."""
    return float(f"{value:.6g}")


def _is_done(cell: dict[str, Any]) -> bool:
    return bool(cell["state"] == "finished")


def _published(place: Path) -> dict[str, dict[str, Any]]:
    """The runs that a file of results has, by their hash."""
    before = json.loads(place.read_text(encoding="utf-8"))["cells"] if place.exists() else []
    return {cell["config_hash"]: cell for cell in before}


def _with_steps(run_id: str) -> dict[str, dict[str, float]]:
    """Curves by step, and by rank where the components lie and how wide they are."""
    with tempfile.TemporaryDirectory() as scratch:
        steps = json.loads(fetch(run_id, "result.json", Path(scratch)).read_text(encoding="utf-8"))["steps"]
        kept = {name: values for name, values in steps.items() if name.startswith(STEPPED)}
        # A cloud with a constant component has no table of them.
        if COMPONENTS in listing(run_id, "scores"):
            kept |= _components(pd.read_csv(fetch(run_id, COMPONENTS, Path(scratch))))
    return {name: {step: short(value) for step, value in values.items()} for name, values in kept.items()}


def _components(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Mean and half-width of the dominant components, those far off the origin or wide, and of some others, by rank."""
    ranked = table.iloc[np.argsort(-np.hypot(table["mean"], table["half_width"]), kind="stable")]
    ranks = [rank for rank in RANKS if rank <= len(ranked)]
    return {
        f"components/{name}": {str(rank): float(ranked[name].iloc[rank - 1]) for rank in ranks}
        for name in ("mean", "half_width")
    }
