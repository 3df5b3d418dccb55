"""How cost grows with images, resolution, latent dimensions and runs: python -m benchmarks.growth

Writes `benchmarks/growth.json` and draws `docs/pictures/growth.png`. About ten minutes on two cores.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.interleave import medians, once, rates
from benchmarks.table import machine

RESULTS = Path(__file__).with_name("growth.json")
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "growth.png"
IMAGES, DIMENSIONS = (2_000, 20_000, 200_000), (16, 64, 256, 1_600)
RESOLUTIONS, RUNS = (64, 96, 128), (10, 100, 500)
SCORED = 6_000

Points = dict[int, float]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# --- training ----------------------------------------------------------------------------------------------------


def training(resolution: int, latent_dim: int, images: int) -> Callable[[], int]:
    """Reads batches of a set of so many images, on disk, and trains on them in bfloat16."""
    import keras

    from cae.config import ModelConfig, TrainingConfig
    from cae.model import build_autoencoder
    from cae.training import batches, compile_model, step

    keras.utils.set_random_seed(0)
    model = build_autoencoder(ModelConfig(latent_dim=latent_dim), resolution, "bfloat16").model
    compile_model(model, TrainingConfig(), steps=1)
    file = Path(tempfile.mkdtemp()) / "images.npy"
    np.lib.format.open_memmap(file, "w+", np.uint8, (images, resolution, resolution, 3))  # sparse: no disk is needed
    pixels = np.load(file, mmap_mode="r")
    file.unlink()
    rng = np.random.default_rng(0)

    def one() -> int:
        for batch in batches(pixels, rng.integers(0, images, 128), 128):
            step(model, batch)
        return 128

    return one


def training_rates(kinds: dict[int, tuple[int, int, int]]) -> Points:
    """Images per second of each (resolution, latent_dim, images)."""
    makers = {str(key): ("benchmarks.growth", "training", *kind) for key, kind in kinds.items()}
    return {int(key): rate for key, rate in medians(rates(makers, 3.0, 4)).items()}


# --- scores ------------------------------------------------------------------------------------------------------


def scoring(n: int, d: int) -> float:
    """Seconds of one score, without its null distribution and intervals."""
    from benchmarks.scoring import like_latents
    from metrics import score

    points = like_latents(n, d)
    score(like_latents(600, 8), calibrate=False)  # imports and pools
    return timed(lambda: score(points, calibrate=False))


# --- runs --------------------------------------------------------------------------------------------------------


def commands(count: int) -> dict[str, float]:
    """Seconds of `cae status` and `cae compare` on a sweep of so many finished runs, 5 seeds a cell."""
    from benchmarks.sweeping import cae

    with tempfile.TemporaryDirectory() as scratch:
        home, file = Path(scratch), Path(scratch) / "many.yaml"
        rate = f"{{values: {[round(1e-4 * (1 + i), 6) for i in range(count // 5)]}}}"
        file.write_text(f"name: many\nseeds: [0, 1, 2, 3, 4]\nparameters:\n  training.learning_rate: {rate}\n")
        once("benchmarks.footprint", "record_runs", str(home), str(file))
        return {
            name: statistics.median(timed(partial(cae, home, name, str(file))) for _ in range(2))
            for name in ("status", "compare")
        }


# --- all ---------------------------------------------------------------------------------------------------------


def measure() -> None:
    """Writes each part down as soon as it is measured."""
    parts: dict[str, Callable[[], Any]] = {
        "machine": machine,
        "rate_by_images": lambda: training_rates({n: (96, 256, n) for n in (IMAGES[0], IMAGES[-1])}),
        "rate_by_resolution": lambda: training_rates({r: (r, 256, 6_000) for r in RESOLUTIONS}),
        "rate_by_dimension": lambda: training_rates({d: (96, d, 6_000) for d in DIMENSIONS}),
        "score_by_images": lambda: {n: once("benchmarks.growth", "scoring", n, 256) for n in IMAGES},
        "score_by_dimension": lambda: {d: once("benchmarks.growth", "scoring", SCORED, d) for d in DIMENSIONS},
        "commands_by_runs": lambda: {count: commands(count) for count in RUNS},
    }
    found: dict[str, Any] = {}
    for name, part in parts.items():
        print(f"measuring: {name}", file=sys.stderr)
        found[name] = part()
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def draw(found: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    panels = [
        ("rate_by_images", "images of the set", "training, images/s", False),
        ("rate_by_resolution", "resolution in pixels", "training, images/s", False),
        ("rate_by_dimension", "latent dimensions", "training, images/s", False),
        ("score_by_images", "latent vectors, 256 dimensions", "one score, seconds", True),
        ("score_by_dimension", f"latent dimensions, {SCORED:,} vectors", "one score, seconds", True),
    ]
    for panel, (name, along, what, log) in zip(axes.flat, panels, strict=False):
        points = {int(key): value for key, value in found[name].items()}
        panel.plot(list(points), list(points.values()), "o-", color="#2b6cb0")
        _axes(panel, along, what, log, list(points))
    panel, by_runs = axes.flat[-1], {int(key): value for key, value in found["commands_by_runs"].items()}
    for command, color in (("status", "#2b6cb0"), ("compare", "#c05621")):
        panel.plot(
            list(by_runs), [times[command] for times in by_runs.values()], "o-", color=color, label=f"cae {command}"
        )
    _axes(panel, "finished runs of the sweep", "seconds", True, list(by_runs))
    panel.legend(frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110)


def _axes(panel: Any, along: str, what: str, log: bool, ticks: list[int]) -> None:
    panel.set(xscale="log", xlabel=along, ylabel=what)
    panel.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    panel.minorticks_off()
    if log:
        panel.set_yscale("log")
    else:
        panel.set_ylim(bottom=0)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(alpha=0.3)


def main() -> None:
    if "--draw" not in sys.argv:
        measure()
    draw(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
