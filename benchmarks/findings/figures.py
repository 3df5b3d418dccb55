"""The figures of docs/findings.md. Each file keeps the digest of the results it was drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from benchmarks.findings.results import FOLDER, HEADLINES, cells_of, chosen, removed, runs
from benchmarks.findings.scores import DIMENSIONS, HOLLOW, NULL, PIXELS, RADII, SHELL, UNTRAINED

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
# Trained, before the first step, and the pixels' principal components, with their markers.
CURVES = ((RADII, "trained", "o"), (UNTRAINED, "untrained", "s"), (PIXELS, "pixels", "^"))
SWEEPS = {
    "activation and batch norm": ["activation"],
    "maps and layers": ["maps"],
    "latent dimensions": ["latent_dim"],
    "population": ["dataset"],
    "surrogate images": ["surrogates"],
    "contrast, background, detail": ["radius"],
    "48 and 144 epochs": ["epochs", "long_training"],
    "96 px, 24 epochs": ["batch_norm"],
    "96 and 128 px, two crops": ["resolution"],
    "enforced": ["enforced"],
}


def draw_training(ax: Axes) -> None:
    """Radii of every published run before its first step and after training."""
    shells = []
    for words, names in SWEEPS.items():
        found = pd.concat([runs(name) for name in names])
        if len(found):
            ax.scatter(found[UNTRAINED], found[RADII], s=16, alpha=0.7, label=words)
            shells.append(found[found[SHELL] < HOLLOW])
    hollow = pd.concat(shells)
    ring: dict[str, Any] = {"s": 70, "facecolors": "none", "edgecolors": "black", "linewidths": 0.8}
    ax.scatter(hollow[UNTRAINED], hollow[RADII], label="a shell", **ring)
    ax.axline((0.9, 0.9), slope=1, color="gray", linewidth=0.8)
    ax.text(0.43, 0.445, "training changes nothing", rotation=45, color="gray", fontsize=8, rotation_mode="anchor")
    ax.axhline(0.988, color="black", linestyle=":", linewidth=0.8)
    ax.text(0.41, 0.975, "a normal cloud", fontsize=8, va="top")
    ax.set(xlim=(0.4, 1), ylim=(0.4, 1), xlabel="untrained network", ylabel="trained network", aspect="equal")
    ax.set_title("Agreement of the radii with a normal distribution", fontsize=10)
    ax.legend(fontsize=8, loc="lower right")


def draw_radius(ax: Axes) -> None:
    """Radii of photographs as they are and without contrast, background and detail: trained, untrained, pixels."""
    found = dict(sorted(removed().items(), key=lambda each: each[1][RADII].mean()))
    cells, normal = list(found.values()), runs("radius")[NULL].mean()
    for metric, words, marker in CURVES:
        ax.plot([cell[metric].mean() for cell in cells], range(len(cells)), marker, label=words, markersize=5)
        for place, cell in enumerate(cells):
            ax.hlines(place, cell[metric].min(), cell[metric].max(), color="gray", linewidth=0.8, zorder=0)
    ax.axvline(normal, color="black", linestyle=":", linewidth=0.8)
    ax.text(normal - 0.005, 0, "a normal cloud", ha="right", fontsize=8)
    ax.set_yticks(range(len(cells)), list(found))
    ax.set(xlabel="agreement of the radii with a normal distribution", xlim=(0.4, 1))
    ax.legend(fontsize=8, loc="center right")


def draw_dimensions(ax: Axes) -> None:
    """Radii by the number of latent dimensions, faces and digits: trained, untrained, and a normal cloud's."""
    found = runs("latent_dim")
    for (name,), cells in cells_of(found, ["data.name"]):
        color, what = {"celeba": ("C0", "faces"), "digits": ("C1", "digits")}[name]
        for metric, words, style in ((RADII, "trained", "-o"), (UNTRAINED, "untrained", "--o"), (NULL, "normal", ":")):
            means = cells.groupby(DIMENSIONS)[metric].mean()
            ax.plot(means.index, means, style, color=color, markersize=4, label=f"{what}, {words}")
    ax.set_xscale("log", base=2)
    ax.set_xticks(sorted(found[DIMENSIONS].unique()))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="latent dimensions", ylabel="agreement of the radii with a normal distribution", ylim=(None, 1))
    ax.legend(fontsize=8)


def draw_formation(ax: Axes) -> None:
    """The three headlines of leaky ReLU, and the radii of tanh with batch normalization for longer, by seed: before
    the first step and after each number of epochs."""
    plain = chosen("epochs", model_activation="leaky_relu")
    lines = [(words, plain, name) for words, name in HEADLINES.items()]
    lines.append(("radii, tanh with batch norm", runs("long_training"), HEADLINES["radii"]))
    for color, (words, found, name) in enumerate(lines):
        for number, (_, curve) in enumerate(found.filter(regex=rf"^formation/{name}@").iterrows()):
            steps = [int(column.partition("@")[2]) for column in map(str, curve.index)]
            points = sorted(zip(steps, curve, strict=True))
            label = words if number == 0 else None
            ax.plot(*zip(*points, strict=True), "-o", color=f"C{color}", markersize=3, linewidth=0.9, label=label)
    ax.set_xscale("symlog", base=2, linthresh=1)
    ticks = [0, *(2**power for power in range(8))]
    ax.set_xticks(ticks, map(str, ticks), minor=False)
    ax.set(xlabel="epochs", ylabel="agreement with a normal distribution", ylim=(None, 1))
    ax.legend(fontsize=8)


@dataclass(frozen=True)
class Figure:
    """draw: on axes, of the published runs of `sweep`. inches: width and height."""

    draw: Callable[[Axes], None]
    sweep: str
    inches: tuple[float, float] = (6, 6)


FIGURES = {
    "training": Figure(draw_training, "activation"),
    "radius": Figure(draw_radius, "radius", (8, 4)),
    "dimensions": Figure(draw_dimensions, "latent_dim", (7, 4.5)),
    "formation": Figure(draw_formation, "epochs", (7, 4.5)),
}


def published() -> list[str]:
    """The names of the figures whose sweep has published runs."""
    return [name for name, figure in FIGURES.items() if len(runs(figure.sweep))]


def digest() -> str:
    """Of all published results."""
    content = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.json")))
    return hashlib.sha256(content).hexdigest()[:12]


def place(name: str) -> Path:
    return PICTURES / f"findings_{name}.png"


def draw() -> None:
    """Draws every figure anew that has published runs."""
    for name in published():
        figure, ax = plt.subplots(figsize=FIGURES[name].inches, layout="constrained")
        FIGURES[name].draw(ax)
        figure.savefig(place(name), dpi=110, metadata={"Source": digest()})
        plt.close(figure)
