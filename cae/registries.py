"""What can be plugged in, and what is built in. Adding a built-in one is a line here and its code."""

from __future__ import annotations

from cae.plugins import Registry

__all__ = ["ACTIVATIONS", "DATASETS", "GENERATORS", "MEASURES", "MODELS", "Registry"]

DATASETS = Registry(
    "cae.datasets",
    {
        "synthetic": "cae.datasets.builtin:SYNTHETIC",
        "celeba": "cae.datasets.builtin:CELEBA",
        "folder": "cae.datasets.builtin:FOLDER",
        "digits": "cae.datasets.builtin:DIGITS",
        "mnist": "cae.datasets.builtin:MNIST",
        "mixture": "cae.datasets.builtin:MIXTURE",
    },
    expected="a function of DataConfig that gives a Source, nor a cae.datasets.Dataset",
    is_valid=lambda found: callable(found) or callable(getattr(found, "open", None)),
)
MODELS = Registry(
    "cae.models",
    {"conv": "cae.convolutional:build_autoencoder"},
    expected="a function of ModelConfig, resolution and precision that gives an Autoencoder",
)
_KERAS = ("relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "tanh", "sigmoid", "linear")
ACTIVATIONS = Registry(
    "cae.activations",
    {"relu": "keras.activations:relu", "leaky_relu": "cae.layers:LeakyReLU"}
    | {name: f"keras.activations:{name}" for name in _KERAS[1:]},
    aliases={"swish": "silu", "leakyrelu": "leaky_relu", "lrelu": "leaky_relu", "none": "linear", "identity": "linear"},
)
GENERATORS = Registry(
    "cae.generators",
    {
        "mnd": "cae.sampling:MND",
        "pca": "cae.sampling:PCA",
        "elliptical": "cae.sampling:ELLIPTICAL",
        "independent": "cae.sampling:INDEPENDENT",
        "interval": "cae.sampling:INTERVAL",
        "uniform": "cae.sampling:UNIFORM",
        "gmm": "cae.generators.mixture:GMM",
        "copula": "cae.generators.copula:COPULA",
        "knn": "cae.generators.knn:KNN",
        "flow": "cae.generators.flow:FLOW",
    },
    expected="a cae.sampling.Generator",
    is_valid=lambda found: callable(getattr(found, "draw", None)) and callable(getattr(found, "caption", None)),
)
MEASURES = Registry(
    "cae.metrics",
    {},
    expected="a metrics.Measure",
    is_valid=lambda found: callable(getattr(found, "function", None)) and isinstance(getattr(found, "name", None), str),
)
