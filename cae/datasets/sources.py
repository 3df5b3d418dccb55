"""The data set that a configuration names, built in or plugged in."""

from __future__ import annotations

from cae.config import DataConfig
from cae.datasets.builtin import Dataset
from cae.datasets.imageset import DataError
from cae.datasets.source import Source, View
from cae.plugins import PluginError
from cae.registries import DATASETS


def dataset(name: str) -> Dataset:
    """The data set of this name. Raises PluginError."""
    found = DATASETS.load(name)
    if isinstance(found, Dataset):
        return found
    if not callable(found):
        raise PluginError(f"{name}: is {type(found).__name__}, not {DATASETS.expected}")
    return Dataset(found)


def open_source(config: DataConfig) -> Source:
    """The source of any configuration but a mixture; nothing is decoded yet. Errors: DataError, PluginError."""
    entry = dataset(config.name)
    if config.split not in entry.splits:
        raise DataError(f"data.split: {config.split} is not known to {config.name}; use {' or '.join(entry.splits)}")
    source = _opened(entry, config)
    if not isinstance(source, Source):
        raise PluginError(f"{config.name}: gives {type(source).__name__}, not a cae.datasets.Source")
    return source


def _opened(entry: Dataset, config: DataConfig) -> Source:
    try:
        return entry.open(config)
    except (DataError, PluginError):
        raise
    except Exception as error:  # whatever somebody else's code may raise
        if DATASETS.is_builtin(config.name):
            raise
        raise PluginError(f"{config.name}: opening it fails with {type(error).__name__}: {error}") from error


def view(source: Source, config: DataConfig) -> View:
    """How the configuration wants this source cut and scaled; one cache entry for all crops where they mean nothing."""
    crop = config.crop if source.cropped else "none"
    return View(config.resolution, crop, config.contrast, config.background, config.blur)
