"""A trained autoencoder with its data: what every sheet of faces and every judgement starts from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np

from cae import latents, sampling
from cae.attributes import Directions, directions
from cae.config import RunConfig
from cae.datasets import ImageSet
from cae.latent_distribution import LatentDistribution, describe
from metrics.marginals import NORMAL_HALF_WIDTH, marginals
from metrics.moments import DegenerateError
from sweeps.errors import SweepError
from sweeps.pipeline.attributes import People, choose_people
from sweeps.pipeline.latents import LatentSplit

HELD_OUT_SEED = 20240808


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained autoencoder and its data. images: None where the photographs are not at hand, `without` says why."""

    config: RunConfig
    encoder: keras.Model
    decoder: keras.Model
    sides: dict[str, LatentSplit]
    cloud: LatentDistribution
    images: ImageSet | None
    title: str
    without: str = ""

    def decode(self, points: np.ndarray) -> np.ndarray:
        """uint8 (..., h, w, 3) of latent vectors (..., d)."""
        flat = points.reshape(-1, points.shape[-1]).astype(np.float32)
        pictures = latents.decode(self.decoder, flat)
        return pictures.reshape(*points.shape[:-1], *pictures.shape[1:])

    def means(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (n, d): the encoder's output for pictures uint8 (n, h, w, 3)."""
        return latents.posterior_means(self.encoder, pictures, np.arange(len(pictures)))

    def draws(self, count: int, skip: int = 0) -> np.ndarray:
        """Standard normal (count, d), the same in every run; `skip` passes over the first ones."""
        return sampling.standard_normal_draws(skip + count, len(self.cloud.mean))[skip:]

    def held_out(self, count: int) -> np.ndarray:
        """Rows (count,) of the held-out side, the same images in every run on the same data."""
        return np.random.default_rng(HELD_OUT_SEED).permutation(len(self.sides["test"].vectors))[:count]

    @cached_property
    def directions(self) -> tuple[Directions, dict[str, str]]:
        """Of the attributes among the training vectors; and name to reason for those left out."""
        return directions(self.sides["train"].vectors, self.sides["train"].attributes)

    @cached_property
    def people(self) -> People:
        """Who has attributes added and removed. Raises SweepError without photographs."""
        return choose_people(self.sides["test"], self.photographs("attributes"))

    def photographs(self, what: str) -> ImageSet:
        """The images, for a sheet that cannot do without. Raises SweepError where they are not at hand."""
        if self.images is None:
            raise SweepError(f"{what} needs the run's photographs: {self.without}")
        return self.images

    def originals(self, rows: np.ndarray) -> np.ndarray | None:
        """The held-out photographs of these rows, None where they are not at hand."""
        return None if self.images is None else self.images.images[self.images.test[rows]]


def cloud_of(side: LatentSplit) -> LatentDistribution:
    """What generators need to know of the training vectors."""
    vectors, own = side.vectors, side.sample.moments
    try:
        half_widths = marginals(vectors, own).half_width
    except DegenerateError:
        half_widths = NORMAL_HALF_WIDTH * own.sd
    return describe(vectors, half_widths)
