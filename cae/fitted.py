"""One autoencoder without a sweep: fit it to images, encode, decode, draw faces, save it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from cae import latents, sampling
from cae.config import AnalysisConfig, ModelConfig, Section, TrainingConfig
from cae.datasets.imageset import ImageSet
from cae.export import save_networks
from cae.latent_distribution import LatentDistribution, describe
from cae.model import Autoencoder, untrained
from cae.training import Epoch, train

# Half-width at half-maximum of a normal component, in its sd.
HALF_WIDTH = float(np.sqrt(2 * np.log(2)))


@dataclass(frozen=True, eq=False)
class FittedAutoencoder:
    """A trained autoencoder and the images it was trained on. epochs: those of its training."""

    autoencoder: Autoencoder
    images: ImageSet
    model: ModelConfig
    training: TrainingConfig
    epochs: tuple[Epoch, ...]

    @property
    def history(self) -> pd.DataFrame:
        """A row for each epoch: losses over training and held-out images, and images a second."""
        return pd.DataFrame([asdict(epoch) for epoch in self.epochs]).set_index("epoch")

    @cached_property
    def latents(self) -> np.ndarray:
        """float32 (n, d): the latent vectors of the training images."""
        return latents.encode(self.autoencoder.encoder, self.images.images, self.images.train)

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (n, d): the latent vectors of pictures uint8 (n, h, w, 3) of its resolution. Raises ValueError."""
        pictures, wanted = np.asarray(pictures), self.autoencoder.encoder.input_shape[1:]
        if pictures.dtype != np.uint8 or pictures.shape[1:] != wanted:
            has = f"{pictures.dtype} {pictures.shape}"
            raise ValueError(f"pictures are {has}; this autoencoder takes uint8 (n, {', '.join(map(str, wanted))})")
        return latents.encode(self.autoencoder.encoder, pictures, np.arange(len(pictures)))

    def decode(self, vectors: np.ndarray) -> np.ndarray:
        """uint8 (n, h, w, 3): the pictures of latent vectors (n, d). Raises ValueError."""
        vectors = np.asarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.model.latent_dim:
            raise ValueError(
                f"vectors have the shape {vectors.shape}; this autoencoder takes (n, {self.model.latent_dim})"
            )
        return latents.decode(self.autoencoder.decoder, vectors)

    def sample(self, count: int = 32, method: str = "mnd", **settings: Any) -> np.ndarray:
        """uint8 (count, h, w, 3): faces of random latent vectors.

        method: one of `cae.sampling`'s, by which they are drawn from where the training vectors lie; `interval` takes
        the half-widths of normal components. settings: of the analysis section, such as mnd_sigma=0.8. The same draws
        serve every autoencoder. Raises ValueError for a setting or method that there is not.
        """
        analysis = _checked(AnalysisConfig, {"sampling": (method,), **settings})
        draws = sampling.standard_normal_draws(count, self.model.latent_dim)
        return self.decode(sampling.sample(method, self._distribution, draws, analysis))

    def save(self, folder: Path | str) -> Path:
        """Writes `encoder.keras`, `decoder.keras`, which Keras loads without this package, and `summary.txt`."""
        save_networks(self.autoencoder, Path(folder))
        return Path(folder)

    @cached_property
    def _distribution(self) -> LatentDistribution:
        return describe(self.latents, HALF_WIDTH * self.latents.std(axis=0))


def fit(
    images: ImageSet,
    *,
    checkpoints: Path | str | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    **fields: Any,
) -> FittedAutoencoder:
    """An autoencoder trained on images, as a run of a sweep trains it.

    images: what `load` gives. fields: those of the model and the training section by their names, such as
    latent_dim=64, activation="tanh", batch_norm=True, epochs=6, seed=1; the others stay at their defaults.
    checkpoints: a folder in which an interrupted training goes on after its last epoch. on_epoch: told each epoch.
    Raises ValueError for a field or value that there is not, TrainingDiverged.
    """
    model, training = _sections(fields)
    autoencoder = untrained(model, images.images.shape[1], training)
    epochs = []
    place = nullcontext(checkpoints) if checkpoints is not None else tempfile.TemporaryDirectory(prefix="cae-fit-")
    with place as folder:
        for epoch in train(autoencoder, images, training, Path(folder)):
            epochs.append(epoch)
            on_epoch(epoch)
    return FittedAutoencoder(autoencoder, images, model, training, tuple(epochs))


def _sections(fields: dict[str, Any]) -> tuple[ModelConfig, TrainingConfig]:
    own = {name: value for name, value in fields.items() if name in ModelConfig.model_fields}
    rest = {name: value for name, value in fields.items() if name not in own}
    known = [*ModelConfig.model_fields, *TrainingConfig.model_fields]
    return _checked(ModelConfig, own), _checked(TrainingConfig, rest, known)


def _checked(section: type[Section], fields: dict[str, Any], known: Sequence[str] = ()) -> Any:
    try:
        return section(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise ValueError(f"{place}: no such field; there are {', '.join(known or section.model_fields)}") from None
        raise ValueError(f"{place} = {first['input']!r}: {first['msg'].removeprefix('Value error, ')}") from None
