"""Weights and optimizer of a training on disk: of its newest epoch, and of its best one."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import keras


def save(model: keras.Model, folder: Path, epoch: int) -> None:
    """Writes weights and optimizer state after `epoch`, whole or not at all, and drops older checkpoints."""
    older = [path for path in folder.glob("epoch-*.weights.h5") if path.name != _file(epoch)]
    _save_weights(model, folder / _file(epoch))
    for path in older:
        path.unlink(missing_ok=True)


def _file(epoch: int) -> str:
    return f"epoch-{epoch:05d}.weights.h5"


def _save_weights(model: keras.Model, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name("unfinished.weights.h5")
    model.save_weights(unfinished, overwrite=True)
    os.replace(unfinished, path)


def restore(model: keras.Model, folder: Path) -> int:
    """Loads the newest checkpoint of a compiled model and returns its epoch; 0 where there is none."""
    epoch = newest_epoch(folder)
    if epoch:
        model.load_weights(folder / _file(epoch))
    return epoch


def newest_epoch(folder: Path) -> int:
    """Of the checkpoints in a folder; 0 where there is none."""
    newest = max(folder.glob("epoch-*.weights.h5"), default=None)
    return int(newest.name.split(".")[0].removeprefix("epoch-")) if newest else 0


# --- the best epoch --------------------------------------------------------------------------------------------------

BEST, BEST_LOSS = "best.weights.h5", "best.json"


@dataclass(frozen=True)
class Best:
    """The epoch of the lowest held-out loss so far."""

    epoch: int
    loss: float


def save_best(model: keras.Model, folder: Path, best: Best) -> Best:
    """Writes weights and which epoch they are of. Killed in between, that epoch is repeated, and so is this."""
    _save_weights(model, folder / BEST)
    unfinished = folder / f"unfinished-{BEST_LOSS}"
    unfinished.write_text(json.dumps(asdict(best)), encoding="utf-8")
    os.replace(unfinished, folder / BEST_LOSS)
    return best


def read_best(folder: Path) -> Best | None:
    """What `save_best` wrote; None where there is none."""
    path = folder / BEST_LOSS
    return Best(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
