"""The built-in data sets: how each is opened, and which fields of a configuration mean something to it.

Only the module of the set that is asked for is imported, and what decodes only where it decodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cae.config import DataConfig
from cae.datasets.source import Source


@dataclass(frozen=True)
class Dataset:
    """A data set that a configuration can name; a plug-in may give its `open` alone.

    open: the source that a configuration means; decodes nothing yet. Raises DataError. splits: values of `data.split`
    that it knows. irrelevant: fields that cannot change its images; of a plug-in all count, as a look at a
    configuration imports nothing. sized: whether `data.size` is a part of what is prepared; else the images are chosen
    from all.
    """

    open: Callable[[DataConfig], Source]
    splits: tuple[str, ...] = ("random",)
    irrelevant: tuple[str, ...] = ("data.factors",)
    sized: bool = False


def _synthetic(config: DataConfig) -> Source:
    from cae.datasets import rendered

    return rendered.source(config.size or rendered.DEFAULT_COUNT, config.seed, config.factors)


def _celeba(config: DataConfig) -> Source:
    from cae.datasets import celeba

    return celeba.source(config.path)


def _folder(config: DataConfig) -> Source:
    from cae.datasets import folder

    return folder.source(config.path)


def _digits(config: DataConfig) -> Source:
    from cae.datasets import digits

    return digits.digits()


def _mnist(config: DataConfig) -> Source:
    from cae.datasets import digits

    return digits.mnist(config.path)


def _mixture(config: DataConfig) -> Source:
    raise ValueError(f"data.name: {config.name} is not a single source")


SYNTHETIC = Dataset(_synthetic, irrelevant=("data.crop",), sized=True)
CELEBA = Dataset(_celeba, splits=("random", "official", "identity"))
FOLDER = Dataset(_folder, splits=("random", "official", "identity"))
DIGITS = Dataset(_digits, irrelevant=("data.crop", "data.factors"))
MNIST = Dataset(_mnist, splits=("random", "official"), irrelevant=("data.crop", "data.factors"))
MIXTURE = Dataset(_mixture, irrelevant=(), sized=True)
