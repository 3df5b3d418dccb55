"""`python -m benchmarks.standin run FILE` is `cae run FILE` with a training that only pretends.

All else is real: processes, locks, leases, the record, files. It shows what the framework itself costs and survives,
without the minutes that trainings take. $STANDIN_SECONDS: length of an epoch. $STANDIN_HOLD: a file; while it is there,
no epoch after the third begins. $STANDIN_TEMPLATE: folder of a real run, whose files each pretended run copies, so that
as much is recorded as by a real one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image

from sweeps.cli import main
from sweeps.execution.task import LaunchOptions
from sweeps.files import read_json, write_json


@dataclass(frozen=True)
class Epoch:
    """The fields of `cae.training.Epoch`, without importing TensorFlow."""

    epoch: int
    loss: float
    held_out_loss: float
    images_per_second: float


METRICS = {
    "mnd/radius_agreement": 0.9,
    "reconstruction/bce": 0.5,
    "reconstruction/mse": 0.01,
    "reconstruction/ssim": 0.8,
}
LEFT_OUT = shutil.ignore_patterns(
    "checkpoints", "progress.json", "config.json", "result.json", "history.json", "log.txt"
)


def compute(
    config: Any, folder: Path, title: str, callbacks: Any, digest: str, replicates: Sequence[Any] = ()
) -> dict[str, Any]:
    """Does as `sweeps.pipeline.compute.compute`: epochs from where it was cut off, files, at last `result.json`."""
    from sweeps.pipeline.folder import append_history, read_history

    done = read_json(folder / "result.json")
    if done is not None:
        return dict(done)
    write_json(folder / "config.json", config.model_dump(mode="json"))
    callbacks.on_step("train")
    for epoch in range(len(read_history(folder)) + 1, config.training.epochs + 1):
        _wait(epoch)
        callbacks.on_progress(SimpleNamespace(epoch=epoch, done=1, total=1, loss=0.5, images_per_second=100.0))
        finished: Any = Epoch(epoch, 0.5 / epoch, 0.6 / epoch, 100.0)
        _checkpoint(folder / "checkpoints", epoch)
        append_history(folder, finished)
        callbacks.on_epoch(finished)
    callbacks.on_step("draw")
    result = _files(folder)
    write_json(folder / "result.json", result | {"data_digest": digest})
    return result | {"data_digest": digest}


def _wait(epoch: int) -> None:
    time.sleep(float(os.environ.get("STANDIN_SECONDS", "0")))
    while epoch > 3 and os.path.exists(os.environ.get("STANDIN_HOLD", "")):
        time.sleep(0.02)


def _checkpoint(folder: Path, epoch: int) -> None:
    """The file that a training would go on from, without weights: what is kept and what is removed can be seen."""
    folder.mkdir(exist_ok=True)
    for older in folder.iterdir():
        older.unlink()
    (folder / f"epoch-{epoch:05d}.weights.h5").touch()


def _files(folder: Path) -> dict[str, Any]:
    template = os.environ.get("STANDIN_TEMPLATE")
    if template:
        shutil.copytree(template, folder, ignore=LEFT_OUT, dirs_exist_ok=True)
        return dict(read_json(Path(template) / "result.json"))
    for name in ("faces", "previews"):
        (folder / name).mkdir(exist_ok=True)
        Image.new("RGB", (64, 64)).save(folder / name / "mnd.png")
    images = {"train": 90, "held_out": 10, "report": "100 images"}
    return {"metrics": METRICS, "steps": {}, "omitted": {}, "seconds": {"train": 0.0}, "images": images}


if __name__ == "__main__":
    # By its name, which the workers' processes can import.
    main(obj=LaunchOptions(compute="benchmarks.standin:compute"))
