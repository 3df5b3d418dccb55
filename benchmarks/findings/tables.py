"""The tables of docs/findings.md, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.findings import faces, sections
from benchmarks.findings.claims import claimed
from benchmarks.findings.markdown import NOT_YET, markdown, mean, unbroken
from benchmarks.findings.reproduction import reproduction
from benchmarks.findings.results import AXES, HEADLINES, cells_of, runs
from benchmarks.findings.summary import summary
from benchmarks.findings.verdicts import HOLLOW, PIXELS, SHELL, verdicts


def predictions() -> str:
    """What became of each prediction."""
    rows = [[found.prediction, found.word, found.measured] for found in verdicts()]
    return markdown(["", "verdict", "measured, means over seeds"], rows)


def differences() -> str:
    """Every difference that is claimed, corrected over all of them."""
    rows = [[found.words, found.told(), f"{found.p_holm:.2g}", "yes" if found.is_told else "no"] for found in claimed()]
    return markdown(
        ["difference of the radii, or as said", "mean (95 % interval)", "p (Holm)", "told from noise"], rows
    )


def cells(sweep: str) -> str:
    """The cells of a sweep in its order, each score beside its controls: as the page says before its tables."""
    found = runs(sweep)
    if found.empty:
        return NOT_YET
    axes = AXES[sweep]
    head = [
        *(axis.partition(".")[2] for axis in axes),
        "seeds",
        *HEADLINES,
        "pixels",
        "radii held out",
        "MSE",
        "remark",
    ]
    rows = [[*_named(key), *_scores(cell)] for key, cell in cells_of(found, axes)]
    told = [place for place, column in enumerate(zip(*rows, strict=True)) if any(column)]
    return markdown([head[place] for place in told], [[row[place] for place in told] for row in rows])


def _named(key: tuple[object, ...]) -> list[str]:
    return [str(part).lower() if isinstance(part, bool) else str(part) for part in key]


def _scores(cell: pd.DataFrame) -> Iterator[str]:
    yield str(len(cell))
    for name in HEADLINES.values():
        beside = ", ".join(f"{cell[each].mean():.3f}" for each in (f"control/untrained/{name}", f"mnd/{name}_null"))
        yield f"{mean(cell[f'mnd/{name}'])} {unbroken(f'({beside})')}"
    yield f"{cell[PIXELS].mean():.3f}"
    held_out = cell["mnd_test/radius_agreement"]
    # Fewer held-out vectors than they have components have no Mahalanobis distances.
    yield "" if held_out.isna().all() else f"{mean(held_out)} ({cell['mnd_test/radius_agreement_null'].mean():.3f})"
    yield f"{cell['reconstruction/mse'].mean():.4f}"
    yield f"shell, {cell[SHELL].mean():.2f}" if cell[SHELL].mean() < HOLLOW else ""


BLOCKS = {
    "predictions": predictions,
    "differences": differences,
    "reproduction": reproduction,
    "summary": summary,
    **sections.BLOCKS,
    **faces.BLOCKS,
}


def block(name: str) -> str:
    """The table of this name: one of BLOCKS, or the cells of a sweep."""
    return BLOCKS[name]() if name in BLOCKS else cells(name)
