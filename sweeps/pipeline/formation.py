"""How a latent space forms: headlines and faces of some training images after 0, 1, 2, 4, 8 ... epochs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cae import faces, latents, sampling
from cae.config import RunConfig
from cae.datasets import ImageSet
from cae.latent_distribution import describe
from cae.model import Autoencoder
from metrics import score
from metrics.catalog import HEADLINES
from metrics.marginals import NORMAL_HALF_WIDTH
from metrics.moments import moments
from sweeps.files import read_json, write_json

SEED = 20261128
# Points, or three for each component; pairs of components, whose mean agreement is that of more of them.
POINTS, RATIO, PAIRS = 1_024, 3, 50
FAMILIES = ("marginal", "contour", "radius", "origin")
SHOWN = (*HEADLINES, "origin/norm_agreement")
PICTURES = 8
FILE = "formation.json"


def shown_epochs(epochs: int) -> list[int]:
    """0, the powers of two, and the last."""
    powers = [2**k for k in range(epochs.bit_length()) if 2**k < epochs]
    return [0, *powers, epochs]


def observe(autoencoder: Autoencoder, images: ImageSet, config: RunConfig, folder: Path, epoch: int) -> None:
    """Adds this epoch to `formation.json`, and its faces to `formation/`; nothing where it is not one of those shown.

    The same images, pairs and draws each time, and in every run on the same data.
    Cost: the encoding of POINTS images, the marginals, PAIRS contours and 12 pictures.
    """
    if not config.analysis.formation or epoch not in shown_epochs(config.training.epochs):
        return
    if epoch == 0 and (folder / FILE).exists():  # a run that goes on: what came after it stands
        return
    size = min(max(POINTS, RATIO * config.model.latent_dim), len(images.train))
    chosen = np.random.default_rng(SEED).permutation(images.train)[:size]
    vectors = latents.encode(autoencoder.encoder, images.images, np.sort(chosen))
    found = score(vectors, contour_pairs=PAIRS, calibrate=False, families=FAMILIES).values
    rows = read_json(folder / FILE) or {}
    for name in SHOWN:
        if name in found:
            rows[name] = {key: value for key, value in rows.get(name, {}).items() if int(key) < epoch}
            rows[name][str(epoch)] = found[name]
    write_json(folder / FILE, rows)
    draw(autoencoder, images, config, vectors, folder / "formation", epoch)


def draw(
    autoencoder: Autoencoder, images: ImageSet, config: RunConfig, vectors: np.ndarray, folder: Path, epoch: int
) -> None:
    """`reconstruction_EPOCH.png`, originals over their reconstructions, and `mnd_EPOCH.png`."""
    rows = np.random.default_rng(SEED).permutation(images.test)[: PICTURES // 2]
    originals = images.images[rows]
    points = latents.posterior_means(autoencoder.encoder, originals, np.arange(len(originals)))
    cloud = describe(vectors, NORMAL_HALF_WIDTH * moments(vectors).sd)
    drawn = sampling.sample("mnd", cloud, sampling.standard_normal_draws(PICTURES, vectors.shape[1]), config.analysis)
    pictures = latents.decode(autoencoder.decoder, np.concatenate([points, drawn]).astype(np.float32))
    shown = {"reconstruction": np.concatenate([originals, pictures[: len(rows)]]), "mnd": pictures[len(rows) :]}
    for name, block in shown.items():
        faces.save_png(faces.tiles(block), folder / f"{name}_{epoch:05d}.png")


def read(folder: Path) -> dict[str, dict[int, float]]:
    """`formation/HEADLINE` to {epoch: value}, of what has been observed so far."""
    found: Mapping[str, Mapping[str, float]] = read_json(folder / FILE) or {}
    return {f"formation/{name}": {int(key): value for key, value in curve.items()} for name, curve in found.items()}
