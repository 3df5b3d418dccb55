"""A run that another one trained with its own is what it is alone. Run by tests/end_to_end/test_jax.py."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from cae.config import RunConfig
from cae.datasets import data_digest
from cae.training import Epoch, Progress
from sweeps.files import read_json
from sweeps.pipeline.compute import compute
from sweeps.pipeline.folder import read_history

SETTINGS = {
    "data": {"name": "digits", "resolution": 16, "size": 400},
    "model": {"maps": [4, 8], "latent_dim": 4},
    "training": {"epochs": 2, "batch_size": 64},
    "analysis": {"face_detector": False, "judged_faces": 8, "images_per_grid": 4, "contour_pairs": 3},
}


class Heard:
    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.progress: list[int] = []

    def on_step(self, step: str, part: str = "") -> None: ...

    def on_progress(self, p: Progress) -> None:
        self.progress.append(p.epoch)

    def on_epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch.epoch)


def config(seed: int) -> RunConfig:
    return RunConfig.model_validate(SETTINGS | {"training": SETTINGS["training"] | {"seed": seed}})


@pytest.mark.skipif(keras.config.backend() != "jax", reason="needs KERAS_BACKEND=jax")
def test_a_replicate_is_what_it_is_alone(tmp_path: Path) -> None:
    digest = data_digest(config(0).data)
    folders = {name: tmp_path / name for name in ("first", "second", "alone")}
    for folder in folders.values():
        folder.mkdir()
    first, second, alone = Heard(), Heard(), Heard()
    compute(config(0), folders["first"], "t", first, digest, [(config(1), folders["second"])])
    assert first.epochs == [1, 2]
    assert [row["epoch"] for row in read_history(folders["second"])] == [1, 2]
    assert sorted(read_json(folders["second"] / "formation.json")["radius_agreement"]) == ["0", "1", "2"]
    together = compute(config(1), folders["second"], "t", second, digest)
    assert not second.progress  # nothing was left to train
    apart = compute(config(1), folders["alone"], "t", alone, digest)
    assert alone.epochs == [1, 2]
    assert together["metrics"].keys() == apart["metrics"].keys()
    for name in ("mnd/radius_agreement", "mnd/marginal_gaussianity", "mnd/off_origin_distance", "reconstruction/mse"):
        assert together["metrics"][name] == pytest.approx(apart["metrics"][name], rel=1e-3)
