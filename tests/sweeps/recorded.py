"""A sweep as `cae run` would have recorded it, pictures included, without any training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mlflow.entities import Metric
from PIL import Image

from cae import faces
from cae.config import SAMPLING
from sweeps import tracking

SIZE = 32


def artifacts(folder: Path) -> Path:
    """A run's artifacts, as far as reports look at them: sheets of noise, two plots, `result.json`."""
    pictures = np.random.default_rng(0).integers(0, 256, (32, SIZE, SIZE, 3), dtype=np.uint8)
    for method in SAMPLING:
        faces.save_png(faces.grid(pictures, method, "words"), folder / "faces" / f"{method}.png")
    sheet = faces.pairs(pictures, 255 - pictures, "reconstruction", "words")
    faces.save_png(sheet, folder / "faces" / "reconstruction.png")
    (folder / "plots").mkdir()
    for name in ("contours", "radii"):
        Image.new("RGB", (1170, 858), "white").save(folder / "plots" / f"{name}.png")
    result = {"images": {"train": 1617, "held_out": 180, "report": "1,797 images"}, "versions": {"keras": "3.15.1"}}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return folder


def log_pictures(sweep: str, folder: Path, without: Sequence[str] = ()) -> None:
    """Gives every run of a sweep the artifacts in `folder` and core profiles. without: run ids that get none."""
    client = tracking.client()
    for record in tracking.records(sweep).values():
        if record.run_id not in without:
            client.log_artifacts(record.run_id, str(folder))
            curves = [
                Metric(f"mnd/core/{name}{end}", 0.9 + share / 1000, 0, share)
                for name in ("radius_agreement", "contour_agreement")
                for end in ("", "_null")
                for share in (50, 75, 100)
            ]
            client.log_batch(record.run_id, metrics=curves)
