"""What a step needs at least, and what that leaves on paper: python -m benchmarks.accelerated.paper

Operations: of the convolutions and matrix products, forward and twice backward. Bytes: every layer reads its input and
writes its output once forward; backward it reads its input and twice its output's gradient and writes its input's
gradient, all in bfloat16; Adam reads a gradient and reads and writes a weight and two moments, in float32. A program
that fuses everything else reaches the larger of both times; none is faster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from cae.config import ModelConfig
from cae.convolutional import build_autoencoder

BATCH, IMAGES, EPOCHS = 128, 170_000, 24
ADAM_BYTES = 7 * 4
# Dense bfloat16 operations and bytes of memory a second, of the makers' data sheets (SXM modules).
CARDS = {"A100 80 GB": (312e12, 2.04e12), "H100": (989e12, 3.35e12), "H200": (989e12, 4.8e12)}


@dataclass(frozen=True)
class Need:
    """Of one step on a batch."""

    operations: float
    bytes: float

    def seconds(self, operations: float, memory: float) -> float:
        """At least, on a card of so many operations and bytes a second."""
        return max(self.operations / operations, self.bytes / memory)


def need(resolution: int, batch: int = BATCH) -> Need:
    """Of the default network."""
    made = build_autoencoder(ModelConfig(), resolution)
    layers = [*made.encoder.layers, *made.decoder.layers]
    computing = [layer for layer in layers if hasattr(layer, "kernel")]
    operations = 3 * batch * sum(2 * _products(layer) for layer in computing)
    values = sum(math.prod(layer.input.shape[1:]) + math.prod(layer.output.shape[1:]) for layer in computing)
    return Need(operations, 3 * batch * values * 2 + made.model.count_params() * ADAM_BYTES)


def _products(layer: keras.layers.Layer) -> int:
    """Multiplications of one image's way through the layer."""
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    pixels = layer.input.shape[1:3] if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output.shape[1:3]
    return math.prod(layer.kernel.shape) * math.prod(pixels)


def rows(resolution: int = 96) -> list[tuple[str, float, float, float]]:
    """(card, milliseconds of a step, images a second, seconds of 170,000 images and 24 epochs): the best on paper."""
    least = need(resolution)
    found = []
    for card, limits in CARDS.items():
        seconds = least.seconds(*limits)
        found.append((card, seconds * 1e3, BATCH / seconds, IMAGES * EPOCHS * seconds / BATCH))
    return found


def table() -> str:
    """Markdown, as docs/gpu.md has it."""
    lines = [
        "| card | step at 96 px | images a second | 170,000 images, 24 epochs | step at 128 px | images a second |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for (card, step, rate, whole), (_, step_128, rate_128, _) in zip(rows(96), rows(128), strict=True):
        small, large = f"{step:.2f} ms | {rate:,.0f} | {whole:.0f} s", f"{step_128:.2f} ms | {rate_128:,.0f}"
        lines.append(f"| {card} | {small} | {large} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for size in (96, 128):
        step = need(size)
        print(f"{size} px: {step.operations / 1e9:.1f} GFLOP, {step.bytes / 1e9:.3f} GB a step of {BATCH} images")
    print(table())
