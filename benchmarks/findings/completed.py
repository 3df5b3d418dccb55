"""python -m benchmarks.findings.completed [SWEEP ...]

Adds to published runs what the version that recorded them did not print: the digest of their images, and what their
controls score, on held-out images and in the direction that is least normal. No network is trained: each is made anew
from its seed. The photographs are found as the sweep files have it, in $CELEBA and $FACES.
"""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.findings.results import FOLDER, short, write
from cae.config import DataConfig, RunConfig, config_hash, from_flat
from cae.datasets import ImageSet, load
from cae.datasets.sources import open_source
from metrics.catalog import HEADLINES
from sweeps.pipeline.compute import untrained
from sweeps.pipeline.controls import CONTROLS, HELD_OUT, gains, measure_controls

VARIABLES = {"celeba": "CELEBA", "folder": "FACES"}
# Of scores from 0 to 1 in bfloat16, which processors round in ways of their own.
TOLERANCE = 0.002


def complete(file: Path) -> int:
    """How many runs of a file of results were completed. Raises ValueError where what is published comes out
    otherwise; the runs before it are kept."""
    content = json.loads(file.read_text(encoding="utf-8"))
    missing = [cell for cell in content["cells"] if not _is_complete(cell)]
    try:
        for number, cell in enumerate(missing):
            cell |= completed(cell)
            print(f"{file.stem}: {number + 1} of {len(missing)}", flush=True)
    finally:
        write(file, content)
    return len(missing)


def _is_complete(cell: dict[str, Any]) -> bool:
    # What a run's networks, and the images alone, are measured by last.
    latest = (f"control/untrained/{HELD_OUT}{HEADLINES[0]}", "control/untrained/pursuit/ks")
    return "data_digest" in cell and all(name in cell["metrics"] for name in latest)


def completed(cell: dict[str, Any]) -> dict[str, Any]:
    """The digest of a run's images, and its metrics with those of its controls. Raises ValueError."""
    config = _with_places(from_flat(cell["parameters"]))
    images = _images(config.data)
    digest = _recorded_digest(config, images.digest, cell["config_hash"])
    metrics = cell["metrics"] | _before_training(config, images, cell["metrics"])
    return {"data_digest": digest, "metrics": metrics}


def _recorded_digest(config: RunConfig, digest: str, recorded_hash: str) -> str:
    """The digest that the hash was made of: that of the images at hand, or what older versions gave them."""
    former = None if config.data.mixture else open_source(config.data).former
    for each in (digest, former):
        if each is not None and config_hash(config, each) == recorded_hash:
            return each
    raise ValueError(f"{recorded_hash}: the images at hand are not those of this run (digest {digest})")


def _before_training(config: RunConfig, images: ImageSet, published: dict[str, float]) -> dict[str, float]:
    """What is not published of the controls and of what training gained."""
    found = measure_controls(config, images, lambda: untrained(config).encoder).metrics
    for name in (f"control/{control}/{name}" for control in CONTROLS for name in HEADLINES):
        if abs(found[name] - published[name]) > TOLERANCE * max(1, abs(published[name])):
            raise ValueError(
                f"{name} of seed {config.training.seed} is {found[name]:.4f}, published is {published[name]:.4f}"
            )
    added = {name: short(value) for name, value in found.items() if name not in published}
    return added | {name: short(value) for name, value in gains(published | added).items() if name not in published}


@lru_cache(1)
def _images(data: DataConfig) -> ImageSet:
    return load(data)


def _with_places(config: RunConfig) -> RunConfig:
    """The same with the folders of this machine."""
    data = config.data
    mixture = tuple(part.model_copy(update={"path": _place(part.name)}) for part in data.mixture)
    return config.model_copy(update={"data": data.model_copy(update={"path": _place(data.name), "mixture": mixture})})


def _place(name: str) -> str | None:
    return os.environ[VARIABLES[name]] if name in VARIABLES else None


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.json")):
        complete(FOLDER / f"{name}.json")
