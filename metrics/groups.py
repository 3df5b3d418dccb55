"""Data or network? How far groups of the data lie apart in the cloud, and how normal the cloud is within each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from metrics.marginals import ks_distances
from metrics.moments import (
    DegenerateError,
    Moments,
    check_full_rank,
    mahalanobis_squared,
    row_slices,
    subsample,
)
from metrics.moments import moments as moments_of
from metrics.radius import radius_agreement

MIN_MEMBERS = 50
# Below this many points per component in the half that fits, a discriminant without a ridge mostly fits noise.
ENOUGH_PER_COMPONENT = 2
RIDGE = 0.01


@dataclass(frozen=True)
class Group:
    """Points with one attribute, or all points in the reference row "all", which has nothing to be apart from.

    share: of the points whose attribute is known, 0 to 1.
    shift: Mahalanobis distance between the means of those with and without, 0 and up; 0 = the same center. None: why is
        in `omitted` under NAME/shift, as for the following.
    auc: chance that a linear discriminant ranks a point with above one without, 0 to 1, 0.5 = by chance alone.
    marginal_gaussianity, radius_agreement: of as many members as in all other rows, 0 to 1, 1 = normal.
    overlap: of the two distributions along that discriminant, 0 to 1, 1 = they are the same, 0 = apart.
    """

    name: str
    share: float
    shift: float | None
    auc: float | None
    marginal_gaussianity: float | None
    radius_agreement: float | None
    overlap: float | None = None


def groups(
    points: np.ndarray,
    moments: Moments,
    attributes: Mapping[str, ArrayLike],
    rng: np.random.Generator,
    size: int = 1000,
) -> tuple[list[Group], dict[str, str]]:
    """The row "all" and one per attribute; and what is left out: NAME or NAME/FIELD to the reason (one line).

    points: (n, d), all the measured ones, and their moments. attributes: name to (n,) of 0, 1 and NaN (unknown), or
    bool; with fewer than 50 points with or without it, it is left out.
    shift^2 is unbiased for normal groups of equal covariance (Lachenbruch 1975), cut off at 0. auc: Fisher's
    discriminant by the pooled covariance of a random half, judged on the other half, so that 0.5 is its null for any n
    and d; below 2 d points to fit, a ridge of 1 % of the variances is added. overlap: of the judged half, the share of
    those with below plus the share of those without above the middle between their means. That is the area under both
    densities (Weitzman 1970) where they cross in the middle alone, as those of normals with one covariance do: 2 Phi of
    -shift / 2 (Inman and Bradley 1989); elsewhere it is an upper bound. Unlike kernel estimates and the largest gap of
    the distributions it has next to no bias in small groups. Normality: of `size` members drawn at random (4 d where
    size is below 2 d), by their own moments, as both depend on the number of points. If the
    attributes made the cloud what it is, groups are more normal than "all"; if the network did, they are alike.
    Raises ValueError for values of another kind, DegenerateError as `check_full_rank`.
    Cost: n d^2 / 2 and 4 n d k multiplications, and size d^2 for each of k attributes; n d^2 / 2 for each with NaN.
    """
    check_full_rank(moments)
    size = size if size >= 2 * moments.d else 4 * moments.d
    labels, omitted = _labels(attributes, moments.n)
    shifts = _shifts(points, moments, labels, omitted)
    told = _told_apart(points, moments, labels, rng)
    found = [Group("all", 1.0, None, None, *_normality("all", points, np.arange(moments.n), size, rng, omitted))]
    for k, name in enumerate(labels.names):
        members, share = np.flatnonzero(labels.having[:, k]), labels.share(k)
        normality = _normality(name, points, members, size, rng, omitted)
        auc, overlap = told[k]
        found.append(Group(name, share, shifts[k], auc, *normality, overlap))
    return found, omitted


@dataclass(frozen=True, eq=False)
class _Labels:
    """k names; having and lacking: (n, k) bool, both False where a point's attribute is unknown."""

    names: list[str]
    having: np.ndarray
    lacking: np.ndarray

    def share(self, k: int) -> float:
        have, lack = np.count_nonzero(self.having[:, k]), np.count_nonzero(self.lacking[:, k])
        return have / (have + lack)


def _labels(attributes: Mapping[str, ArrayLike], n: int) -> tuple[_Labels, dict[str, str]]:
    """The attributes that enough points have and lack, and why the others are left out."""
    names, columns, omitted = [], [], {}
    for name, values in attributes.items():
        having, lacking = _column(name, values, n)
        have, lack = np.count_nonzero(having), np.count_nonzero(lacking)
        if min(have, lack) < MIN_MEMBERS:
            omitted[name] = f"{have} points with it and {lack} without; at least {MIN_MEMBERS} of each are needed"
        else:
            names.append(name)
            columns.append((having, lacking))
    # A row per point, contiguous: rows are what the sums below gather.
    having, lacking = np.array(columns, dtype=bool).reshape(len(names), 2, n).transpose(1, 2, 0).copy()
    return _Labels(names, having, lacking), omitted


def _column(name: str, values: ArrayLike, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Who has and who lacks the attribute (n,), bool. Raises ValueError for what is no attribute of n points."""
    array = np.asarray(values)
    if array.shape != (n,) or array.dtype.kind not in "biuf":
        raise ValueError(
            f"attribute {name} has shape {array.shape} and type {array.dtype}; give {n} numbers, 0, 1 or NaN"
        )
    having, lacking = array == 1, array == 0
    wrong = ~(having | lacking | np.isnan(array))
    if wrong.any():
        raise ValueError(f"attribute {name} has the value {array[wrong][0]}; give 0, 1 or NaN")
    return having, lacking


def _shifts(points: np.ndarray, moments: Moments, labels: _Labels, omitted: dict[str, str]) -> list[float | None]:
    """The distances between those with and without; where there is none, None and its reason in `omitted`."""
    every = np.arange(moments.n)
    differences = _differences(points, moments.mean, labels, every)
    shifts: list[float | None] = []
    for k, name in enumerate(labels.names):
        known = np.flatnonzero(labels.having[:, k] | labels.lacking[:, k])
        try:
            own = moments if len(known) == moments.n else _moments_at(points, known, moments.mean)
            shifts.append(_shift(differences[k], own, labels.share(k)))
        except DegenerateError as reason:
            omitted[f"{name}/shift"] = str(reason)
            shifts.append(None)
    return shifts


def _shift(difference: np.ndarray, moments: Moments, share: float) -> float:
    """Unbiased Mahalanobis distance of two groups, from the difference of their means and the moments of both."""
    n, d = moments.n, moments.d
    if n <= d + 3:
        raise DegenerateError(f"{n} points in {d} components have no unbiased distance; use more than {d + 3} points")
    # Total scatter = within + weight * difference difference'; the inverse follows (Sherman and Morrison 1950).
    total = mahalanobis_squared(moments.mean + difference[None], moments)[0] / (n - 1)
    weight = n * share * (1 - share)
    within = (n - 2) * total / (1 - weight * total)
    return float(np.sqrt(max(0.0, (n - d - 3) / (n - 2) * within - d / weight)))


def _told_apart(
    points: np.ndarray, moments: Moments, labels: _Labels, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """AUC and overlap for each attribute: what the discriminant of a random half of the points finds in the others."""
    if not labels.names:
        return []
    order = rng.permutation(moments.n)
    fit, judged = np.sort(order[: moments.n // 2]), np.sort(order[moments.n // 2 :])
    weights = _discriminants(points, moments, labels, fit)
    scores = np.empty((len(judged), len(labels.names)))
    for rows in row_slices(len(judged), moments.d):
        scores[rows] = (points[judged[rows]] - moments.mean) @ weights
    having, lacking = labels.having[judged], labels.lacking[judged]
    pairs = [(scores[having[:, k], k], scores[lacking[:, k], k]) for k in range(len(labels.names))]
    return [(_auc(with_it, without), _overlap(with_it, without)) for with_it, without in pairs]


def _discriminants(points: np.ndarray, moments: Moments, labels: _Labels, fit: np.ndarray) -> np.ndarray:
    """Fisher's discriminant for each attribute (d, k), from the points `fit`."""
    # The covariance of both groups together gives the same direction as that within them, and all attributes share it.
    covariance = _moments_at(points, fit, moments.mean).covariance / np.outer(moments.sd, moments.sd)
    if len(fit) < ENOUGH_PER_COMPONENT * moments.d:
        covariance += RIDGE * np.eye(moments.d)
    differences = _differences(points, moments.mean, labels, fit) / moments.sd
    # A component that is constant among these points, though not among all, gets no weight.
    return np.linalg.pinv(covariance, hermitian=True) @ differences.T / moments.sd[:, None]


def _auc(having: np.ndarray, lacking: np.ndarray) -> float:
    """Share of pairs in which the score of the one that has it is larger; ties count half."""
    ranks = rankdata(np.concatenate([having, lacking]))[: len(having)]
    return float((ranks.mean() - (len(having) + 1) / 2) / len(lacking))


def _overlap(having: np.ndarray, lacking: np.ndarray) -> float:
    """Shares of both samples on the other's side of the middle between their means, added, 1 at most; ties half."""
    middle = (having.mean() + lacking.mean()) / 2
    wrong = 2 + np.sign(middle - having).mean() + np.sign(lacking - middle).mean()
    return min(1.0, float(wrong) / 2)


def _differences(points: np.ndarray, offset: np.ndarray, labels: _Labels, indices: np.ndarray) -> np.ndarray:
    """Mean of those with less mean of those without (k, d), of the points at these indices."""
    with_it, without = np.zeros((2, len(labels.names), offset.size))
    for rows in row_slices(len(indices), offset.size):
        some = indices[rows]
        centred = points[some] - offset
        with_it += labels.having[some].T.astype(np.float64) @ centred
        without += labels.lacking[some].T.astype(np.float64) @ centred
    have, lack = labels.having[indices].sum(axis=0), labels.lacking[indices].sum(axis=0)
    return with_it / have[:, None] - without / lack[:, None]


def _moments_at(points: np.ndarray, indices: np.ndarray, offset: np.ndarray) -> Moments:
    """The moments of the points at these indices, without a copy of them all; offset: (d,) close to their mean."""
    total, products = np.zeros(offset.size), np.zeros((offset.size,) * 2)
    for rows in row_slices(len(indices), offset.size):
        centred = points[indices[rows]] - offset
        total += centred.sum(axis=0)
        products += centred.T @ centred
    n = len(indices)
    return Moments(n, offset + total / n, (products - np.outer(total, total) / n) / (n - 1))


def _normality(
    name: str, points: np.ndarray, members: np.ndarray, size: int, rng: np.random.Generator, omitted: dict[str, str]
) -> tuple[float | None, float | None]:
    """Marginal gaussianity and radius agreement of `size` of the members; None twice with the reason in `omitted`."""
    if len(members) < size:
        omitted[f"{name}/normality"] = f"{len(members)} points; {size} are needed to compare with other groups"
        return None, None
    sample = points[members[subsample(len(members), size, rng)]]
    try:
        own = moments_of(sample)
        squared = mahalanobis_squared(sample, own)
        return 1 - float(ks_distances(sample, own).mean()), radius_agreement(squared, own.d)
    except DegenerateError as reason:
        omitted[f"{name}/normality"] = str(reason)
        return None, None
