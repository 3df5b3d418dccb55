"""Replicates trained together are those trained alone. Run by tests/end_to_end/test_jax.py."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from cae.checkpoints import newest_epoch
from cae.config import ModelConfig, TrainingConfig
from cae.convolutional import build_autoencoder
from cae.datasets.imageset import ImageSet
from cae.loops.feed import Feed
from cae.model import Autoencoder
from cae.training import Progress, train

on_jax = pytest.mark.skipif(keras.config.backend() != "jax", reason="needs KERAS_BACKEND=jax")
SEEDS = (3, 4, 5)


def network(seed: int) -> Autoencoder:
    keras.utils.set_random_seed(seed)
    return build_autoencoder(ModelConfig(maps=(4, 8), latent_dim=4, batch_norm=True, dropout=0.1), 32)


def configs(**more: object) -> list[TrainingConfig]:
    return [TrainingConfig(**{"epochs": 3, "batch_size": 32, "flips": True, "seed": seed} | more) for seed in SEEDS]


@on_jax
@pytest.mark.parametrize("room", [None, 0], ids=["resident", "streamed"])
def test_each_is_trained_as_alone(blobs: ImageSet, tmp_path: Path, room: int | None) -> None:
    from cae.replicates import train_together

    models, folders, told = [network(seed) for seed in SEEDS], [tmp_path / f"{seed}" for seed in SEEDS], []
    feed = Feed(blobs.images, room or len(blobs.images.tobytes()) if room is None else 0, 3 * 32 * 32 * 32 * 3)
    found = list(train_together(models, blobs, configs(), folders, told.append, feed))
    assert [(k, epoch.epoch) for k, epoch in found] == [(k, e) for e in (1, 2, 3) for k in (2, 1, 0)]
    assert [newest_epoch(folder) for folder in folders] == [3, 3, 3]
    assert isinstance(told[-1], Progress)
    for k, (seed, config) in enumerate(zip(SEEDS, configs(), strict=True)):
        alone = network(seed)
        epochs = list(train(alone, blobs, config, tmp_path / f"alone-{seed}"))
        together = [epoch for which, epoch in found if which == k]
        for one, other in zip(together, epochs, strict=True):
            assert one.loss == pytest.approx(other.loss, abs=5e-5)
            assert one.held_out_loss == pytest.approx(other.held_out_loss, abs=5e-5)
        first, ours, theirs = (flat(model) for model in (network(seed), models[k], alone))
        assert np.linalg.norm(ours - theirs) <= 1e-3 * np.linalg.norm(theirs - first)


def flat(autoencoder: Autoencoder) -> np.ndarray:
    return np.concatenate([values.ravel() for values in autoencoder.model.get_weights()])


@on_jax
def test_cut_off_they_go_on_together_and_alone(blobs: ImageSet, tmp_path: Path) -> None:
    from cae.replicates import train_together

    folders = [tmp_path / f"{seed}" for seed in SEEDS]
    cut = train_together([network(seed) for seed in SEEDS], blobs, configs(), folders)
    seen = [next(cut) for _ in range(4)]  # the fourth is not kept yet
    cut.close()
    assert [newest_epoch(folder) for folder in folders] == [1, 1, 1]
    assert [(k, epoch.epoch) for k, epoch in seen] == [(2, 1), (1, 1), (0, 1), (2, 2)]
    again = list(train_together([network(seed) for seed in SEEDS], blobs, configs(), folders))
    assert [epoch.epoch for _, epoch in again] == [2, 2, 2, 3, 3, 3]
    last = list(train(network(4), blobs, configs()[1], tmp_path / "alone"))[-1]
    assert again[-2][1].held_out_loss == pytest.approx(last.held_out_loss, abs=5e-5)
    # What has its last epoch has nothing left to do alone.
    assert not list(train(network(4), blobs, configs()[1], folders[1]))


@on_jax
def test_one_that_diverges_leaves_the_others_alone(
    blobs: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cae.loops.jax_loop import StackedLoop
    from cae.replicates import train_together

    losses = iter([[0.7] * 3, [0.6, 0.6, 0.6], [0.5, 99.0, 0.5], [0.5, 0.5, 0.5]])
    monkeypatch.setattr(StackedLoop, "test", lambda *_: np.array(next(losses)))
    folders = [tmp_path / f"{seed}" for seed in SEEDS]
    found = list(train_together([network(seed) for seed in SEEDS], blobs, configs(), folders))
    assert [(k, epoch.epoch) for k, epoch in found] == [(2, 1), (1, 1), (0, 1), (2, 2), (0, 2), (2, 3), (0, 3)]
    assert [newest_epoch(folder) for folder in folders] == [3, 1, 3]


@on_jax
def test_checkpoints_of_different_epochs_are_refused(blobs: ImageSet, tmp_path: Path) -> None:
    from cae.replicates import train_together

    list(train(network(3), blobs, configs(epochs=1)[0], tmp_path / "3"))
    with pytest.raises(ValueError, match=r"different epochs cannot go on together: \[0, 1\]"):
        next(train_together([network(3), network(4)], blobs, configs()[:2], [tmp_path / "3", tmp_path / "4"]))
