"""A decoder for the browser: its operations as values, its weights as arrays."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from cae.operations import operations

FLOAT16_LARGEST = 60_000


def portable(decoder: keras.Model) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The decoder's operations, and their weights by the names that they give.

    Kernels are float16, which moves no grey level by more than one; what is added or scaled by stays float32. Raises
    cae.operations.UnknownOperationError.
    """
    described: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for number, operation in enumerate(operations(decoder), start=1):
        names = {name: f"network/{number}/{name}" for name in operation.weights}
        for name, weight in operation.weights.items():
            arrays[names[name]] = _short(weight) if name == "kernel" else weight
        shown = {"kind": operation.kind, "inputs": list(operation.inputs), "weights": names}
        described.append(shown | {"settings": operation.settings})
    return described, arrays


def _short(weight: np.ndarray) -> np.ndarray:
    return weight.astype(np.float16) if np.abs(weight).max() < FLOAT16_LARGEST else weight
