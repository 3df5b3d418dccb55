"""How cost grows with images, resolution, latent dimensions, workers and runs: python -m benchmarks.growth [PART ...]

Renews these parts of `benchmarks/growth.json` and draws `docs/pictures/growth.png`; about ten minutes on two cores.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import overhead, sweeping
from benchmarks.footprint import mapped_images, processor_seconds
from benchmarks.interleave import medians, once, rates, timed
from benchmarks.table import machine

RESULTS = Path(__file__).with_name("growth.json")
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "growth.png"
IMAGES, DIMENSIONS = (2_000, 20_000, 200_000), (16, 64, 256, 1_600)
RESOLUTIONS, RUNS = (64, 96, 128), (10, 100, 500)
SCORED = 6_000
BLUE, RED = "#2b6cb0", "#c05621"

Points = dict[int, float]


# --- training ----------------------------------------------------------------------------------------------------


def training(resolution: int, latent_dim: int, images: int) -> Callable[[], int]:
    """Trains in bfloat16 on batches of a mapped set of so many images, which the system's cache holds."""
    import keras

    from cae.config import ModelConfig, TrainingConfig
    from cae.convolutional import build_autoencoder
    from cae.loops.host import step
    from cae.loops.order import batches, in_batches
    from cae.optimizer import compile_model

    keras.utils.set_random_seed(0)
    model = build_autoencoder(ModelConfig(latent_dim=latent_dim), resolution, "bfloat16").model
    compile_model(model, TrainingConfig(), steps=1)
    pixels = mapped_images(images, resolution)
    for start in range(0, images, 1_000):
        pixels[start : start + 1_000].any()
    rng = np.random.default_rng(0)

    def one() -> int:
        for batch in batches(pixels, in_batches(rng.integers(0, images, 128), 128)):
            step(model, batch)
        return 128

    return one


def training_rates(kinds: dict[int, tuple[int, int, int]]) -> Points:
    """Images per second of each (resolution, latent_dim, images)."""
    makers = {str(key): ("benchmarks.growth", "training", *kind) for key, kind in kinds.items()}
    return {int(key): rate for key, rate in medians(rates(makers, 3.0, 5)).items()}


# --- scores ------------------------------------------------------------------------------------------------------


def scoring(n: int, d: int) -> float:
    """Seconds of one score, without its null distribution and intervals."""
    from benchmarks.scoring import like_latents
    from metrics import score

    points = like_latents(n, d)
    score(like_latents(600, 8), calibrate=False)  # imports and pools
    return timed(lambda: score(points, calibrate=False))


# --- runs --------------------------------------------------------------------------------------------------------


def seconds_per_cell(cells: int) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        return overhead.seconds_per_cell(Path(scratch), None, cells)


def command(name: str, count: int) -> float:
    """Seconds of processor time of `cae NAME` on a sweep of so many finished runs, 5 seeds a cell."""
    with tempfile.TemporaryDirectory() as scratch:
        home, file = Path(scratch), Path(scratch) / "many.yaml"
        rate = f"{{values: {[round(1e-4 * (1 + i), 6) for i in range(count // 5)]}}}"
        file.write_text(f"name: many\nseeds: [0, 1, 2, 3, 4]\nparameters:\n  training.learning_rate: {rate}\n")
        once("benchmarks.footprint", "record_runs", str(home), str(file))
        return statistics.median(processor_seconds(partial(sweeping.cae, home, name, str(file))) for _ in range(3))


# --- all ---------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], Points]] = {
    "rate_by_images": lambda: training_rates({n: (96, 256, n) for n in IMAGES}),
    "rate_by_resolution": lambda: training_rates({r: (r, 256, 6_000) for r in RESOLUTIONS}),
    "rate_by_dimension": lambda: training_rates({d: (96, d, 6_000) for d in DIMENSIONS}),
    "rate_by_workers": sweeping.training_alone,
    "score_by_images": lambda: {n: once("benchmarks.growth", "scoring", n, 256) for n in IMAGES},
    "score_by_dimension": lambda: {d: once("benchmarks.growth", "scoring", SCORED, d) for d in DIMENSIONS},
    "cell_by_runs": lambda: {count: seconds_per_cell(count) for count in RUNS},
    "status_by_runs": lambda: {count: command("status", count) for count in RUNS},
    "compare_by_runs": lambda: {count: command("compare", count) for count in RUNS},
}


def measure(wanted: list[str]) -> None:
    """Writes each part down as soon as it is measured."""
    for name in wanted:
        print(f"measuring: {name}", file=sys.stderr)
        found = known() | {"machine": machine(), name: PARTS[name]()}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def known() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else {}


def draw(found: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(14, 6), layout="constrained")
    panels = [
        ("rate_by_images", "images of the set", "training, images/s"),
        ("rate_by_resolution", "resolution in pixels", "training, images/s"),
        ("rate_by_dimension", "latent dimensions", "training, images/s"),
        ("rate_by_workers", "workers on two cores", "training, images/s"),
        ("score_by_images", "latent vectors of 256 dimensions", "one score, seconds"),
        ("score_by_dimension", f"latent dimensions, {SCORED:,} vectors", "one score, seconds"),
        ("cell_by_runs", "cells of the sweep", "a cell beyond its training, seconds"),
    ]
    for axis, (name, along, what) in zip(axes.flat, panels, strict=False):
        _curve(axis, found[name], BLUE)
        axis.set(xlabel=along, ylabel=what)
    last = axes.flat[-1]
    for name, colour in (("status", BLUE), ("compare", RED)):
        _curve(last, found[f"{name}_by_runs"], colour, label=f"cae {name}")
    last.set(xlabel="finished runs of the sweep", ylabel="processor time, seconds")
    last.legend(frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110)


def _curve(axis: Any, points: dict[str, float], colour: str, label: str | None = None) -> None:
    places = [int(place) for place in points]
    axis.plot(places, list(points.values()), "o-", color=colour, label=label)
    axis.set_xscale("log")
    axis.set_xticks(places, [f"{place:,}" for place in places])
    axis.minorticks_off()
    axis.set_ylim(0, 1.1 * max(height for line in axis.lines for height in line.get_ydata()))
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.3)


def main() -> None:
    unknown = sorted(set(sys.argv[1:]) - set(PARTS))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: unknown; there are {', '.join(PARTS)}")
    measure(sys.argv[1:] or list(PARTS))
    draw(known())


if __name__ == "__main__":
    main()
