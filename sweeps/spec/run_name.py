"""What a run is called: the values in which it differs from the others of its sweep, "tanh bn z64 s0"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cae.config import RunConfig, flatten, irrelevant
from cae.plugins import PATTERN
from sweeps.spec.display import readable
from sweeps.spec.fields import SEED

# Shorter than the field's own word; the others go by that.
SHORT = {
    "data.name": "data",
    "data.resolution": "px",
    "data.seed": "data_seed",
    "model.batch_norm": "bn",
    "model.kernel_size": "kernel",
    "model.kl_weight": "kl",
    "model.latent_batch_norm": "latent_bn",
    "model.latent_dim": "z",
    "model.negative_slope": "slope",
    "model.regularizer_weight": "weight",
    "training.batch_size": "batch",
    "training.learning_rate": "lr",
}
# Fields whose values say by themselves what they are of: no other field takes the same.
ALONE = {
    "data.name",
    "data.mixture",
    "model.maps",
    "model.builder",
    "model.activation",
    "model.regularizer",
    "model.resampling",
    "training.loss",
    "training.optimizer",
    "training.schedule",
    "training.precision",
    "analysis.sampling",
}
# MLflow cuts names where it shows many beside each other; the whole settings are the run's parameters.
LONGEST = 60


def short_word(name: str) -> str:
    """A field in one word: "bn" of model.batch_norm, "activation" of model.activation."""
    return SHORT.get(name, name.split(".")[1])


def run_name(config: RunConfig, names: Iterable[str]) -> str:
    """The values of these fields in their order and the seed last, shortened to what can be read.

    Fields that have no meaning for the run are left out.
    """
    values, ignored = flatten(config), irrelevant(config)
    words = [_words(name, values[name]) for name in names if name != SEED and name not in ignored]
    said = " ".join(words)
    cut = said if len(said) <= LONGEST else f"{said[: LONGEST - 1].rstrip()}…"
    return f"{cut} s{config.training.seed}".strip()


def _words(name: str, value: object) -> str:
    """ "tanh", "bn" or "no bn", "z64", "tight crop", "no surrogate"."""
    word = short_word(name)
    if isinstance(value, bool):
        return word if value else f"no {word}"
    if isinstance(value, int | float):
        return f"{word}{readable(value)}"
    if value in ("none", [], ()):
        return f"no {word}"
    text = _without_module(value)
    return text if name in ALONE else f"{text} {word}"


def _without_module(value: object) -> str:
    """A value as a person reads it; of what a plug-in brings, "mylab.draw:STUDENT", its own name."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "-".join(map(_without_module, value))
    if isinstance(value, str) and re.fullmatch(PATTERN, value):
        return value.rpartition(":")[2]
    return readable(value)
