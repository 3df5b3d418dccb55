"""The data set that a configuration names.

A digest is quick: only the module of the set that is asked for is imported, and what decodes only where it decodes.
"""

from __future__ import annotations

from cae.config import DataConfig
from cae.datasets.source import Source, View


def open_source(config: DataConfig) -> Source:
    """The source of any configuration but a mixture; nothing is decoded yet. Errors: DataError."""
    match config.name:
        case "synthetic":
            from cae.datasets import rendered

            return rendered.source(config.size or rendered.DEFAULT_COUNT, config.seed, config.factors)
        case "celeba":
            from cae.datasets import celeba

            return celeba.source(config.path)
        case "folder":
            from cae.datasets import folder

            return folder.source(config.path)
        case "digits":
            from cae.datasets import digits

            return digits.digits()
        case "mnist":
            from cae.datasets import digits

            return digits.mnist(config.path)
    raise ValueError(f"data.name: {config.name} is not a single source")


def view(source: Source, config: DataConfig) -> View:
    """How the configuration wants this source cut and scaled; one cache entry for all crops where they mean nothing."""
    return View(config.resolution, config.crop if source.cropped else "none", config.contrast)
