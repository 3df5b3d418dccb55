"""Where a run's vectors lie, as a browser needs it: principal scores, from which everything else follows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi

from cae.attributes import directions
from cae.latent_distribution import LatentDistribution
from cae.sampling import standard_normal_draws
from sweeps.pipeline.latents import LatentSplit
from sweeps.pipeline.trained_model import cloud_of

DRAWS = 32
# Of the distances from the center, in thousandths; an MND's ends lie at infinity.
LEVELS = np.linspace(0, 1, 1001)


def points(sides: dict[str, LatentSplit], most: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is said of a run's vectors, and the arrays.

    sides: "train" and "test". most: of the vectors so many are shown, at even distances among those of each side.
    p vectors of d components and r principal axes along which the training vectors vary:

    scores (p, r) in sd along the axes; axes (d, r), each as long as the sd along it, and mean (d,): a vector is
    mean + axes @ scores, and its Mahalanobis distance the norm of its scores. origin (r,): scores of the vector 0.
    draws (32, r): scores of the first draws of the generator mnd. sds (d,) of the components, of all training vectors.
    distances, normal_distances (1001,): quantiles of the distance of the training vectors, and of an MND of r
    dimensions. held_out (p,): 1 of the held-out side. images (p,): numbers in the image set, where they are stored.
    properties (q, p) and attributes (k, p) of the images. directions (a, r): scores of the attributes' mean
    differences.
    """
    cloud = cloud_of(sides["train"])
    rows = {name: _even(len(sides[name].vectors), count) for name, count in _shares(sides, most).items()}
    vectors = np.concatenate([sides[name].vectors[rows[name]] for name in sides])
    scores = _scores(cloud, vectors)
    properties = _columns(sides, rows, "properties")
    signs = _signs(scores, properties.get("brightness"))
    found, _ = directions(sides["train"].vectors, sides["train"].attributes)
    attributes = _columns(sides, rows, "attributes")
    rank = cloud.rank
    arrays = {
        "scores": (scores * signs).astype(np.float16),
        "axes": _compact(cloud.axes[:, :rank] * cloud.scales[:rank] * signs),
        "mean": cloud.mean.astype(np.float32),
        "origin": (_scores(cloud, np.zeros((1, len(cloud.mean))))[0] * signs).astype(np.float32),
        "draws": (standard_normal_draws(DRAWS, len(cloud.mean))[:, :rank] * signs).astype(np.float16),
        "sds": cloud.sd.astype(np.float32),
        "distances": np.quantile(cloud.radii, LEVELS).astype(np.float32),
        "normal_distances": _normal_distances(rank),
        "held_out": np.repeat(np.arange(2), [len(rows[name]) for name in sides]).astype(np.uint8),
        "images": _images(sides, rows),
        "properties": _stacked(properties, np.float32, len(vectors)),
        "attributes": _stacked(attributes, np.int8, len(vectors)),
        "directions": (_whitened(cloud, found.mean_difference) * signs).astype(np.float32),
    }
    told = {
        "properties": list(properties),
        "attributes": list(attributes),
        "directions": list(found.names),
    }
    return told, arrays


def _shares(sides: dict[str, LatentSplit], most: int) -> dict[str, int]:
    """How many vectors of each side are shown: in proportion, but of the smaller side up to a fifth of all."""
    train, test = (len(sides[name].vectors) for name in ("train", "test"))
    of_test = min(test, max(most // 5, round(most * test / (train + test))))
    return {"train": min(train, most - of_test), "test": of_test}


def _even(count: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, wanted).astype(int)) if wanted else np.empty(0, int)


def _scores(cloud: LatentDistribution, vectors: np.ndarray) -> np.ndarray:
    return _whitened(cloud, vectors - cloud.mean)


def _compact(axes: np.ndarray) -> np.ndarray:
    """(d, r) in float16, or in float32 where that moves an end by a thousandth of its axis: vectors of a very small or
    large unit are beyond float16."""
    with np.errstate(over="ignore"):
        half = axes.astype(np.float16)
    moved = np.linalg.norm(half - axes, axis=0) > 1e-3 * np.linalg.norm(axes, axis=0)
    return axes.astype(np.float32) if moved.any() else half


def _whitened(cloud: LatentDistribution, differences: np.ndarray) -> np.ndarray:
    rank = cloud.rank
    return differences @ (cloud.axes[:, :rank] / cloud.scales[:rank])


def _signs(scores: np.ndarray, brightness: np.ndarray | None) -> np.ndarray:
    """1 or -1 for each axis: towards the brighter images, so that the axes of two runs point the same way; where that
    is not known, to the side of the longer tail."""
    if brightness is None or not np.ptp(brightness):
        along = (scores**3).mean(axis=0)
    else:
        along = (brightness - brightness.mean()) @ scores
    return np.where(along < 0, -1.0, 1.0)


def _normal_distances(rank: int) -> np.ndarray:
    inner = np.clip(LEVELS, LEVELS[1] / 2, 1 - LEVELS[1] / 2)
    return chi.ppf(inner, rank).astype(np.float32)


def _columns(sides: dict[str, LatentSplit], rows: dict[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """Name to the values of the vectors shown, of what both sides have."""
    parts = {name: getattr(side, kind) for name, side in sides.items()}
    shared = [name for name in parts["train"] if name in parts["test"]]
    return {name: np.concatenate([parts[side][name][rows[side]] for side in sides]) for name in shared}


def _stacked(columns: dict[str, np.ndarray], dtype: Any, count: int) -> np.ndarray:
    return np.array(list(columns.values()), dtype).reshape(len(columns), count)


def _images(sides: dict[str, LatentSplit], rows: dict[str, np.ndarray]) -> np.ndarray:
    numbers = [side.images[rows[name]] for name, side in sides.items() if side.images is not None]
    if len(numbers) < len(sides):
        return np.arange(sum(map(len, rows.values())), dtype=np.int32)
    return np.concatenate(numbers).astype(np.int32)
