"""How the pictures of each generator compare with photographs that no network has seen, as sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cae.inception import inception_features
from metrics.face_features import face_features
from metrics.generated import fid, kid, neighbourhoods
from metrics.halves import Estimate
from sweeps.pipeline.trained_model import TrainedModel

# Fewer pictures or photographs say next to nothing; more photographs than this, or than pictures, only cost time.
LEAST, MOST = 50, 512
# Where a detector finds a face in fewer of the photographs, its network's features are beside the point.
FACES = 0.5
MEASURES = ("kid", "decoded_kid", "precision", "recall", "density", "coverage", "inception_fid", "inception_kid")
# The rows of a table that no generator made.
SCALE = ("real", "reconstruction")


@dataclass(frozen=True)
class Realism:
    """columns: method to column to number, each measure with _low and _high. omitted: what is left out, and why."""

    columns: dict[str, dict[str, float]] = field(default_factory=dict)
    omitted: dict[str, str] = field(default_factory=dict)


def realism(trained: TrainedModel, pictures: Mapping[str, np.ndarray], visible: float | None) -> Realism:
    """What sets the pictures of each method apart from held-out photographs, by intervals of 95 %.

    pictures: uint8 (m, s, s, 3) by method, those of `real` the first held-out photographs, those of `reconstruction` of
    the same. They are compared with the photographs that come next, so that no picture meets its own original. visible:
    in which share of the photographs a detector finds a face, None where it was not asked; then only Inception's
    features, where their weights are given, are compared.
    `decoded_kid` is the KID from reconstructions of these photographs instead: what the generator adds to what the
    decoder cannot show anyway; chance is that of `reconstruction`.
    All methods have the same photographs and draws, so that differences between them are known better than each alone:
    `kid_behind` is a generator's KID less that of the generator with the least, with its interval; 0 for that one.
    """
    asked, weights = len(pictures["real"]), trained.config.analysis.inception_weights
    held_out = trained.held_out(len(trained.sides["test"].vectors))
    count = min(asked, len(held_out) // 2)
    if visible is None and weights is None:
        return Realism()
    if count < LEAST:
        had = f"{asked} pictures a method and {len(held_out)} held-out photographs"
        reason = f"{had}; at least {LEAST} and {2 * LEAST} are needed"
        return Realism(omitted={"faces/kid": reason})
    real = trained.originals(held_out[count : count + max(MOST, count)])
    assert real is not None
    first = {name: each[:count] for name, each in pictures.items()}
    found, omitted = [], {}
    if visible is not None and visible >= FACES:
        found.append(_by_faces(first, real, trained.decode(trained.means(real))))
    elif visible is not None:
        share = f"{100 * visible:.0f} %"
        omitted["faces/kid"] = f"its features are of faces, and a detector sees one in {share} of the photographs"
    if weights is not None:
        found.append(_by_inception(first, real, weights))
    return Realism({name: _merged([each[name] for each in found]) for name in first}, omitted)


def _by_faces(pictures: Mapping[str, np.ndarray], real: np.ndarray, decoded: np.ndarray) -> dict[str, dict[str, float]]:
    features, reference = {name: face_features(each) for name, each in pictures.items()}, face_features(real)
    shown = face_features(decoded)
    distances = {name: kid(each, reference) for name, each in features.items()}
    behind = _behind({name: each for name, each in distances.items() if name not in SCALE})
    return {
        name: _columns(
            {"kid": distances[name], **behind.get(name, {})}
            | ({} if name == "real" else {"decoded_kid": kid(each, shown)})
            | vars(neighbourhoods(each, reference))
        )
        for name, each in features.items()
    }


def _by_inception(pictures: Mapping[str, np.ndarray], real: np.ndarray, weights: str) -> dict[str, dict[str, float]]:
    reference = inception_features(real, weights)
    features = {name: inception_features(each, weights) for name, each in pictures.items()}
    return {
        name: _columns({"inception_fid": fid(each, reference), "inception_kid": kid(each, reference)})
        for name, each in features.items()
    }


def _behind(distances: Mapping[str, Estimate]) -> dict[str, dict[str, Estimate]]:
    """`kid_behind` of each method."""
    best = min(distances, key=lambda name: distances[name].value)
    return {name: {"kid_behind": each.minus(distances[best])} for name, each in distances.items()}


def _columns(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    found = {}
    for name, each in estimates.items():
        found[name] = each.value
        found[f"{name}_low"], found[f"{name}_high"] = each.interval()
    return found


def _merged(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: value for part in parts for name, value in part.items()}
