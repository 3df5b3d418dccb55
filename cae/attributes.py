"""Attributes in latent space: what tells who has one, what adds it to a face, and sums of groups of faces.

Attributes are given as name to (n,) numbers, one for each latent vector: 1 has it, 0 has not, -1 or NaN not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score

KINDS = ("mean_difference", "adjusted", "discriminant")
# As in metrics.groups, which leaves the same attributes out.
MIN_MEMBERS = 50
# The AUC of ten against many scatters by 0.09 where there is nothing to tell (Mann and Whitney 1947).
MIN_JUDGED = 10
# The mean of ten faces is a third as far off its group's mean as a single face.
MIN_AVERAGED = 10
COVARIANCE_VECTORS = 20_000


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions of k attributes among vectors of d components, float64 (k, d) each.

    mean_difference: the mean of those with less the mean of those without, for moving. Of all displacements after which
        the discriminant sees as much more of the attribute, it is the most probable one, if both groups are normal with
        one covariance: the most probable way from a typical vector without to a typical one with. What comes along with
        the attribute among the faces (glasses: men, age) comes along here.
    adjusted: the same with all the other attributes held fixed, also for moving: the coefficients of a linear
        regression of the vectors on all attributes together. Of attributes that say the same, each gets a part. An
        unknown label counts as the mean, which holds the less fixed the more are unknown.
    discriminant: Fisher's, covariance^-1 mean_difference (Fisher 1936), the mean difference in whitened space, for
        telling: vectors @ discriminant is larger for those with it. No way to move: it weighs up what hardly varies,
        so that a step along it leaves the cloud. The covariance is that of all vectors, which gives the same direction
        as that within the groups, shrunk (Ledoit and Wolf 2004).
    """

    names: tuple[str, ...]
    mean_difference: np.ndarray
    adjusted: np.ndarray
    discriminant: np.ndarray


def directions(
    vectors: np.ndarray, attributes: Mapping[str, ArrayLike], covariance_vectors: int = COVARIANCE_VECTORS
) -> tuple[Directions, dict[str, str]]:
    """The directions of all attributes that 50 vectors have and 50 lack; name to reason (one line) for the others.

    vectors: (n, d), n > 1. Raises ValueError for values that are no attribute of n vectors.
    Cost: n d k multiplications, and one covariance for all attributes, of at most `covariance_vectors`: of 20,000 the
    discriminant tells groups apart less far than that of all vectors, by d / 40,000, 0.6 % at 256 components (Reed et
    al. 1974).
    """
    labels, omitted = _enough(_labels(attributes, len(vectors)))
    if (vectors == vectors[0]).all():
        labels, omitted = {}, omitted | dict.fromkeys(labels, "all vectors are the same")
    if not labels:
        return Directions((), *np.empty((3, 0, vectors.shape[1]))), omitted
    centered = vectors - vectors.mean(axis=0)
    weights = np.array([_centered(values) for values in labels.values()], centered.dtype)
    # A regression on one attribute alone has the mean difference as its coefficient: both come from the same sums.
    products, scatter = (weights @ centered).astype(np.float64), (weights @ weights.T).astype(np.float64)
    mean_difference = products / np.diag(scatter)[:, None]
    adjusted = np.linalg.lstsq(scatter, products, rcond=None)[0]
    some = centered[:: -(-len(vectors) // covariance_vectors)].astype(np.float64)
    discriminant = np.linalg.solve(ledoit_wolf(some)[0], mean_difference.T).T
    return Directions(tuple(labels), mean_difference, adjusted, discriminant), omitted


def aucs(
    found: Directions, vectors: np.ndarray, attributes: Mapping[str, ArrayLike]
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Kind of direction to name to AUC; and name to reason for the attributes that too few vectors have or lack.

    AUC: chance that vectors @ direction ranks a vector with the attribute above one without, 0 to 1, 0.5 = by chance
    alone. vectors: (n, d), other ones than the directions were found with, and their attributes.
    """
    labels = _labels({name: attributes[name] for name in found.names}, len(vectors))
    reasons = {name: _too_few(values, MIN_JUDGED, "held-out vectors") for name, values in labels.items()}
    omitted = {name: reason for name, reason in reasons.items() if reason}
    judged: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        scores = vectors @ getattr(found, kind).T
        judged[kind] = {name: _auc(labels[name], scores[:, k]) for k, name in enumerate(labels) if name not in omitted}
    return judged, omitted


def _auc(values: np.ndarray, scores: np.ndarray) -> float:
    known = values >= 0
    return float(roc_auc_score(values[known], scores[known]))


def edit(vectors: np.ndarray, direction: np.ndarray, strengths: ArrayLike) -> np.ndarray:
    """float32 (n, s, d): each vector (n, d) moved along the direction (d,) by each of s strengths.

    0 leaves a vector as it is; 1 is the way from a typical vector without to a typical one with the attribute, if the
    direction is `mean_difference` or `adjusted`; -1 the way back.
    """
    steps = np.multiply.outer(np.asarray(strengths, np.float64), direction)
    return (vectors[:, None] + steps).astype(np.float32)


# --- labels ------------------------------------------------------------------------------------------------------


def _labels(attributes: Mapping[str, ArrayLike], n: int) -> dict[str, np.ndarray]:
    """Name to int8 (n,) of 1, 0 and -1. Raises ValueError for what is no attribute of n vectors."""
    labels = {}
    for name, given in attributes.items():
        values = np.asarray(given)
        if values.shape != (n,) or values.dtype.kind not in "biuf":
            raise ValueError(f"attribute {name} has shape {values.shape} and type {values.dtype}; give {n} numbers")
        wrong = ~(np.isin(values, (-1, 0, 1)) | np.isnan(values))
        if wrong.any():
            raise ValueError(f"attribute {name} has the value {values[wrong][0]}; give 1, 0, and -1 or NaN")
        labels[name] = np.nan_to_num(values, nan=-1).astype(np.int8)
    return labels


def _enough(labels: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    reasons = {name: _too_few(values, MIN_MEMBERS, "vectors") for name, values in labels.items()}
    omitted = {name: reason for name, reason in reasons.items() if reason}
    return {name: values for name, values in labels.items() if name not in omitted}, omitted


def _too_few(values: np.ndarray, needed: int, what: str) -> str | None:
    """The reason, where fewer than that many have the attribute or lack it."""
    have, lack = np.count_nonzero(values == 1), np.count_nonzero(values == 0)
    if min(have, lack) >= needed:
        return None
    return f"{have} {what} with it and {lack} without; at least {needed} of each are needed"


def _centered(values: np.ndarray) -> np.ndarray:
    """float64 (n,): 1 and 0 less their mean; 0 where not known."""
    known = values >= 0
    return np.where(known, values - values[known].mean(), 0.0)


# --- arithmetic --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Those who have and lack certain attributes: (name, has it) for each condition."""

    conditions: tuple[tuple[str, bool], ...]

    def __str__(self) -> str:
        return " & ".join(name if has else f"!{name}" for name, has in self.conditions)


@dataclass(frozen=True)
class Recipe:
    """A sum of groups of faces, (+1 or -1, group) for each term, and the group that should come out."""

    terms: tuple[tuple[int, Group], ...]
    expected: Group


def parse(recipe: str) -> Recipe:
    """The recipe written as `Male & Eyeglasses - Male & !Eyeglasses + !Male & !Eyeglasses = !Male & Eyeglasses`.

    A group is a name, or several joined by `&` (and), with `!` before a name for those without. Groups are added by `+`
    and taken away by `-`; one more is added than taken away, so that the sum is a face and no difference of faces.
    After `=` stands the group that should come out. Blanks do not matter; names hold none of `+ - & ! =`.
    Raises ValueError with what is wrong and how to write it.
    """
    total, *expected = recipe.split("=")
    if len(expected) != 1:
        raise ValueError(f"recipe {recipe!r} has {len(expected)} '='; write one, before the group that should come out")
    signed = total if total.lstrip().startswith(("+", "-")) else f"+{total}"
    _, *pieces = re.split(r"([+-])", signed)
    signs = [1 if sign == "+" else -1 for sign in pieces[::2]]
    added = signs.count(1)
    if sum(signs) != 1:
        raise ValueError(
            f"recipe {recipe!r} adds {added} groups and takes {len(signs) - added} away; "
            "add one more than are taken away, so that the sum is a face"
        )
    groups = [_group(text, recipe) for text in pieces[1::2]]
    return Recipe(tuple(zip(signs, groups, strict=True)), _group(expected[0], recipe))


def _group(text: str, recipe: str) -> Group:
    conditions = []
    for condition in text.split("&"):
        match = re.fullmatch(r"(!?)\s*([^\s!]+)", condition.strip())
        if match is None:
            raise ValueError(
                f"recipe {recipe!r} has {condition.strip()!r} where an attribute is expected; "
                "write NAME or !NAME, joined by & within a group"
            )
        conditions.append((match[2], not match[1]))
    return Group(tuple(conditions))


def mean_vector(group: Group, vectors: np.ndarray, attributes: Mapping[str, ArrayLike]) -> np.ndarray:
    """float64 (d,): the mean of those of the vectors (n, d) that meet all conditions of the group.

    Raises ValueError for an attribute that is not there, or if fewer than 10 meet them.
    """
    names = [name for name, _ in group.conditions]
    if missing := [name for name in names if name not in attributes]:
        raise ValueError(f"group {group}: there is no attribute {', '.join(missing)}")
    labels = _labels({name: attributes[name] for name in names}, len(vectors))
    meets = np.logical_and.reduce([labels[name] == has for name, has in group.conditions])
    if meets.sum() < MIN_AVERAGED:
        raise ValueError(f"group {group}: {meets.sum()} vectors; at least {MIN_AVERAGED} are needed for a mean")
    return np.asarray(vectors[meets].mean(axis=0, dtype=np.float64))
