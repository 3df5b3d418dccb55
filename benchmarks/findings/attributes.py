"""Tables of docs/findings.md on attributes and innermost maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.findings.markdown import NOT_YET, markdown, mean
from benchmarks.findings.results import cells_of, chosen
from benchmarks.findings.scores import ACTIVATION, DIMENSIONS, EXPLAINED, aucs, network

CONTROLS = ("control/untrained/", "control/pca/")
SHOWN_ATTRIBUTES = 6
# Sweeps in which the same networks are trained for 12, 48, 144 and 24 epochs, and which of their activations are shown.
BY_EPOCHS, BESIDE = ("activation", "epochs", "long_training", "batch_norm"), ("leaky_relu", "tanh")


def attributes() -> str:
    """The attributes that are told best and worst from 256 latent dimensions, beside the two controls; and all."""
    found = chosen("attributes", model_latent_dim=256)
    if found.empty:
        return NOT_YET
    prefix = "attributes/auc_"
    names = [name.removeprefix(prefix) for name in map(str, found) if name.startswith(prefix)]
    order = sorted(names, key=lambda name: -found[f"attributes/auc_{name}"].mean())
    head = ["attribute", "AUC", "untrained", "pixels", "shift", "overlap"]
    rows = [_attribute(found, name) for name in order[:SHOWN_ATTRIBUTES]]
    rows += [["...", *[""] * 5], *(_attribute(found, name) for name in order[-SHOWN_ATTRIBUTES:])]
    every = [mean(aucs(found, of)) for of in ("", *CONTROLS)]
    return markdown(head, [*rows, [f"*all {len(names)}*", *every, "", ""]])


def _attribute(found: pd.DataFrame, name: str) -> list[str]:
    told = [mean(found[f"{of}attributes/auc_{name}"]) for of in ("", *CONTROLS)]
    beside = [
        f"{found.get(f'attributes/{kind}_{name}', pd.Series(np.nan)).mean():.2f}" for kind in ("shift", "overlap")
    ]
    return [name, *told, *beside]


def reactions() -> str:
    """What the innermost maps react to, before and after training."""
    found = chosen("attributes")
    if found.empty:
        return NOT_YET
    head = [
        "latent dimensions",
        "",
        "dead",
        "active",
        "light and detail explain",
        "AUC of the best attribute",
        "chance",
    ]
    rows = []
    for (d,), cell in cells_of(found, [DIMENSIONS]):
        for words, of in (("trained", ""), ("untrained", "control/untrained/")):
            kinds = ("dead", "active", "explained", "auc", "auc_chance")
            rows.append([str(d), words, *(mean(cell[f"{of}maps/{kind}"]) for kind in kinds)])
    return markdown(head, rows)


def longer() -> str:
    """What is told from latent vectors and innermost maps after more and more epochs, with 256 latent dimensions."""
    head = ["network", "pixels", "epochs", "mean AUC of all attributes", "untrained", "principal components"]
    head += ["light and detail explain of a map", "of an untrained one"]
    rows = []
    for sweep in BY_EPOCHS:
        for (name, on), cell in cells_of(chosen(sweep), [ACTIVATION, "model.batch_norm"]):
            if name in BESIDE:
                told = (mean(aucs(cell, of)) for of in ("", *CONTROLS))
                maps = (mean(cell[of]) if of in cell else "" for of in (EXPLAINED, f"control/untrained/{EXPLAINED}"))
                size = (str(cell[field].iloc[0]) for field in ("data.resolution", "training.epochs"))
                rows.append([network(name, on), *size, *told, *maps])
    return markdown(head, sorted(rows, key=lambda row: (row[0], int(row[1])))) if rows else NOT_YET


BLOCKS: dict[str, Callable[[], str]] = {
    "attribute_table": attributes,
    "reactions": reactions,
    "longer": longer,
}
