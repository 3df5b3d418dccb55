"""Tables of docs/findings.md on generated faces: the ways to draw them, and what a penalty costs and buys."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.findings.differences import from_zero
from benchmarks.findings.markdown import NOT_YET, markdown, mean
from benchmarks.findings.results import AXES, cells_of, chosen, runs
from benchmarks.findings.scores import DIMENSIONS

# What is drawn from no latent vectors, or from those of photographs.
SCALES = ("real", "reconstruction")
NORMAL = "mnd"
NORMAL_KID = f"faces/kid_{NORMAL}"
SPREAD = ("coverage", "diversity")
# Ways to draw that know the covariance, the single components, and the size alone.
VISIBLE = (NORMAL, "independent", "uniform")


def generators() -> str:
    """Every way to draw faces, best first: coverage, diversity, and by the number of latent dimensions KID and how far
    it is above that of the multivariate normal distribution of the same network."""
    cells = [cell for _, cell in cells_of(runs("generators"), [DIMENSIONS])][::-1]
    if not cells:
        return NOT_YET
    counts = [cell[DIMENSIONS].iloc[0] for cell in cells]
    kids = [text for d in counts for text in (f"KID, d = {d}", f"above `{NORMAL}` (95 % interval)")]
    head = ["faces of", *kids, *(f"{words}, d = {counts[0]}" for words in SPREAD)]
    rows = [
        [name, *(text for cell in cells for text in _kid(cell, name)), *_spread(cells[0], name)]
        for name in [*SCALES, *ranked(cells[0])]
    ]
    return markdown(head, rows)


def ranked(found: pd.DataFrame) -> list[str]:
    """The ways to draw that these runs have, by mean KID, least first."""
    kids = found.filter(regex="^faces/kid_").dropna(axis=1, how="all").mean()
    kids.index = [name.removeprefix("faces/kid_") for name in kids.index]
    return list(kids.drop(list(SCALES)).sort_values().index)


def above_normal(found: pd.DataFrame, name: str) -> pd.Series:
    """KID of a way to draw less that of the multivariate normal distribution, of each run."""
    return found[f"faces/kid_{name}"] - found[NORMAL_KID]


def plain_and_kl() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs in which nothing is enforced, and those with the penalty that changes their cloud most; or empty."""
    plain, kl = (chosen("enforced", model_regularizer=name, model_regularizer_weight=1.0) for name in ("none", "kl"))
    return plain, kl


def _kid(found: pd.DataFrame, name: str) -> Iterator[str]:
    yield mean(found[f"faces/kid_{name}"])
    difference = None if name in (NORMAL, "real") else from_zero("", above_normal(found, name))
    yield difference.told() if difference else ""


def _spread(found: pd.DataFrame, name: str) -> Iterator[str]:
    yield from (f"{found[f'faces/{kind}_{name}'].mean():.2f}" for kind in SPREAD)


def penalties() -> str:
    """Of every penalty: where its cloud lies and how many dimensions it fills, what its faces are worth, and the best
    way to draw them."""
    found = runs("enforced")
    if found.empty:
        return NOT_YET
    visible = f"visible faces: {', '.join(VISIBLE)}"
    drawn = ["KID, reconstructions", f"KID, {NORMAL}", visible, "best way to draw"]
    head = ["penalty", "weight", "center off the origin", "effective dimension", *drawn]
    return markdown(head, [[*map(str, key), *_penalized(cell)] for key, cell in cells_of(found, AXES["enforced"])])


def _penalized(cell: pd.DataFrame) -> Iterator[str]:
    yield f"{cell['mnd/off_origin_distance'].mean():.2f}"
    yield f"{cell['mnd/pca/effective_dimension'].mean():.0f}"
    yield mean(cell["faces/kid_reconstruction"])
    yield mean(cell[NORMAL_KID])
    yield ", ".join(f"{cell[f'faces/visible_{name}'].mean():.2f}" for name in VISIBLE)
    yield ranked(cell)[0]


BLOCKS = {"generators": generators, "penalties": penalties}
