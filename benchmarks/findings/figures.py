"""The figures of docs/findings.md. Each file keeps the digest of the results it was drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.findings.results import FOLDER, runs
from benchmarks.findings.verdicts import RADII, UNTRAINED

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SWEEPS = {
    "activation": "activation and batch norm",
    "maps": "maps and layers",
    "latent_dim": "latent dimensions",
    "dataset": "population",
    "surrogates": "surrogate images",
    "radius": "contrast, background, detail",
    "epochs": "48 epochs",
    "enforced": "enforced",
}


def draw_training(ax: Axes) -> None:
    """Radii of every published run before its first step and after training."""
    for name, words in SWEEPS.items():
        found = runs(name)
        if len(found):
            ax.scatter(found[UNTRAINED], found[RADII], s=16, alpha=0.7, label=words)
    ax.axline((0.9, 0.9), slope=1, color="gray", linewidth=0.8)
    ax.text(0.43, 0.445, "training changes nothing", rotation=45, color="gray", fontsize=8, rotation_mode="anchor")
    ax.axhline(0.988, color="black", linestyle=":", linewidth=0.8)
    ax.text(0.41, 0.975, "a normal cloud", fontsize=8, va="top")
    ax.set(xlim=(0.4, 1), ylim=(0.4, 1), xlabel="untrained network", ylabel="trained network", aspect="equal")
    ax.set_title("Agreement of the radii with a normal distribution", fontsize=10)
    ax.legend(fontsize=8, loc="lower right")


FIGURES: dict[str, Callable[[Axes], None]] = {"training": draw_training}


def digest() -> str:
    """Of all published results."""
    content = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.json")))
    return hashlib.sha256(content).hexdigest()[:12]


def place(name: str) -> Path:
    return PICTURES / f"findings_{name}.png"


def draw() -> None:
    """Draws every figure anew."""
    for name, drawn in FIGURES.items():
        figure, ax = plt.subplots(figsize=(6, 6), layout="constrained")
        drawn(ax)
        figure.savefig(place(name), dpi=110, metadata={"Source": digest()})
        plt.close(figure)
