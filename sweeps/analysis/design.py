"""Which effects of its parameters a set of cells can tell, each as weights of the cells' means.

Finished sweeps are seldom complete: `exclude` and `include` leave cells out, `zip` moves values together, runs fail. So
effects are contrasts of cell means (Searle, Speed and Milliken 1980, The American Statistician 34, 216) rather than
coefficients of a model that would take cells which are not there for granted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# Joins the names of parameters that cannot be told apart, and of two that interact.
TOGETHER, TIMES = " & ", " × "
NOT_USED = "-"
# Codes are -1, 0 and 1, so whatever is smaller comes of rounding.
ROUNDING = 1e-8
TOLD = 3


@dataclass(frozen=True)
class Factor:
    """One parameter, or several that cannot be told apart. codes: the level of each cell, as a position in `levels`."""

    names: tuple[str, ...]
    levels: tuple[str, ...]
    codes: tuple[int, ...]

    @property
    def name(self) -> str:
        return TOGETHER.join(name.split(".")[-1] for name in self.names)


@dataclass(frozen=True, eq=False)
class Contrast:
    """An effect, as weights of the cells' means.

    factors: one for a main effect, two for an interaction, none for what the others leave between the cells.
    tested: (df, cells), all zero where there is no effect. labels and estimated: (k, cells), the numbers that tell it;
    pairs: (p, cells), every difference between two levels of a main effect.
    """

    factors: tuple[Factor, ...]
    tested: np.ndarray
    labels: tuple[str, ...]
    estimated: np.ndarray
    pairs: np.ndarray

    @property
    def name(self) -> str:
        return TIMES.join(factor.name for factor in self.factors)


@dataclass(frozen=True)
class Design:
    """What can be told: contrasts, main effects first; and left_out: the other interactions, each with the reason."""

    factors: tuple[Factor, ...]
    contrasts: tuple[Contrast, ...]
    left_out: dict[str, str]


def design_of(cells: Sequence[Mapping[str, str]]) -> Design:
    """What these cells can tell. cells: each one's level of every parameter, no two alike.

    A main effect is the mean of a level's cells less the mean over all levels, where cells are missing by least squares
    on the cells' means: every level of the others counts the same, and every cell, however many runs it has.
    Parameters whose main effects cannot be told apart (moved together, or one used with some values of another alone)
    become one factor with the combinations that exist as levels. An interaction stays where every part of it can be
    told from the main effects and from all other interactions.
    """
    factors = _separable([_factor((name,), [(cell[name],) for cell in cells]) for name in (cells[0] if cells else ())])
    pairs = list(itertools.combinations(factors, 2))
    terms = [(factor,) for factor in factors] + pairs
    tied = _coupled([_columns(term) for term in terms])
    left_out = {_name(terms[i]): _reason(terms, i, group) for group in tied for i in group if len(terms[i]) == 2}
    kept = [term for term in terms if _name(term) not in left_out]
    return Design(tuple(factors), tuple(_contrasts(kept, len(cells))), left_out)


def _factor(names: tuple[str, ...], values: Sequence[tuple[str, ...]]) -> Factor:
    levels = list(dict.fromkeys(values))
    texts = tuple(TOGETHER.join(value or NOT_USED for value in level) for level in levels)
    return Factor(names, texts, tuple(levels.index(value) for value in values))


def _separable(factors: Sequence[Factor]) -> list[Factor]:
    """The factors that vary, those that cannot be told apart joined until the rest can."""
    chosen = [factor for factor in factors if len(factor.levels) > 1]
    while tied := _coupled([_columns((factor,)) for factor in chosen]):
        for group in tied:
            chosen[group[0]] = _joined([chosen[i] for i in group])
        gone = {i for group in tied for i in group[1:]}
        chosen = [factor for i, factor in enumerate(chosen) if i not in gone]
    return chosen


def _joined(factors: Sequence[Factor]) -> Factor:
    names = tuple(name for factor in factors for name in factor.names)
    codes = zip(*(factor.codes for factor in factors), strict=True)
    return _factor(names, [tuple(f.levels[c] for f, c in zip(factors, row, strict=True)) for row in codes])


def _sum_coding(levels: int) -> np.ndarray:
    """(levels, levels - 1): what each level's deviation from the mean of all is made of."""
    return np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])


def _columns(term: tuple[Factor, ...]) -> np.ndarray:
    """(cells, df): the term's columns of the design matrix."""
    first, *others = (_sum_coding(len(factor.levels))[list(factor.codes)] for factor in term)
    for other in others:
        first = np.einsum("ci,cj->cij", first, other).reshape(len(first), -1)
    return first


def _coupled(parts: Sequence[np.ndarray]) -> list[list[int]]:
    """Groups of positions whose columns, beside a constant, cannot be told apart. One that stands alone depends on
    itself: an interaction whose cells are not all there."""
    if not parts:
        return []
    matrix = np.hstack([np.ones((len(parts[0]), 1)), *parts])
    # Projects coefficients on those that change no cell's mean; two parts are tied where it mixes them.
    mixed = np.abs(np.eye(matrix.shape[1]) - np.linalg.pinv(matrix, rcond=ROUNDING) @ matrix) > ROUNDING
    ends = np.cumsum([1, *(part.shape[1] for part in parts)])
    blocks = [slice(start, end) for start, end in itertools.pairwise(ends)]
    tied = [{j for j, other in enumerate(blocks) if mixed[block, other].any()} for block in blocks]
    return _components(tied)


def _components(tied: Sequence[set[int]]) -> list[list[int]]:
    groups: list[set[int]] = []
    for partners in filter(None, tied):
        touched = [group for group in groups if group & partners]
        groups = [group for group in groups if group not in touched] + [partners.union(*touched)]
    return [sorted(group) for group in groups]


def _name(term: tuple[Factor, ...]) -> str:
    return TIMES.join(factor.name for factor in term)


def _reason(terms: Sequence[tuple[Factor, ...]], position: int, tied: Sequence[int]) -> str:
    first, second = terms[position]
    present = set(zip(first.codes, second.codes, strict=True))
    every = itertools.product(range(len(first.levels)), range(len(second.levels)))
    missing = [f"{first.levels[a]} with {second.levels[b]}" for a, b in every if (a, b) not in present]
    if missing:
        more = f" and {len(missing) - TOLD} more" if len(missing) > TOLD else ""
        return f"no cell has {', '.join(missing[:TOLD])}{more}"
    return f"cannot be told from {', '.join(_name(terms[i]) for i in tied if i != position)}"


def _contrasts(terms: Sequence[tuple[Factor, ...]], cells: int) -> list[Contrast]:
    parts = [_columns(term) for term in terms]
    matrix = np.hstack([np.ones((cells, 1)), *parts])
    weights = np.linalg.pinv(matrix)
    starts = np.cumsum([1, *(part.shape[1] for part in parts)])
    found = [
        _contrast(term, weights[start:end])
        for term, (start, end) in zip(terms, itertools.pairwise(starts), strict=True)
    ]
    rest = np.linalg.svd(matrix)[0][:, matrix.shape[1] :].T
    none = np.empty((0, cells))
    return [*found, Contrast((), rest, (), none, none)] if len(rest) else found


def _contrast(term: tuple[Factor, ...], tested: np.ndarray) -> Contrast:
    """Of two levels the difference, of two by two the difference of differences, else each one's deviation."""
    deviations = _sum_coding(len(term[0].levels))
    for factor in term[1:]:
        deviations = np.kron(deviations, _sum_coding(len(factor.levels)))
    if all(len(factor.levels) == 2 for factor in term):
        # Sum coding gives the first level's deviation, half the difference between the levels.
        return Contrast(
            term, tested, (_difference(term),), tested * (-2) ** len(term), _pairs(term, deviations @ tested)
        )
    levels = itertools.product(*(factor.levels for factor in term))
    return Contrast(
        term,
        tested,
        tuple(" with ".join(row) for row in levels),
        deviations @ tested,
        _pairs(term, deviations @ tested),
    )


def _difference(term: tuple[Factor, ...]) -> str:
    return TIMES.join(f"({b} vs {a})" if len(term) > 1 else f"{b} vs {a}" for a, b in (f.levels for f in term))


def _pairs(term: tuple[Factor, ...], deviations: np.ndarray) -> np.ndarray:
    if len(term) > 1:
        return deviations[:0]
    return np.array([b - a for a, b in itertools.combinations(deviations, 2)])
