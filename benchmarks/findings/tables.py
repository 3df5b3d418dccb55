"""The tables of docs/findings.md, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from benchmarks.findings import attributes, faces, sections
from benchmarks.findings.claims import OF_RADII, OTHERS, by_kind, claimed, held_out
from benchmarks.findings.differences import Difference
from benchmarks.findings.markdown import NOT_YET, markdown, mean, unbroken
from benchmarks.findings.reproduction import dominant, reproduction
from benchmarks.findings.results import AXES, HEADLINES, cells_of, runs
from benchmarks.findings.scores import HELD_OUT, HOLLOW, MSE, PIXEL_MSE, PIXELS, SHELL
from benchmarks.findings.summary import summary
from benchmarks.findings.verdicts import verdicts


def predictions() -> str:
    """What became of each prediction."""
    rows = [[found.prediction, found.word, found.measured] for found in verdicts()]
    return markdown(["", "verdict", "measured, means over seeds"], rows)


def effects(kind: str) -> str:
    """Differences of one kind, corrected over all that are claimed, and the same of held-out photographs."""
    beside = held_out()
    rows = [
        [
            found.words,
            found.told(),
            f"{found.p_holm:.2g}",
            "yes" if found.is_told else "no",
            _told(beside.get(found.words)),
        ]
        for found in by_kind()[kind]
    ]
    head = ["difference of the radii, or as said", "mean (95 % interval)", "p (Holm)", "told from noise", "held out"]
    return markdown(head, rows)


def counted() -> str:
    """How many differences are claimed, and told from noise, and of how many of these held-out photographs say so."""
    every, beside = claimed(), held_out()
    told = [found for found in every if found.is_told]
    known = [(found, beside[found.words]) for found in told if found.words in beside]
    alike = sum(min(found.value * end for end in (other.low, other.high)) > 0 for found, other in known)
    return (
        f"{len(every)} differences are claimed, of which {len(told)} are told from noise. Of {len(known)} of these "
        f"held-out photographs are enough; of {alike} the interval is on the same side of 0 there."
    )


def _told(found: Difference | None) -> str:
    return found.told() if found else ""


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


def _beside(cell: pd.DataFrame, name: str, *others: str) -> str:
    """A score, and in parentheses what it is read against."""
    beside = ", ".join(f"{cell[each].mean():.3f}" for each in others)
    return f"{mean(cell[name])} {unbroken(f'({beside})')}"


def _scores(cell: pd.DataFrame) -> Iterator[str]:
    yield str(len(cell))
    for name in HEADLINES.values():
        yield _beside(cell, f"mnd/{name}", f"control/untrained/{name}", f"mnd/{name}_null")
    yield f"{cell[PIXELS].mean():.3f}"
    # Fewer held-out vectors than they have components have no Mahalanobis distances.
    is_known = cell[HELD_OUT].notna().any()
    yield _beside(cell, HELD_OUT, f"control/untrained/{HELD_OUT}", f"{HELD_OUT}_null") if is_known else ""
    beside = f" ({cell[PIXEL_MSE].mean():.4f})" if PIXEL_MSE in cell else ""
    yield unbroken(f"{cell[MSE].mean():.4f}{beside}")
    yield f"shell, {cell[SHELL].mean():.2f}" if cell[SHELL].mean() < HOLLOW else ""


BLOCKS: dict[str, Callable[[], str]] = {
    "predictions": predictions,
    "counted": counted,
    **{f"effects_{kind}": partial(effects, kind) for kind in (*OF_RADII, *OTHERS)},
    "reproduction": reproduction,
    "dominant": dominant,
    "summary": summary,
    **sections.BLOCKS,
    **attributes.BLOCKS,
    **faces.BLOCKS,
}


def block(name: str) -> str:
    """The table of this name: one of BLOCKS, or the cells of a sweep."""
    return BLOCKS[name]() if name in BLOCKS else cells(name)
