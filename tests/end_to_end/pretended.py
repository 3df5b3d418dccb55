"""Sweeps for `benchmarks.standin`, which launches and records as `cae run` does and only pretends to train."""

from __future__ import annotations

from typing import Any

import yaml

STANDIN = "benchmarks.standin"


def pretended(name: str, epochs: int, rate: dict[str, Any] | None = None, **more: Any) -> str:
    """The text of a sweep on digits. rate: the learning rate's entry; more: what else stands in the file."""
    parameters = {
        "data.name": {"value": "digits"},
        "data.resolution": {"value": 32},
        "model.maps": {"value": [4, 8]},
        "training.epochs": {"value": epochs},
        "training.learning_rate": rate or {"value": 0.001},
    }
    return str(yaml.safe_dump({"name": name, "parameters": parameters, **more}))
