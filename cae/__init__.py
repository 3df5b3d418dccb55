"""Convolutional autoencoders for faces: images in, latent vectors and faces out.

from cae import DataConfig, fit, load

faces = load(DataConfig(name="synthetic", resolution=64, size=2_000))
network = fit(faces, latent_dim=64, activation="tanh", epochs=4)
pictures = network.sample(16)
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cae.config import AnalysisConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
    from cae.datasets import ImageSet, load
    from cae.fitted import FittedAutoencoder, fit

# TensorFlow's information is for its developers; warnings and errors stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Else it takes all of a GPU's memory at once, and nothing can tell how much of it is free for the images.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

__all__ = [
    "AnalysisConfig",
    "DataConfig",
    "FittedAutoencoder",
    "ImageSet",
    "ModelConfig",
    "RunConfig",
    "TrainingConfig",
    "fit",
    "load",
]

_HOMES = {"ImageSet": "cae.datasets", "load": "cae.datasets", "FittedAutoencoder": "cae.fitted", "fit": "cae.fitted"}


def __getattr__(name: str) -> Any:
    """Each public name when it is first asked for: importing the package loads neither Keras nor pydantic."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "cae.config")), name)
