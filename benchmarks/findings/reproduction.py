"""The numbers that the articles give, beside those of the same network here."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from benchmarks.findings.markdown import NOT_YET, markdown
from benchmarks.findings.results import RANKS, chosen

PAIRS = {"0.1": "1,456", "0.2": "158", "0.3": "44", "0.4": "25", "0.5": "16", "0.6": "8"}
# What it is; what the articles have of their networks, trained on 170,000 CelebA photographs at 96 pixels (posts I, III
# and IV of the series of 2023); our metric; its format.
QUANTITIES = (
    *(
        (f"pairs of components with abs(r) above {r}", n, f"mnd/correlation/above_{r}", ",.0f")
        for r, n in PAIRS.items()
    ),
    ("half side of the cube whose uniform vectors have the same radii", "1.5", "mnd/radius/cube", ".2f"),
    ("share of vectors near 0 in all components but two", "0.0004 to 0.0007", "mnd/origin/slab_share", ".4f"),
    ("share of vectors nearer to the center than the origin", "origin at the border", "mnd/origin/share_nearer", ".3f"),
    ("half-width of the marginals, over a normal one's", "normal by eye", "mnd/marginal/half_width", ".2f"),
    ("pairs of components: agreement of contours with ellipses", "good to 3 sigma", "mnd/contour_agreement", ".3f"),
    ("the same of the pairs that correlate most", "", "mnd/contour/correlated", ".3f"),
    ("all dimensions: agreement of the radii", "not looked at", "mnd/radius_agreement", ".3f"),
)
# Post III: mean and half-width of the twenty components that lie farthest off or are widest, of 256.
DOMINANT = (
    *((-0.25, 1.5), (0.5, 1.125), (0.0, 1.625), (0.25, 2.125), (0.25, 1.5), (0.0, 2.0), (0.5, 1.875), (2.25, 2.25)),
    *((1.5, 4.125), (-1.0, 2.25), (0.5, 1.875), (-0.25, 1.5), (0.25, 1.75), (-1.5, 2.0), (-0.5, 2.25), (-0.5, 1.25)),
    *((0.0, 1.75), (0.25, 1.5), (-0.25, 2.375), (-0.5, 1.0)),
)
PLAIN = {"model_activation": "leaky_relu", "model_batch_norm": False}
# Where the components of the articles' network are published, of one run each.
COMPONENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "64 px, 12 epochs": ("enforced", {"model_regularizer": "none"}),
    "64 px, 48 epochs": ("epochs", PLAIN),
}
HERE = {"64 px, 12 epochs": "activation", "64 px, 48 epochs": "epochs", "96 px, 24 epochs": "batch_norm"}


def reproduction() -> str:
    """Means over seeds of the articles' network on these photographs."""
    found = {words: _networks(sweep) for words, sweep in HERE.items()}
    found = {words: runs for words, runs in found.items() if len(runs)}
    if not found:
        return NOT_YET
    head = ["", "articles", *(f"here, {words}" for words in found)]
    rows = [
        [what, theirs, *(_ours(runs[name], form) for runs in found.values())] for what, theirs, name, form in QUANTITIES
    ]
    return markdown(head, rows)


def dominant() -> str:
    """The articles' table of dominant components beside one network for each length of training, by rank."""
    networks = {words: _with_components(sweep, fields) for words, (sweep, fields) in COMPONENTS.items()}
    found = {words: runs.iloc[0] for words, runs in networks.items() if len(runs)}
    if not found:
        return NOT_YET
    theirs = dict(enumerate((_placed(*each) for each in sorted(DOMINANT, key=lambda each: -math.hypot(*each))), 1))
    rows = [[str(rank), theirs.get(rank, ""), *(_of_rank(run, rank) for run in found.values())] for rank in RANKS]
    return markdown(["rank", "articles", *(f"here, {words}" for words in found)], rows)


def _with_components(sweep: str, fields: dict[str, Any]) -> pd.DataFrame:
    """Runs of which the components are published."""
    found = chosen(sweep, **fields)
    first = "components/mean@1"
    return found.dropna(subset=[first]) if first in found else found.iloc[:0]


def _of_rank(run: pd.Series, rank: int) -> str:
    return _placed(*(run[f"components/{name}@{rank}"] for name in ("mean", "half_width")))


def _placed(mean: float, half_width: float) -> str:
    return f"{mean:.2f}, {half_width:.2f}"


def _networks(sweep: str) -> pd.DataFrame:
    return chosen(sweep, **PLAIN)


def _ours(values: pd.Series, form: str) -> str:
    return f"{values.mean():{form}} ± {values.std(ddof=1):{form}}" if len(values) > 1 else f"{values.mean():{form}}"
