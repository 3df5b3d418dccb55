"""What the images alone and an untrained network score: what a run's own scores are read against.

Of the same images and as many dimensions, through the same code. Computed once for each data set, size and network,
and kept beside the null distributions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import keras
import numpy as np

from cae import latents, pixels
from cae.config import RunConfig, flatten, identity, plugin_identities
from cae.datasets import ImageSet
from metrics import VERSION, score
from metrics.catalog import HEADLINES
from metrics.elliptical import elliptical_cloud
from metrics.moments import DegenerateError, Sample
from metrics.null import cache_folder
from sweeps.files import read_json, write_json
from sweeps.pipeline.reactions import map_reactions, told_attributes

# Raised when more is measured, so that what older versions kept is measured anew.
EDITION = 4
CONTROLS = ("untrained", "projection", "pca")
FAMILIES = ("marginal", "contour", "radius", "elliptical", "origin", "pursuit")
# Fields of a network that change its loss alone, not how it starts.
LOSS_ALONE = {f"model.{name}" for name in ("regularizer", "regularizer_weight", "latent_l2", "decoder_l2")}
# The held-out vectors' scores, as a run has them.
HELD_OUT = "mnd_test/"
# What tells a shell, a common radius, heavy tails and a single odd direction from the headlines' like.
KEPT = (
    *HEADLINES,
    "radius/spread",
    "elliptical/kurtosis",
    "elliptical/kurtosis_of_directions",
    "origin/norm_agreement",
    "origin/norm_spread",
    "pursuit/ks",
)


@dataclass(frozen=True)
class Controls:
    """metrics: `control/NAME/METRIC`, of the held-out images `control/NAME/mnd_test/METRIC`, and
    `reconstruction/mse_pca`. omitted: name to reason for what is left out."""

    metrics: dict[str, float]
    omitted: dict[str, str]

    def __or__(self, other: Controls) -> Controls:
        """These and the other's."""
        return Controls(self.metrics | other.metrics, self.omitted | other.omitted)


def measure_controls(
    config: RunConfig,
    images: ImageSet,
    untrained: Callable[[], keras.Model],
    tell: Callable[[str], None] = lambda part: None,
) -> Controls:
    """The controls of a run's images, training and held out, out of the cache or computed and put there.

    untrained: makes the run's encoder as it is before its first step. tell: called with what is measured.
    projection: a random Gaussian projection of the color values. pca: their scores along the d widest principal axes,
    not rotated: rotated at random they would be the images' main part in random directions, which is what `projection`
    is already; as they are, each component is one of the directions in which the images differ most. For the measures
    that no rotation changes it is the same.
    """
    data = _of_data(config, images)
    network = data | _of_network(config)
    tell("the untrained network")
    found = _kept("untrained", network, lambda: _untrained(config, images, untrained()))
    tell("a random projection of the pixels")
    found |= _kept("projection", data, lambda: _projected(config, images))
    tell("principal axes of the pixels")
    return found | _kept("pca", data, lambda: _principal(config, images))


def measure_elliptical(side: Sample, config: RunConfig) -> Controls:
    """What an elliptical cloud of a run's own covariance and radii scores: how much of each the radius explains."""
    try:
        cloud = elliptical_cloud(side.points, side.moments, np.random.default_rng(0))
    except DegenerateError as error:
        return Controls({}, {"control/elliptical": str(error)})
    return _scored("elliptical", cloud, config)


def gains(metrics: dict[str, float]) -> dict[str, float]:
    """`gain/HEADLINE` and `gain/mnd_test/HEADLINE`: how far training moved each headline from where the untrained
    network had it, of the training images and of those held out."""
    pairs = {
        f"{side}{name}": (f"{side or 'mnd/'}{name}", f"control/untrained/{side}{name}")
        for side in ("", HELD_OUT)
        for name in HEADLINES
    }
    return {
        f"gain/{name}": metrics[own] - metrics[control]
        for name, (own, control) in pairs.items()
        if own in metrics and control in metrics
    }


def _both_sides(name: str, train: np.ndarray, test: np.ndarray, config: RunConfig) -> Controls:
    """What vectors of a control score: those of the training images, and in headlines those of the held-out ones."""
    held_out = _scored(name, test, config, HEADLINES, HELD_OUT)
    return _scored(name, train, config) | held_out


# --- each control ------------------------------------------------------------------------------------------------


def _untrained(config: RunConfig, images: ImageSet, encoder: keras.Model) -> Controls:
    train, test = (latents.encode(encoder, images.images, index) for index in (images.train, images.test))
    told = told_attributes(train, test, images) | map_reactions(encoder, images)
    return _both_sides("untrained", train, test, config) | _beside("untrained", told)


def _projected(config: RunConfig, images: ImageSet) -> Controls:
    # Both sides at once, as the matrix is large.
    index = np.concatenate([images.train, images.test])
    both = pixels.random_projection(images.images, index, config.model.latent_dim)
    train, test = np.split(both, [len(images.train)])
    return _both_sides("projection", train, test, config)


def _principal(config: RunConfig, images: ImageSet) -> Controls:
    """The scores along the principal axes, and how well so many axes rebuild the held-out images."""
    try:
        axes = pixels.pixel_axes(images, config.model.latent_dim)
    except ValueError as error:
        return Controls({}, {"control/pca": str(error)})
    train, test = (axes.scores(images.images, index) for index in (images.train, images.test))
    found = _both_sides("pca", train, test, config) | _beside("pca", told_attributes(train, test, images))
    return found | Controls({"reconstruction/mse_pca": axes.error(images.images, images.test)}, {})


def _beside(name: str, told: dict[str, float]) -> Controls:
    return Controls({f"control/{name}/{key}": value for key, value in told.items()}, {})


def _scored(name: str, vectors: np.ndarray, config: RunConfig, kept: Sequence[str] = KEPT, side: str = "") -> Controls:
    analysis = config.analysis
    found = score(
        vectors, contour_pairs=analysis.contour_pairs, levels=analysis.levels, calibrate=False, families=FAMILIES
    )
    place = f"control/{name}/{side}"
    return Controls(
        {f"{place}{key}": found.values[key] for key in kept if key in found.values},
        {f"{place}{key}": found.omitted[key] for key in kept if key in found.omitted},
    )


# --- the cache ---------------------------------------------------------------------------------------------------


def _kept(name: str, key: dict[str, Any], compute: Callable[[], Controls]) -> Controls:
    """Out of the cache, or computed and put there; a cache that is damaged or full costs the time again."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = cache_folder().parent / "controls" / f"{name}_{digest}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = read_json(path)
        return Controls(content["metrics"], content["omitted"])
    found = compute()
    with suppress(OSError):
        write_json(path, {"metrics": found.metrics, "omitted": found.omitted, "key": key})
    return found


def _of_data(config: RunConfig, images: ImageSet) -> dict[str, Any]:
    fields = {k: v for k, v in flatten(config).items() if k.startswith("data.") and k != "data.path"}
    fields["data.mixture"] = [{k: v for k, v in part.items() if k != "path"} for part in fields["data.mixture"]]
    measured = {"pairs": config.analysis.contour_pairs, "levels": list(config.analysis.levels), "version": VERSION}
    measured["edition"] = EDITION
    return {"digest": images.digest, "d": config.model.latent_dim, **measured, **fields}


def _of_network(config: RunConfig) -> dict[str, Any]:
    # Penalties draw no weights: whatever is enforced, the network starts as the one that nothing enforces.
    used = {k: v for k, v in identity(config).items() if k.startswith("model.") and k not in LOSS_ALONE}
    fields = used | {k: v for k, v in flatten(config).items() if k in ("training.precision", "training.seed")}
    # The same seed gives other weights with another backend. TensorFlow goes without saying, as in older versions.
    backend = keras.config.backend()
    other = {} if backend == "tensorflow" else {"backend": backend}
    return fields | {"keras": version("keras"), "plugins": plugin_identities(config)} | other
