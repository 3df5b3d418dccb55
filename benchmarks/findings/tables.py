"""The tables of docs/findings.md, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from benchmarks.findings.claims import claimed
from benchmarks.findings.results import runs
from benchmarks.findings.verdicts import HOLLOW, SHELL, verdicts

SHOWN = {"marginals": "marginal_gaussianity", "contours": "contour_agreement", "radii": "radius_agreement"}
NOT_YET = "*Not run yet.*"
# What tells the cells of a sweep apart.
AXES = {
    "surrogates": ["data.surrogate"],
    "activation": ["model.activation", "model.batch_norm"],
    "dataset": ["data.name", "data.factors", "data.contrast"],
    "latent_dim": ["data.name", "model.latent_dim"],
    "epochs": ["model.activation"],
    "maps": ["model.maps"],
    "batch_norm": ["model.activation", "model.batch_norm"],
    "radius": ["data.contrast", "data.background", "data.blur"],
    "attributes": ["model.latent_dim"],
    "enforced": ["model.regularizer", "model.regularizer_weight"],
}


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def predictions() -> str:
    """What became of each prediction."""
    rows = [[found.prediction, found.word, found.measured] for found in verdicts()]
    return markdown(["", "verdict", "measured, means over seeds"], rows)


def differences() -> str:
    """Every difference that is claimed, corrected over all of them."""
    rows = [[found.words, found.told(), f"{found.p_holm:.2g}", "yes" if found.is_told else "no"] for found in claimed()]
    return markdown(["difference of the radii", "mean (95 % interval)", "p (Holm)", "told from noise"], rows)


def cells(sweep: str) -> str:
    """The cells of a sweep in its order: headlines trained (untrained), held out, and what a normal cloud scores."""
    found = runs(sweep)
    if found.empty:
        return NOT_YET
    axes = AXES[sweep]
    head = [*(axis.partition(".")[2] for axis in axes), "seeds", *SHOWN, "radii held out", "remark", "MSE"]
    rows = [[*_named(key), *_scores(cell)] for key, cell in found.groupby(axes, sort=False)]
    return markdown(head, [*rows, _normal(found, len(axes))])


def _named(key: tuple[object, ...]) -> list[str]:
    return [str(part).lower() if isinstance(part, bool) else str(part) for part in key]


def _scores(cell: pd.DataFrame) -> Iterator[str]:
    yield str(len(cell))
    for name in SHOWN.values():
        untrained = cell[f"control/untrained/{name}"].mean()
        yield f"{_mean(cell[f'mnd/{name}'])} ({untrained:.3f})"
    yield _mean(cell["mnd_test/radius_agreement"])
    yield f"shell, {cell[SHELL].mean():.2f}" if cell[SHELL].mean() < HOLLOW else ""
    yield f"{cell['reconstruction/mse'].mean():.4f}"


def _mean(values: pd.Series) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}" if len(values) > 1 else f"{values.mean():.3f}"


def _normal(found: pd.DataFrame, blanks: int) -> list[str]:
    nulls = [f"{found[f'mnd/{name}_null'].mean():.3f}" for name in SHOWN.values()]
    return ["*normal clouds*", *[""] * blanks, *nulls, f"{found['mnd_test/radius_agreement_null'].mean():.3f}", "", ""]


BLOCKS = {"predictions": predictions, "differences": differences}


def block(name: str) -> str:
    """The table of this name: one of BLOCKS, or the cells of a sweep."""
    return BLOCKS[name]() if name in BLOCKS else cells(name)
